"""Rows of a table as points, and the distances between them that privacy and coverage are measured by.

A distance is a sum over columns. A number costs a function of its difference in units of the range
of the train rows, a category costs `mismatch` where two labels differ. A missing value is a
category of its own, also of a number, and so is a number that never varies in train.

| metric      | a number costs   | a mismatch costs | published as                                       |
|-------------|------------------|------------------|----------------------------------------------------|
| `TABSYN`    | the difference   | 2                | L1 on one-hot rows (Zhang et al. 2024)             |
| `SDMETRICS` | the same, 1 most | 1                | DCR of SDMetrics, there divided by the columns     |
| `SQUARED`   | its square       | 2                | squared Euclidean distance of one-hot rows         |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.records import Schema
from evaluators.tabular.codes import numbers

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """How columns add up to a distance."""

    difference: Literal["absolute", "clipped", "squared"]
    mismatch: float


TABSYN = Metric("absolute", 2.0)
SDMETRICS = Metric("clipped", 1.0)
SQUARED = Metric("squared", 2.0)


@dataclass(frozen=True)
class Points:
    """Rows as the distance sees them, column by column.

    Numbers keep their own units until two of them are subtracted, so that equal differences of
    whole numbers stay equal to the last bit and ties are ties.

    Args:
        numbers: shape (numeric columns, rows); NaN for a missing one.
        codes: shape (categories, rows), small unsigned integers; whether a number is missing is one too.
        scale: one over the range of each numeric column; shape (numeric columns,).
    """

    numbers: Array
    codes: NDArray[np.unsignedinteger]
    scale: Array

    def __len__(self) -> int:
        return self.numbers.shape[1]

    def __getitem__(self, rows: slice | NDArray) -> Points:
        return Points(self.numbers[:, rows], self.codes[:, rows], self.scale)


def encode(schema: Schema, train: pd.DataFrame, *frames: pd.DataFrame) -> list[Points]:
    """Each frame as points; `train` says what the range of a number is."""
    sizes = np.cumsum([len(frame) for frame in frames])[:-1]
    values, codes, scales = [], [], []
    for column in schema.columns:
        parts = [frame[column.name] for frame in frames]
        if not column.numeric:
            codes.append(pd.factorize(pd.concat(parts, ignore_index=True), use_na_sentinel=False)[0])
            continue
        known = numbers(train[column.name])
        known = known[~np.isnan(known)]
        low, high = known.min(initial=np.inf), known.max(initial=-np.inf)
        number = np.concatenate([numbers(part) for part in parts])
        if not high > low:
            codes.append(pd.factorize(number, use_na_sentinel=False)[0])
            continue
        values.append(number - low)
        scales.append(1 / (high - low))
        if np.isnan(number).any():
            codes.append(np.isnan(number))
    rows = sum(len(frame) for frame in frames)
    table = np.array(codes, dtype=np.int64).reshape(len(codes), rows)
    small = table.astype(np.min_scalar_type(int(table.max(initial=0))))
    whole = Points(np.array(values).reshape(len(values), rows), small, np.array(scales))
    return [whole[part] for part in np.split(np.arange(rows), sizes)]


def distances(first: Points, second: Points, metric: Metric) -> Array:
    """All pairs, shape (first, second); equal rows have distance 0 and the order of a pair does not matter."""
    return number_costs(first, second, metric) + metric.mismatch * mismatches(first, second)


def number_costs(first: Points, second: Points, metric: Metric) -> Array:
    """The part of the distances that is due to numbers; shape (first, second)."""
    total = np.zeros((len(first), len(second)))
    part = np.empty_like(total)
    for a, b, scale in zip(first.numbers, second.numbers, first.scale, strict=True):
        np.subtract(a[:, None], b, out=part)
        add_cost(part, scale, metric, total)
    return total


def paired_distances(first: Points, second: Points, metric: Metric) -> Array:
    """Row by row, to the bit as `distances` has them; shape (rows,)."""
    total = np.zeros(len(first))
    for a, b, scale in zip(first.numbers, second.numbers, first.scale, strict=True):
        add_cost(a - b, scale, metric, total)
    total += metric.mismatch * np.count_nonzero(first.codes != second.codes, axis=0)
    return total


def add_cost(difference: Array, scale: float, metric: Metric, total: Array) -> None:
    """Add what a difference in a number costs, in place; nothing where a number is missing."""
    np.multiply(difference, scale, out=difference)
    if metric.difference == "squared":
        np.multiply(difference, difference, out=difference)
    else:
        np.abs(difference, out=difference)
    if metric.difference == "clipped":
        np.minimum(difference, 1.0, out=difference)
    # NaN, the difference to a missing number, becomes 0
    np.fmax(difference, 0.0, out=difference)
    np.add(total, difference, out=total)


def mismatches(first: Points, second: Points) -> NDArray[np.unsignedinteger]:
    """In how many categories each pair differs; shape (first, second)."""
    shape = len(first), len(second)
    different = np.empty(shape, dtype=bool)
    count = np.zeros(shape, dtype=np.min_scalar_type(len(first.codes)))
    for a, b in zip(first.codes, second.codes, strict=True):
        np.not_equal(a[:, None], b, out=different)
        np.add(count, different, out=count)
    return count
