"""The sentences that all reports share."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.columns import IDEALS
from leaderboards.gate.verdict import Broken, Comparison, Verdict


def number(value: float) -> str:
    """Three digits after the first that counts, no more than a metric has."""
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4g}"


def headline(verdict: Verdict) -> str:
    found = [counted(len(verdict.regressions), "regression"), counted(len(verdict.broken), "broken part")]
    outcome = "passed" if verdict.passed else "FAILED"
    return f"gate {outcome}: {' and '.join(found)} in {counted(len(verdict.comparisons), 'comparison')}"


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def difference(one: Comparison, level: float) -> str:
    """The whole of a comparison but its name."""
    worse = one.loss > 0
    direction = "worse" if worse else "better"
    best = f"; best {IDEALS[one.metric]:g}" if one.metric in IDEALS else ""
    return (
        f"{number(one.baseline)} -> {number(one.run)}{best}, {direction} by {number(abs(one.loss))} "
        f"({100 * (1 - level):g} % interval of the difference {number(one.low)} to {number(one.high)}; "
        f"{number(one.minimum)} matters; p {p_value(one.p_worse if worse else one.p_better)}; "
        f"{counted(one.pairs, 'pair')})"
    )


def p_value(value: float) -> str:
    return f"{value:.2g}" if value >= 1e-4 else "< 0.0001"


def broken(one: Broken) -> str:
    return f"{one.what}: {one.reason} ({seeds(one.cells)})"


def seeds(cells: Sequence[tuple[int, int]]) -> str:
    splits = sorted({split for split, _ in cells})
    if len(splits) == 1:
        listed = ", ".join(str(seed) for _, seed in cells)
        return f"split seed {splits[0]}, {'seed' if len(cells) == 1 else 'seeds'} {listed}"
    return "split seed/seed " + ", ".join(f"{split}/{seed}" for split, seed in cells)
