"""The lines of one table in their order, and those that say why there is nothing."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from leaderboards.paper.compare import COMPARED, NOTHING_PRINTED
from leaderboards.paper.methods import TRAIN_ROWS, Method
from leaderboards.paper.model import Column, Line, Section
from leaderboards.paper.pages import OPTIONAL
from leaderboards.render.text import plain

NOT_MEASURED = "a command below measures it"
FAILED = "failed, see above; a command below tries it again"
LAST = ("real", "marginals", TRAIN_ROWS)


def section(
    title: str,
    columns: Sequence[Column],
    methods: Sequence[Method],
    theirs: Sequence[Line],
    ours: Sequence[Line],
    failed: Set[str],
) -> Section:
    """One table: method by method what is printed, what is measured, why there is nothing; then what nobody prints."""
    theirs, ours = (restricted(lines, columns) for lines in (theirs, ours))
    if not theirs:
        ours = [replace(line, verdict=NOTHING_PRINTED) for line in ours]
    filled = {column for line in [*theirs, *ours] for column in line.entries}
    used = [column for column in columns if column in filled or column not in OPTIONAL]
    lines: list[Line] = []
    for method in methods:
        printed = [line for line in theirs if line.method == plain(method.name)]
        if theirs and not printed:
            continue
        own = sorted([line for line in ours if line.generator == method.generator], key=order)
        lines += printed
        lines += [line for line in own if line not in lines]
        lines += absent(method, printed, own, method.generator in failed)
    others = [line for line in ours if line not in lines]
    return Section(title, used, lines + sorted(others, key=lambda line: (*place(line), *order(line))))


def absent(method: Method, printed: Sequence[Line], own: Sequence[Line], failed: bool) -> list[Line]:
    """Why there is no number: it cannot be run here, or nobody has."""
    name = plain(method.name)
    found = []
    if method.generator and not own:
        why = FAILED if failed else NOT_MEASURED
        found.append(Line(name, "not measured", verdict=why, generator=method.generator))
    if method.why_not and printed and not any(method.name in line.models for line in own):
        found.append(Line(name, "not run", verdict=method.why_not))
    return found


def restricted(lines: Sequence[Line], columns: Sequence[Column]) -> list[Line]:
    """The lines that have a number in one of the columns, without their other numbers."""
    cut = [replace(line, entries={one: line.entries[one] for one in columns if one in line.entries}) for line in lines]
    return [line for line in cut if line.entries]


def order(line: Line) -> tuple[bool | str, ...]:
    return not line.verdict.startswith(COMPARED), line.profile, line.split, line.protocol, line.method


def place(line: Line) -> tuple[int, str]:
    return (LAST.index(line.generator) if line.generator in LAST else -1), line.generator
