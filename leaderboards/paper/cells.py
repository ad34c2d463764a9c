"""The cells of a line of a page, for formats whose tables are text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leaderboards.paper.model import Column, Entry, Line


def cells(
    line: Line, columns: Sequence[Column], escape: Callable[[str], str], superscript: Callable[[str], str]
) -> list[str]:
    """Method with the numbers of its notes, origin, split, protocol, a value a column, and what is compared.

    Args:
        line: of a section.
        columns: those of the section.
        escape: makes foreign text harmless in the format.
        superscript: raises text in the format.
    """
    marks = superscript(", ".join(map(str, line.notes))) if line.notes else ""
    return [
        escape(line.method) + marks,
        escape(line.origin),
        escape(line.shown_split),
        escape(line.shown_protocol),
        *(value(line.entry(column), escape) for column in columns),
        escape(line.verdict),
    ]


def value(entry: Entry, escape: Callable[[str], str]) -> str:
    certainty = f"({entry.certainty})" if entry.certainty else ""
    return " ".join(escape(part) for part in (entry.value, certainty, entry.error, entry.difference) if part)
