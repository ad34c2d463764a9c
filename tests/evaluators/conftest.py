"""Small hand-made datasets for the tests of evaluators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bench.frames import conform
from bench.records import Column, Dataset, Schema, Source

MIXED = Schema(
    (
        Column("size", "real"),
        Column("rooms", "integer"),
        Column("colour", "categorical"),
        Column("label", "categorical"),
    ),
    target="label",
    task="classification",
)


def mixed_records(rows: int, seed: int, noise: float = 1.0) -> pd.DataFrame:
    """A label that depends on every feature; gaps in `rooms` and `colour`."""
    rng = np.random.default_rng(seed)
    colour = rng.choice(["red", "green", "blue"], p=[0.6, 0.3, 0.1], size=rows)
    size = rng.normal(0, 1, rows) + (colour == "red")
    rooms = rng.poisson(2 + np.abs(size))
    score = 1.5 * size - 0.5 * rooms + (colour == "blue") + noise * rng.normal(0, 1, rows)
    frame = pd.DataFrame({"size": size, "rooms": rooms, "colour": colour, "label": np.where(score > 0, "yes", "no")})
    frame["rooms"] = frame["rooms"].astype("Int64").mask(rng.random(rows) < 0.1)
    frame["colour"] = frame["colour"].mask(rng.random(rows) < 0.05)
    return conform(frame, MIXED)


@pytest.fixture
def make_dataset():
    def build(train, test=None, schema=MIXED, family="tabular", validation=None):
        empty = train.iloc[:0]
        return Dataset(
            "hand",
            family,
            schema,
            conform(train, schema),
            conform(empty if validation is None else validation, schema),
            conform(empty if test is None else test, schema),
            "harness",
            0,
            Source("demo"),
            "digest",
        )

    return build


@pytest.fixture
def mixed():
    return mixed_records


@pytest.fixture
def mixed_schema():
    return MIXED
