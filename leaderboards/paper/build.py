"""A page of the store, from what is printed and what is measured to what is written."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from leaderboards.paper import words
from leaderboards.paper.arrange import section
from leaderboards.paper.commands import Rules, commands
from leaderboards.paper.lines import measured_line
from leaderboards.paper.measured import Key, Measured, measured
from leaderboards.paper.methods import Method, of_page
from leaderboards.paper.model import Line, Report
from leaderboards.paper.notes import footnotes
from leaderboards.paper.pages import OPTIONAL, Page
from leaderboards.paper.printed import printed, references
from leaderboards.render.text import plain

NEEDS_SERVER = frozenset({"prompt"})


def report(connection: duckdb.DuckDBPyConnection, page: Page, run_id: str | None = None) -> Report:
    """A page of the whole store, or of one run.

    Raises:
        BenchError: the run is not known.
    """
    theirs = printed(connection, page.name)
    found = measured(connection, page, run_id)
    named = {line.method for line in theirs} | set(page.methods)
    methods = [method for method in of_page(page.name, [line.method for line in theirs]) if method.name in named]
    shown = [one for one in found.lines if page.shows(one.key.generator)]
    ours = [measured_line(page, one, shown, methods, theirs) for one in shown]
    failed = {generator for generator, _ in found.failures}
    sections = [section(heading, columns, methods, theirs, ours, failed) for heading, columns in page.sections]
    notes, sections = footnotes(page.name, sections)
    entries = [line.entry(column) for part in sections for line in part.lines for column in part.columns]
    return Report(
        page.name,
        page.title,
        page.question,
        sections,
        remarks(theirs, found.demo_cells, ours, run_id) + [text for _, text in found.failures],
        notes,
        references(connection, page.name) + words.legend(entries),
        commands(page, *rules(page, methods, theirs, shown)),
    )


def remarks(theirs: Sequence[Line], demo_cells: int, ours: Sequence[Line], run_id: str | None) -> list[str]:
    """What holds for the whole page."""
    found = []
    if not theirs:
        found.append("Printed: none in the list of printed numbers. Everything here is measured by this harness.")
    if demo_cells:
        found.append(
            f"Cells of simulated data (demo) that are left out: {demo_cells}. They are never put beside printed "
            "numbers; the commands below run the originals."
        )
    if not ours:
        where = "This store" if run_id is None else f"Run {plain(run_id)}"
        found.append(f"{where} holds no score on the original data for this page.")
    return found


def rules(
    page: Page, methods: Sequence[Method], theirs: Sequence[Line], shown: Sequence[Measured]
) -> tuple[Rules, Rules]:
    """Split and protocol -> the generators that are printed under them, and those not measured so everywhere."""
    wanted: Rules = {}
    lacking: Rules = {}
    for method in methods:
        if not method.generator or method.generator in NEEDS_SERVER:
            continue
        for place in {(line.split, line.protocol): None for line in theirs if line.method == method.name} or [("", "")]:
            wanted.setdefault(place, []).append(method.generator)
            if not any(under(one.key, method, place) and whole(page, one) for one in shown):
                lacking.setdefault(place, []).append(method.generator)
    return wanted, lacking


def under(key: Key, method: Method, place: tuple[str, str]) -> bool:
    pairs = zip((key.split, key.protocol), place, strict=True)
    return key.generator == method.generator and all(theirs in ("", ours) for ours, theirs in pairs)


def whole(page: Page, one: Measured) -> bool:
    needed = {column.dataset for column in page.columns if column not in OPTIONAL}
    return {column.dataset for column in one.summaries} >= needed
