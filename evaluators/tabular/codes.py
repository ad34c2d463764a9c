"""Columns as numbers: floats with NaN for missing values, integer codes for categories and bins."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BINS = 10
# Squares of such numbers have room in float64 and the numbers themselves in float32, which learners and distances use.
LARGEST = 1e30


def numbers(column: pd.Series) -> NDArray[np.float64]:
    """The values of an integer or real column, NaN where one is missing; shape (rows,).

    Numbers beyond ±`LARGEST`, which a broken generator may write and no metric needs to tell apart, count as that.
    """
    return np.clip(column.to_numpy(dtype="float64", na_value=np.nan), -LARGEST, LARGEST)


def category_codes(real: pd.Series, synthetic: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Codes that both columns share, and how many there are; a missing value has a code of its own."""
    codes, labels = pd.factorize(pd.concat([real, synthetic], ignore_index=True), use_na_sentinel=False)
    codes = codes.astype(np.int64)
    return codes[: len(real)], codes[len(real) :], len(labels)


def bin_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges of `BINS` equal-width bins over the values that are present; shape (BINS + 1,)."""
    return np.histogram_bin_edges(values[~np.isnan(values)], bins=BINS)


def open_bin_codes(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bins 0..BINS-1 whose outer two are open-ended; a missing value has the code BINS."""
    codes = np.searchsorted(edges[1:-1], values, side="right").astype(np.int64)
    return np.where(np.isnan(values), BINS, codes)


def closed_bin_codes(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Half-open bins 1..BINS; the last edge, anything beyond it and a missing value have BINS + 1."""
    return np.searchsorted(edges, values, side="right").astype(np.int64)


def compact(
    real: NDArray[np.int64], synthetic: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """The same codes without gaps where there are more codes than rows, so that counts stay small."""
    if size <= len(real) + len(synthetic):
        return real, synthetic, size
    used, codes = np.unique(np.concatenate([real, synthetic]), return_inverse=True)
    return codes[: len(real)], codes[len(real) :], len(used)
