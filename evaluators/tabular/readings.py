"""What a measure of privacy says in plain words, and the standard errors that decide it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.base import Score

# A difference of fewer standard errors is none, at the 95 % level.
DECISIVE = 1.96

CLOSER = "closer to train than held-out rows are: memorises"
NOT_CLOSER = "no closer to train than held-out rows are"
FARTHER = "farther from train than held-out rows are: nothing is memorised, but real rows are not reached either"


def reading(excess: float, error: float, leak: str, none: str, opposite: str | None = None) -> str:
    """The words for a measure that exceeds its leak-free value by `excess`; an unknown error decides nothing."""
    # a difference without any spread, such as 100 % copies against none, is decided as well
    if not abs(excess) > DECISIVE * error:
        return none
    return leak if excess > 0 else opposite or none


def quantile_and_error(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    """A quantile and its standard error from the order statistics (Woodruff 1952, JASA 47(260))."""
    n = len(values)
    if n == 0:
        return np.nan, np.nan
    spread = np.sqrt(level * (1 - level) / n)
    low, value, high = np.quantile(values, np.clip([level - spread, level, level + spread], 0, 1))
    return float(value), float((high - low) / 2) if n > 1 else np.nan


def share_and_error(flags: NDArray) -> tuple[float, float]:
    """The mean of flags (or halves) in percent and its standard error; NaN without a row."""
    n = len(flags)
    if n == 0:
        return np.nan, np.nan
    return 100 * float(flags.mean()), 100 * float(flags.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan


def known(value: float) -> float | None:
    """A number for score details, None where it is not defined."""
    return float(value) if np.isfinite(value) else None


def undefined(metric: str, protocol: str, higher_is_better: bool, n: int, reason: str, version: int = 1) -> Score:
    return Score(metric, np.nan, np.nan, higher_is_better, protocol, version, n, {"reason": reason})


def beside_holdout(found: tuple[float, float], holdout: tuple[float, float], leak_is_high: bool) -> dict[str, Any]:
    """Score details: the same measure of held-out rows, and the reading of the difference."""
    excess = found[0] - holdout[0] if leak_is_high else holdout[0] - found[0]
    error = float(np.hypot(found[1], holdout[1]))
    return {
        "holdout": known(holdout[0]),
        "holdout_stderr": known(holdout[1]),
        "reading": reading(excess, error, CLOSER, NOT_CLOSER, FARTHER),
    }
