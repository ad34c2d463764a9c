"""Whether a measured line may be compared with a printed one: the same split, protocol, data and model, or why not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from leaderboards.paper.measured import Key
from leaderboards.paper.model import Column, Entry, Line
from leaderboards.render.text import IMPUTED

NOTHING_PRINTED, COMPARED = "nothing printed", "compared with"


def compared(line: Line, key: Key, same_model: bool, printed: Sequence[Line]) -> Line:
    """The line with its verdict, and the differences where there are any.

    Args:
        line: measured.
        key: what they were measured under.
        same_model: whether its model is that of the printed lines.
        printed: lines of the same method; the one with the fewest reasons against it is taken.
    """
    if not printed:
        return replace(line, verdict=NOTHING_PRINTED)
    best = min(printed, key=lambda one: len(reasons(line, key, same_model, one)))
    against = reasons(line, key, same_model, best)
    if against:
        return replace(line, verdict=f"not comparable: {', '.join(against)}")
    entries = {
        column: with_difference(entry, column, line.numbers[column], best) for column, entry in line.entries.items()
    }
    return replace(line, entries=entries, verdict=f"{COMPARED} {best.source.split(',')[0]}")


def reasons(line: Line, key: Key, same_model: bool, printed: Line) -> list[str]:
    """Everything that keeps the two apart."""
    found = []
    if not line.entries.keys() & printed.entries.keys():
        found.append("other metric")
    for what in ("split", "protocol"):
        ours, theirs = getattr(line, what), getattr(printed, what)
        if ours != theirs:
            found.append(f"other {what} (printed: {theirs})" if theirs else f"the printed {what} is not stated")
    if key.restricted or key.version:
        found.append("other data")
    if key.records:
        found.append(f"other number of records ({key.records})")
    if not same_model:
        found.append("other model")
    return found


def with_difference(entry: Entry, column: Column, value: float, printed: Line) -> Entry:
    theirs = printed.numbers.get(column)
    if theirs is None or math.isnan(value) or IMPUTED in entry.value:
        return entry
    return replace(entry, difference=f"Δ {column.write(value - theirs, '+')}")
