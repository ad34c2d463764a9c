"""No evaluator of tables crashes on odd synthetic records, and a score that it cannot state says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bench import registry
from bench.choose import choose
from bench.frames import conform

# What would take long; names and options that are not there are left out.
CHEAP = {"mle": {"trials": 1, "maximum_trees": 10}, "detection": {"trees": 5}}
HOUSE = "evaluators."


def tabular():
    chosen = choose("evaluators", registry.plug_ins("evaluators"), CHEAP)
    return {
        name: one
        for name, one in chosen.items()
        if "tabular" in one.families and one.plug_in.entry.module.startswith(HOUSE)
    }


def some(frame, **columns):
    return frame.assign(**columns)


ODD = {
    "one row": lambda frame: frame.head(1),
    "three rows": lambda frame: frame.head(3),
    "no row": lambda frame: frame.head(0),
    "one class": lambda frame: some(frame, label="yes"),
    "an unseen class": lambda frame: some(frame, label=["maybe", *frame["label"][1:]]),
    "only unseen classes": lambda frame: some(frame, label="maybe"),
    "unseen categories": lambda frame: some(frame, colour="mauve"),
    "a class with a single row": lambda frame: some(frame, label=["yes"] + ["no"] * (len(frame) - 1)),
    "constant columns": lambda frame: frame.iloc[[0] * len(frame)],
    "constant numbers": lambda frame: some(frame, size=0.5, rooms=1),
    "few duplicates": lambda frame: frame.iloc[np.arange(len(frame)) % 3],
    "a missing number column": lambda frame: some(frame, size=np.nan, rooms=None),
    "a missing category column": lambda frame: some(frame, colour=None),
    "a missing target": lambda frame: some(frame, label=None),
    "nothing but gaps": lambda frame: some(frame, size=np.nan, rooms=None, colour=None, label=None),
    "extreme numbers": lambda frame: some(frame, size=np.where(np.arange(len(frame)) % 2, 1e300, -1e300)),
    "the largest number": lambda frame: some(frame, size=np.where(np.arange(len(frame)) % 2, 1.7e308, -1.7e308)),
    "the smallest numbers": lambda frame: some(frame, size=5e-324),
    "extreme whole numbers": lambda frame: some(frame, rooms=[2**62, -(2**62)] * (len(frame) // 2)),
}
REAL = {
    "as usual": lambda train, test: (train, test),
    "no test rows": lambda train, test: (train, test.head(0)),
    "one test row": lambda train, test: (train, test.head(1)),
    "one class in test": lambda train, test: (train, some(test, label="yes")),
    "few train rows": lambda train, test: (train.head(3), test),
    "no train rows": lambda train, test: (train.head(0), test),
    "gaps only in train": lambda train, test: (some(train, size=np.nan, rooms=None, colour=None), test),
}


def check(name, scores, rows):
    for score in scores:
        place = f"{name} {score.metric} ({score.protocol})"
        assert not np.isinf(score.value), place
        assert not np.isinf(score.stderr), place
        assert score.stderr >= 0 or np.isnan(score.stderr), place
        if np.isnan(score.value):
            assert str(score.details.get("reason", "")).strip(), f"{place} gives no reason"
    names = [(score.metric, score.protocol) for score in scores]
    assert len(set(names)) == len(names)


# What differs where the target is a number, or where there is none.
TELLING = ["one row", "few duplicates", "a missing number column", "nothing but gaps", "the largest number"]


@pytest.mark.parametrize("evaluator", tabular())
@pytest.mark.parametrize(
    ("odd", "task"),
    [*((odd, "classification") for odd in ODD), *((odd, task) for odd in TELLING for task in ("regression", None))],
)
def test_odd_synthetic_records(make_dataset, mixed, mixed_schema, evaluator, odd, task):
    target = {"classification": "label", "regression": "size", None: None}[task]
    schema = replace(mixed_schema, target=target, task=task)
    data = make_dataset(mixed(60, seed=0), mixed(30, seed=1), schema=schema, validation=mixed(30, seed=3))
    synthetic = conform(ODD[odd](mixed(40, seed=2)), schema)
    before = synthetic.copy()
    scores = tabular()[evaluator].make().evaluate(data, synthetic, seed=0)
    check(evaluator, scores, len(synthetic))
    pd.testing.assert_frame_equal(synthetic, before)


@pytest.mark.parametrize("evaluator", tabular())
@pytest.mark.parametrize("real", REAL)
def test_odd_real_records(make_dataset, mixed, evaluator, real):
    train, test = REAL[real](mixed(60, seed=0), mixed(30, seed=1))
    data = make_dataset(train, test)
    made = tabular()[evaluator].make()
    check(evaluator, made.evaluate(data, mixed(40, seed=2), seed=0), 40)
    check(evaluator, made.evaluate(data, made.reference_records(data), seed=0), 0)
