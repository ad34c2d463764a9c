"""A leaderboard in GitHub's Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leaderboards.aggregate import Row, Table
from leaderboards.render.text import COSTS, Entry, costs, entry, failure_line, notes, plain, provenance

BEST = "**bold**"


def render(tables: Sequence[Table]) -> str:
    return "\n".join(section(table) for table in tables)


def section(table: Table) -> str:
    entries = [[entry(table, row, column) for column in table.columns] for row in table.rows]
    headings = ["generator", *(column.heading for column in table.columns), *COSTS]
    lines = [
        f"## {escape(table.dataset)}",
        "",
        escape(provenance(table)),
        "",
        line_of([escape(words) for words in headings]),
        line_of(["---"] + ["---:"] * (len(headings) - 1)),
    ]
    for row, items in zip(table.rows, entries, strict=True):
        lines.append(line_of([label(row), *map(inline, items), *costs(row)]))
    remarks = notes(table, [item for row in entries for item in row], BEST)
    remarks += [escape(failure_line(failure)) for row in table.rows for failure in row.failures]
    return "\n".join([*lines, "", *(f"- {remark}" for remark in remarks), ""])


def label(row: Row) -> str:
    return escape(row.name) + (f" ({row.sentinel})" if row.sentinel else "")


def inline(item: Entry) -> str:
    text = f"{item.value} {item.error}".strip()
    return f"**{text}**" if item.best else text


def line_of(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    """Text that Markdown shows as it is: no table cell, emphasis, link or tag begins in a name."""
    return re.sub(r"([\\|`*_\[\]<>#~&])", r"\\\1", plain(text))
