"""What a metric says of a damage: sees it, is blind to it, takes it for an improvement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.calibrate.measure import Reading

Finding = Literal["sees", "out of order", "blind", "flattered", "undefined"]
# One-sided, for one comparison of two levels; a matrix holds hundreds of them.
LEVEL = 0.005
ROUNDING = 1e-9


@dataclass(frozen=True)
class Verdict:
    """A reading judged.

    Args:
        reading: what was measured.
        finding: `sees` (the largest damage scores clearly worse than none, and no level clearly better
            than a smaller one), `out of order` (clearly worse, but such a level there is), `blind`
            (neither worse nor better), `flattered` (the largest damage scores clearly better) or `undefined`.
        sees_from: label of the smallest level from which on all score clearly worse; empty where there is none.
        means: of each level, the undamaged first.
        errors: standard error of each mean.
        change: of the mean from no to the largest damage, in standard deviations of the undamaged score;
            positive means worse, NaN where that does not vary.
    """

    reading: Reading
    finding: Finding
    sees_from: str
    means: tuple[float, ...]
    errors: tuple[float, ...]
    change: float


def judge(reading: Reading) -> Verdict:
    """Judge by Student's t-test on the differences within a seed, whose train and test records are the same."""
    values = [np.array(level, dtype=np.float64) for level in reading.values]
    means = tuple(float(level.mean()) for level in values)
    errors = tuple(float(level.std(ddof=1) / np.sqrt(len(level))) if len(level) > 1 else np.nan for level in values)
    # from here on more is worse
    badness = [-level if reading.higher_is_better else level for level in values]
    fresh, top = badness[0], badness[-1]
    if not (np.isfinite(fresh).all() and np.isfinite(top).all()):
        return Verdict(reading, "undefined", "", means, errors, float("nan"))
    worse = [clearly_above(level, fresh) for level in badness[1:]]
    from_here = [all(worse[place:]) for place in range(len(worse))]
    sees_from = reading.labels[1 + from_here.index(True)] if any(from_here) else ""
    finding: Finding = "blind"
    if worse[-1]:
        pairs = [(low, high) for place, high in enumerate(badness) for low in badness[:place]]
        finding = "out of order" if any(clearly_above(low, high) for low, high in pairs) else "sees"
    elif clearly_above(fresh, top):
        finding = "flattered"
    spread = fresh.std(ddof=1)
    change = float((top.mean() - fresh.mean()) / spread) if spread > 0 else float("nan")
    return Verdict(reading, finding, sees_from, means, errors, change)


def clearly_above(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """Whether `first` exceeds `second` seed by seed, beyond what the spread of the differences explains."""
    difference = first - second
    if not np.isfinite(difference).all():
        return False
    # differences that are equal but for rounding have no spread to be judged by
    if np.ptp(difference) <= ROUNDING * max(np.abs(first).max(), np.abs(second).max()):
        return bool(difference[0] > ROUNDING * np.abs(first).max())
    return bool(stats.ttest_1samp(difference, 0.0, alternative="greater").pvalue < LEVEL)
