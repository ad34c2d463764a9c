"""What a generator promises, one check a promise. A broken promise is an AssertionError that says which."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bench.condition import check_where, matches
from bench.conformance.tables import Case
from bench.errors import BenchError
from bench.frames import conform, from_frame
from bench.records import Dataset

if TYPE_CHECKING:
    from generators.base import Generator, Sample

RECORDS = 30


@dataclass(frozen=True)
class Subject:
    """A generator on a table.

    Args:
        make: a generator that is not fitted.
        data: the table as a dataset.
        fitted: on it, with seed 0.
        train: the train records as they were before anything was fitted.
    """

    make: Callable[[], Generator]
    data: Dataset
    fitted: Generator
    train: pd.DataFrame

    @classmethod
    def of(cls, make: Callable[[], Generator], case: Case) -> Subject:
        data = from_frame(case.frame, case.target, kinds=case.kinds)
        train = data.train.copy(deep=True)
        return cls(make, data, make().fit(data, seed=0), train)


def draws_what_was_asked_for(subject: Subject) -> None:
    for n in (0, 1, RECORDS):
        sample = subject.fitted.sample(n, seed=1)
        expect(len(sample.records) == n or bool(sample.shortfall), f"{n} were asked for, no shortfall stated", sample)
        expect(len(sample.records) <= n, f"{n} were asked for", sample)
        rejected = sum(sample.rejected.values())
        expect(sample.attempts == len(sample.records) + rejected, f"{rejected} rejected", sample)


def records_are_canonical(subject: Subject) -> None:
    schema, train = subject.data.schema, subject.data.train
    records = subject.fitted.sample(RECORDS, seed=1).records
    expect(list(records.columns) == schema.names, f"columns {list(records.columns)}, not {schema.names}")
    expect(records.equals(conform(records, schema)), "the records change under bench.frames.conform")
    expect(isinstance(records.index, pd.RangeIndex), "the records have no fresh index")
    for name in schema.names:
        if not train[name].isna().any():
            expect(not records[name].isna().any(), f"'{name}' is missing where train never misses it")
    for name in schema.categorical:
        new = set(records[name].dropna()) - set(train[name].dropna())
        expect(not new, f"'{name}' has labels that train never had: {sorted(new)[:3]}")
    for name in schema.numeric:
        expect(bool(np.isfinite(records[name].dropna().to_numpy(float)).all()), f"'{name}' has infinite numbers")


def equal_seeds_give_equal_records(subject: Subject) -> None:
    first = subject.fitted.sample(RECORDS, seed=2).records
    random.seed(7)
    np.random.seed(7)
    expect(first.equals(subject.fitted.sample(RECORDS, seed=2).records), "one seed gave two samples")
    again = subject.make().fit(subject.data, seed=0)
    expect(first.equals(again.sample(RECORDS, seed=2).records), "one seed gave two fits")
    if subject.data.train.nunique(dropna=False).max() > 5:
        others = [subject.fitted.sample(RECORDS, seed=seed).records for seed in (3, 4)]
        expect(not all(first.equals(other) for other in others), "three seeds gave one sample")


def randomness_stays_inside(subject: Subject) -> None:
    # a state that no seed gives, so that seeding shows as well as drawing
    random.random()
    np.random.random(3)
    before = global_state()
    subject.make().fit(subject.data, seed=0).sample(3, seed=0)
    expect(before == global_state(), "the global random state has changed")


def global_state() -> tuple[object, ...]:
    """Of Python's, NumPy's and, where something has imported it, torch's random numbers."""
    numpy = np.random.get_state(legacy=False)
    torch = sys.modules.get("torch")
    state = () if torch is None else (torch.get_rng_state().numpy().tobytes(),)
    return random.getstate(), numpy["state"]["key"].tobytes(), numpy["state"]["pos"], *state


def data_stay_as_they_were(subject: Subject) -> None:
    expect(subject.train.equals(subject.data.train), "the train records have changed")


def a_saved_generator_draws_the_same(subject: Subject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        subject.fitted.save(Path(folder) / "model")
        loaded = type(subject.fitted).load(Path(folder) / "model")
        first, second = (one.sample(RECORDS, seed=5).records for one in (subject.fitted, loaded))
    expect(first.equals(second), "a saved generator draws other records than before")


def conditions_hold_or_are_refused(subject: Subject) -> None:
    train = subject.data.train
    for column in subject.data.schema.columns[:4]:
        value = train[column.name].mode(dropna=True)
        if column.kind not in ("categorical", "integer") or value.empty:
            continue
        try:
            sample = subject.fitted.sample(5, seed=6, where={column.name: value.iloc[0]})
        except BenchError:
            continue
        kept = matches(sample.records, check_where(subject.data.schema, {column.name: value.iloc[0]}))
        expect(bool(kept.all()), f"records do not have {column.name} = {value.iloc[0]}")


def a_generator_that_is_not_fitted_says_so(subject: Subject) -> None:
    try:
        subject.make().sample(1, seed=0)
    except BenchError:
        return
    raise AssertionError("sample before fit is no BenchError")


def expect(holds: bool, otherwise: str, sample: Sample | None = None) -> None:
    """Raise an AssertionError with the reason where something does not hold."""
    if not holds:
        came = "" if sample is None else f"; {len(sample.records)} records of {sample.attempts} attempts came"
        raise AssertionError(otherwise + came)


Check = Callable[[Subject], Any]
CHECKS: tuple[Check, ...] = (
    draws_what_was_asked_for,
    records_are_canonical,
    equal_seeds_give_equal_records,
    randomness_stays_inside,
    data_stay_as_they_were,
    a_saved_generator_draws_the_same,
    conditions_hold_or_are_refused,
    a_generator_that_is_not_fitted_says_so,
)
