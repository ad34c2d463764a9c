"""A series as a line of block characters."""

from __future__ import annotations

from leaderboards.history.series import Series

BLOCKS = "▁▂▃▄▅▆▇█"
MIDDLE = BLOCKS[3]
NO_VALUE = "\N{MULTIPLICATION SIGN}"
STEP = "│"


def sparkline(series: Series, width: int) -> str:
    """One character a run, the newest ones where there are more than `width`; steps stand as lines between them."""
    means = [point.mean for point in series.valued]
    low, high = (min(means), max(means)) if means else (0.0, 0.0)
    after = {step.place for step in series.steps}
    marks = []
    for place, point in enumerate(series.points):
        if place in after:
            marks.append(STEP)
        if not point.cells:
            marks.append(NO_VALUE)
        elif high == low:
            marks.append(MIDDLE)
        else:
            marks.append(BLOCKS[round((point.mean - low) / (high - low) * (len(BLOCKS) - 1))])
    return "".join(marks[-width:])
