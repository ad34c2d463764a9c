"""A leaderboard in GitHub's Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leaderboards.aggregate import Row, Table
from leaderboards.overall import Overall
from leaderboards.render import over_datasets
from leaderboards.render.text import COSTS, Entry, costs, entry, failure_line, notes, plain, provenance


def render(tables: Sequence[Table], compared: Sequence[Overall] = ()) -> str:
    """One section a table, then one for each comparison over datasets."""
    return "\n".join([*map(section, tables), *map(overall_section, compared)])


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
    remarks = notes(table, [item for row in entries for item in row], "bold:")
    remarks += [failure_line(failure) for row in table.rows for failure in row.failures]
    return "\n".join([*lines, "", *(f"- {escape(remark)}" for remark in remarks), ""])


def overall_section(found: Overall) -> str:
    lines = [
        f"## {escape(over_datasets.title(found))}",
        "",
        escape(over_datasets.provenance(found)),
        "",
        line_of(["generator", *over_datasets.HEADINGS]),
        line_of(["---"] + ["---:"] * len(over_datasets.HEADINGS)),
    ]
    for name, items in zip(found.generators, over_datasets.entries(found), strict=True):
        lines.append(line_of([escape(name), *map(inline, items)]))
    remarks = [f"- {escape(remark)}" for remark in over_datasets.remarks(found, "bold:")]
    return "\n".join([*lines, "", *remarks, ""])


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
