"""The words around and inside a table that the terminal and Markdown share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from leaderboards.aggregate import Failure, Row, Summary, Table
from leaderboards.columns import Column, ranked

IMPUTED, INCOMPLETE, SINGLE = "†", "‡", "ˢ"
EXPLAINED = {
    IMPUTED: "failed cells count as the floor (marginals)",
    INCOMPLETE: "not every split seed and seed of this table has been scored",
    SINGLE: "the score's own standard error, as there is one cell only, or one value in all cells",
}
NOTHING = "-"
NOT_DEFINED = "n/a"
COSTS = ["fit s", "records / s"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A value as it is written: `value` with its marks, `error` with its own."""

    value: str
    error: str = ""
    best: bool = False


def provenance(table: Table) -> str:
    """What the numbers of a table were computed from."""
    splits, seeds = (listed(table.pairs.get_level_values(level)) for level in ("split_seed", "seed"))
    rules = sorted({f"{column.protocol} v{column.version}" for column in table.columns})
    return " · ".join(
        [
            f"{table.variant} data {table.dataset_digest[:8]}",
            f"profile {table.profile}",
            f"{table.split} split seeds {splits}",
            f"seeds {seeds}",
            f"protocols {', '.join(rules) or NOTHING}",
        ]
    )


def listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in sorted(set(numbers)))


def entry(table: Table, row: Row, column: Column) -> Entry:
    summary = row.summaries.get(column)
    if summary is None:
        return Entry(NOTHING)
    if math.isnan(summary.mean):
        return Entry(NOT_DEFINED)
    marks = IMPUTED * summary.imputed + INCOMPLETE * incomplete(table, summary)
    single = summary.single and not one_cell_each(table)
    error = "" if math.isnan(summary.stderr) else f"±{column.write(summary.stderr)}{SINGLE * single}"
    return Entry(column.write(summary.mean) + marks, error, column in row.best)


def one_cell_each(table: Table) -> bool:
    return len(table.pairs) == 1


def incomplete(table: Table, summary: Summary) -> bool:
    return len(summary.values) < len(table.pairs)


def costs(row: Row) -> list[str]:
    fit, speed = row.fit_seconds, row.records_per_second
    return [
        NOTHING if math.isnan(fit) else f"{fit:,.{1 if fit >= 1 else 2}f}",
        NOTHING if math.isnan(speed) else f"{speed:,.0f}",
    ]


def notes(table: Table, entries: list[Entry], best: str) -> list[str]:
    """The legend: the order, and every mark that the table really uses."""
    written = "".join(item.value + item.error for item in entries)
    lines = []
    if table.columns and sum(row.sentinel is None for row in table.rows) > 1:
        names = ", ".join(column.name for column in ranked(table.columns, table.family))
        lines.append(f"sorted by mean rank over {names}; generators with a failed cell last")
    if any(item.error for item in entries):
        what = "the score's own, as there is one cell only" if one_cell_each(table) else "over split seeds and seeds"
        lines.append(f"± standard error: {what}")
    if any(item.best for item in entries):
        lines.append(f"{best} better than the runner-up, 95 % interval of the difference without zero")
    lines += [
        f"{evaluator} was not computed with the same settings in all cells: {' and '.join(settings)}"
        for evaluator, settings in table.mixed.items()
    ]
    return lines + [f"{mark} {meaning}" for mark, meaning in EXPLAINED.items() if mark in written]


def failure_line(failure: Failure) -> str:
    times = "" if failure.cells == 1 else f" on {failure.cells} cells"
    return plain(f"{failure.name} failed in {failure.stage} ({failure.phase}){times}: {failure.error}")


def plain(text: str) -> str:
    """One line without control characters: a message may hold line ends and terminal codes."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
