"""From grades and choices to scores: means with their errors, win rate, and the bias of the position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.tool.judge.questions import ASPECTS, Choice

# What the synthetic definition gets from a verdict, by its place.
POINTS: tuple[dict[Choice, float], ...] = (
    {"first": 1.0, "tie": 0.5, "second": 0.0},
    {"first": 0.0, "tie": 0.5, "second": 1.0},
)


@dataclass(frozen=True)
class Estimate:
    """A mean, its standard error (NaN of fewer than two values) and how many values there were."""

    value: float
    stderr: float
    n: int


def mean(values: Sequence[float] | NDArray[np.float64]) -> Estimate:
    """Mean of independent values; NaN without any."""
    n = len(values)
    error = float(np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else np.nan
    return Estimate(float(np.mean(values)) if n else np.nan, error, n)


def summarise_grades(grades: Sequence[dict[str, float] | None]) -> tuple[Estimate, dict[str, Any]]:
    """Mean over the aspects of a definition, then over definitions; and the same for each aspect."""
    found = [grade for grade in grades if grade is not None]
    aspects = {name: mean([grade[name] for grade in found]) for name in ASPECTS}
    details = {name: {"mean": one.value, "stderr": one.stderr} for name, one in aspects.items()}
    return mean([float(np.mean(list(grade.values()))) for grade in found]), details


@dataclass(frozen=True)
class Preference:
    """Verdicts on pairs of a synthetic and a real definition, each pair judged in both orders.

    Args:
        win_rate: share of points in percent: a win 1, a tie 1/2; standard error over pairs, since the two
            verdicts on a pair are not independent.
        flips: percent of pairs on which the two orders disagree.
        counts: wins, ties and losses of the synthetic ones, how often the first place won, and pairs left
            out because one of their verdicts could not be read.
    """

    win_rate: Estimate
    flips: Estimate
    counts: dict[str, int]


def summarise_choices(pairs: Sequence[tuple[Choice | None, Choice | None]]) -> Preference:
    """What pairs of verdicts say.

    Args:
        pairs: on each pair, with the synthetic definition in the first place, then in the second.
    """
    whole = [(first, second) for first, second in pairs if first is not None and second is not None]
    points = np.array([[POINTS[0][first], POINTS[1][second]] for first, second in whole]).reshape(len(whole), 2)
    seen = Counter(points.ravel().tolist())
    counts = {
        "wins": seen[1.0],
        "ties": seen[0.5],
        "losses": seen[0.0],
        "first_place_wins": sum(choice == "first" for pair in whole for choice in pair),
        "pairs": len(whole),
        "pairs_left_out": len(pairs) - len(whole),
    }
    return Preference(mean(100 * points.mean(axis=1)), mean(100.0 * (points[:, 0] != points[:, 1])), counts)
