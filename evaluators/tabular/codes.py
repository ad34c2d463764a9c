"""Columns as numbers: floats with NaN for missing values, integer codes for categories and bins."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BINS = 10
# real codes, synthetic codes, how many there are
Codes = tuple[NDArray[np.int64], NDArray[np.int64], int]
# Squares of such numbers have room in float64 and the numbers themselves in float32, which learners and distances use.
LARGEST = 1e30


def numbers(column: pd.Series) -> NDArray[np.float64]:
    """The values of an integer or real column, NaN where one is missing; shape (rows,).

    Numbers beyond ±`LARGEST`, which a broken generator may write and no metric needs to tell apart, count as that.
    """
    return np.clip(column.to_numpy(dtype="float64", na_value=np.nan), -LARGEST, LARGEST)


def category_codes(real: pd.Series, synthetic: pd.Series) -> Codes:
    """Codes that both columns share, and how many there are; a missing value has a code of its own."""
    codes, labels = pd.factorize(pd.concat([real, synthetic], ignore_index=True), use_na_sentinel=False)
    codes = codes.astype(np.int64)
    return codes[: len(real)], codes[len(real) :], len(labels)


def bin_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges of `BINS` equal-width bins over the values that are present; shape (BINS + 1,).

    Those of numpy's histogram, which refuses values that are too close for ten bins.
    """
    present = values[~np.isnan(values)]
    if len(present) == 0:
        return np.linspace(0.0, 1.0, BINS + 1)
    low, high = float(present.min()), float(present.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, BINS + 1)


def within_unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each column divided by a power of two, which changes no digit, so that it lies within -1..1; NaN stays."""
    exponent = np.frexp(np.nanmax(np.abs(values), axis=0, initial=0.0))[1]
    return np.ldexp(values, -exponent)


def open_bin_codes(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bins 0..BINS-1 whose outer two are open-ended; a missing value has the code BINS."""
    codes = np.searchsorted(edges[1:-1], values, side="right").astype(np.int64)
    return np.where(np.isnan(values), BINS, codes)


def closed_bin_codes(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Half-open bins 1..BINS; the last edge, anything beyond it and a missing value have BINS + 1."""
    return np.searchsorted(edges, values, side="right").astype(np.int64)


def joint_codes(first: Codes, second: Codes) -> Codes:
    """One code for each pair of codes, without gaps where there are more pairs than rows."""
    size = first[2] * second[2]
    real, synthetic = (a * second[2] + b for a, b in zip(first[:2], second[:2], strict=True))
    return compact(real, synthetic, size)


def compact(real: NDArray[np.int64], synthetic: NDArray[np.int64], size: int) -> Codes:
    """The same codes without gaps where there are more codes than rows, so that counts stay small."""
    if size <= len(real) + len(synthetic):
        return real, synthetic, size
    used, codes = np.unique(np.concatenate([real, synthetic]), return_inverse=True)
    return codes[: len(real)], codes[len(real) :], len(used)
