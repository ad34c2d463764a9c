"""Damage that a gate must catch, planted in sampled records."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from bench.calibrate.damages import category, drop_label
from bench.frames import conform
from bench.records import Column, Dataset

NOISE = 0.1
# The labels that are dropped: those whose shares are nearest to these.
SHARES = (0.2, 0.1, 0.05)

Plant = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def planted(data: Dataset) -> dict[tuple[str, str], Plant]:
    """(kind of damage, where) -> what plants it in canonical records: noise in every column, dropped labels."""
    damages: dict[tuple[str, str], Plant] = {
        ("noise", column.name): partial(noise, column=column, data=data) for column in data.schema.columns
    }
    for share in SHARES:
        name, label = category(data.train, data.schema, share)
        found = float((data.train[name] == label).mean())
        damages[f"dropped {share:.0%}", f"{name}={label} ({found:.1%})"] = partial(
            drop, name=name, label=label, data=data
        )
    return damages


def noise(records: pd.DataFrame, rng: np.random.Generator, *, column: Column, data: Dataset) -> pd.DataFrame:
    """A tenth of the values of one column become uniform draws from its range, or from its labels."""
    rows = rng.permutation(len(records))[: round(NOISE * len(records))]
    known = data.train[column.name].dropna()
    if column.numeric:
        drawn = rng.uniform(float(known.min()), float(known.max()), size=len(rows))
        if records[column.name].dtype != "float64":
            drawn = np.rint(drawn).astype(np.int64)
    else:
        drawn = rng.choice(np.array(sorted(set(known)), dtype=object), size=len(rows))
    values = records[column.name].copy()
    values.iloc[rows] = pd.Series(drawn).astype(values.dtype).array
    return conform(records.assign(**{column.name: values}), data.schema)


def drop(records: pd.DataFrame, rng: np.random.Generator, *, name: str, label: str, data: Dataset) -> pd.DataFrame:
    """All records with one label give way to other records."""
    return conform(drop_label(records, name, label, 1.0, rng), data.schema)
