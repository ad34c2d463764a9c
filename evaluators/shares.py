"""Scores that are a share of records in percent, and which records are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluators.base import Score
from evaluators.tabular.codes import category_codes


def share_score(
    metric: str, flags: NDArray[np.bool_], higher_is_better: bool, details: dict[str, Any] | None = None
) -> Score:
    """100 times the share of flagged records, with the binomial standard error; NaN without a record."""
    n = len(flags)
    if n == 0:
        return Score(metric, np.nan, np.nan, higher_is_better, "harness", 1, 0, {"reason": "there are no records"})
    share = float(flags.mean())
    error = 100 * np.sqrt(share * (1 - share) / n)
    return Score(metric, 100 * share, float(error), higher_is_better, "harness", 1, n, details or {})


def record_numbers(real: pd.DataFrame, synthetic: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A number for each record; two records have the same exactly where all their columns are equal.

    A missing value equals a missing value. No hash is involved, so there are no false copies.
    """
    numbers = np.zeros(len(real) + len(synthetic), dtype=np.int64)
    for name in real.columns:
        real_codes, synthetic_codes, size = category_codes(real[name], synthetic[name])
        joint = numbers * size + np.concatenate([real_codes, synthetic_codes])
        numbers = np.unique(joint, return_inverse=True)[1]
    return numbers[: len(real)], numbers[len(real) :]


def repeats(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which records say again what an earlier record of the sample says."""
    again = np.ones(len(numbers), dtype=bool)
    again[np.unique(numbers, return_index=True)[1]] = False
    return again
