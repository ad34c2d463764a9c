"""No records, however odd, end the evaluation: a score is a number, or says why it is none."""

import math

import numpy as np
import pandas as pd
import pytest

from bench.frames import conform
from bench.records import Column, Schema
from evaluators.tabular import mle_published
from evaluators.tabular.mle import MachineLearningEfficiency

EVERYTHING = {
    "protocols": ("harness", "tabsyn", "difflm"),
    "trials": 2,
    "maximum_trees": 5,
    "bootstrap_draws": 3,
    "repetitions": 2,
    "real_percents": (0, 50, 100),
    "augmentation": True,
    "workers": 1,
}
ODD = {
    "one row": lambda frame: frame.head(1),
    "five rows": lambda frame: frame.head(5),
    "twelve rows": lambda frame: frame.head(12),
    "one row again and again": lambda frame: frame.iloc[[3] * 40],
    "two rows again and again": lambda frame: frame.iloc[[3, 4] * 20],
    "one class": lambda frame: frame.assign(label=frame["label"].iloc[0]),
    "a class with one record": lambda frame: frame.assign(label=["rare", *frame["label"][1:]]),
    "a class a record": lambda frame: frame.assign(label=[f"c{i}" for i in range(len(frame))]),
    "no target": lambda frame: frame.assign(label=None),
    "one target": lambda frame: frame.assign(label=[frame["label"].iloc[0], *[None] * (len(frame) - 1)]),
    "other classes": lambda frame: frame.assign(label=frame["label"] + "!"),
    "a class more": lambda frame: frame.assign(label=np.where(frame["colour"] == "red", "third", frame["label"])),
    "no features": lambda frame: frame.assign(size=1.0, rooms=1, colour="red"),
    "one number that varies": lambda frame: frame.assign(rooms=1, colour="red"),
    "one category that varies": lambda frame: frame.assign(size=1.0, rooms=1),
    "all numbers missing": lambda frame: frame.assign(size=np.nan, rooms=None),
    "all categories missing": lambda frame: frame.assign(colour=None),
    "a category a record": lambda frame: frame.assign(colour=[f"v{i}" for i in range(len(frame))]),
    "huge numbers": lambda frame: frame.assign(size=frame["size"] * 1e300, rooms=2**62),
}


def check(data, synthetic):
    scores = MachineLearningEfficiency(**EVERYTHING).evaluate(data, synthetic)
    for score in scores:
        assert score.details.get("reason") if math.isnan(score.value) else math.isfinite(score.value)
    names = {(score.protocol, score.metric) for score in scores}
    assert len(names) == len(scores)
    return {name for name in names if not name[1].endswith("f1")}  # named by the number of classes


@pytest.fixture(autouse=True)
def small_grid(monkeypatch):
    monkeypatch.setattr(mle_published, "BOOSTERS", mle_published.BOOSTERS[:1])


@pytest.mark.parametrize("where", ["synthetic", "train", "test"])
@pytest.mark.parametrize("name", ODD)
def test_odd_records(make_dataset, mixed, mixed_schema, name, where):
    frames = {"synthetic": mixed(80, 0), "train": mixed(60, 1), "test": mixed(50, 2)}
    usual = {("harness", "xgboost_auc"), ("tabsyn", "xgboost_auc"), ("difflm", "xgboost_accuracy")}
    frames[where] = conform(ODD[name](frames[where]), mixed_schema)
    found = check(make_dataset(frames["train"], frames["test"]), frames["synthetic"])
    assert usual <= found
    assert len(found) == 6 + 1 + 4 + 2 * 2


@pytest.mark.parametrize("target", [np.nan, 5.0, -3.0, "varies", "huge"])
@pytest.mark.parametrize("log", [False, True])
def test_odd_regressions(make_dataset, target, log):
    schema = Schema((Column("x", "real"), Column("c", "categorical"), Column("y", "real")), "y", "regression", log)
    rng = np.random.default_rng(0)
    frames = []
    for rows in (60, 50, 40):
        frame = pd.DataFrame({"x": rng.normal(size=rows), "c": rng.choice(["a", "b"], rows)})
        frames.append(frame.assign(y=frame["x"] * 1e3))
    numbers = {"varies": frames[0]["y"], "huge": frames[0]["x"] * 1e300}
    odd = frames[0].assign(y=numbers.get(target, target))
    for synthetic, train, test in (odd, *frames[1:]), (frames[1], odd, frames[2]), (frames[1], frames[2], odd):
        data = make_dataset(train, test, schema=schema)
        found = check(data, conform(synthetic, schema))
        assert len(found) == 3 * 2 + 1 + 4 + 2 * 2
