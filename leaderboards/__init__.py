"""Leaderboards: they read the views of the store and nothing else."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import Any

import duckdb

from bench.errors import unknown_name
from leaderboards.aggregate import Table, tables
from leaderboards.overall import Overall, overall
from leaderboards.paper import terminal as _paper_terminal
from leaderboards.paper.build import report as _report
from leaderboards.paper.formats import FORMATS as _FORMATS
from leaderboards.paper.pages import chosen as _chosen
from leaderboards.rank import rank
from leaderboards.render import csv as _csv
from leaderboards.render import latex as _latex
from leaderboards.render import markdown as _markdown
from leaderboards.render import terminal as _terminal

__all__ = ["csv", "latex", "markdown", "paper", "svg", "terminal"]

PIPED_WIDTH = 100
PICTURE_WIDTH = 110


def compared(
    connection: duckdb.DuckDBPyConnection, run_id: str | None, metrics: Sequence[str]
) -> tuple[list[Table], list[Overall]]:
    """Ordered tables, and what is to be said over several of them."""
    ordered = [rank(table) for table in tables(connection, run_id, metrics)]
    return ordered, [found for found in overall(ordered) if found.worth_showing]


def terminal(
    connection: duckdb.DuckDBPyConnection,
    run_id: str | None = None,
    *,
    metrics: Sequence[str] = (),
    styled: bool | None = None,
) -> str:
    """One table a dataset as text, fitted to the terminal, and the comparison over datasets.

    Args:
        connection: an open store.
        run_id: only the cells of this run; None for the whole store.
        metrics: metrics to show in place of the main ones; `all` for every metric and protocol.
        styled: with terminal colours; None asks the standard output.

    Raises:
        BenchError: nothing is stored, or the run or a metric is not known.
    """
    return _terminal.render(*compared(connection, run_id, metrics), **_screen(styled))


def markdown(connection: duckdb.DuckDBPyConnection, run_id: str | None = None, *, metrics: Sequence[str] = ()) -> str:
    """The same in GitHub's Markdown; arguments and errors as of `terminal`."""
    return _markdown.render(*compared(connection, run_id, metrics))


def svg(connection: duckdb.DuckDBPyConnection, run_id: str | None = None, *, metrics: Sequence[str] = ()) -> str:
    """The terminal's tables as a picture; arguments and errors as of `terminal`."""
    return _terminal.render_svg(*compared(connection, run_id, metrics), width=PICTURE_WIDTH, title="bench leaderboard")


def latex(connection: duckdb.DuckDBPyConnection, run_id: str | None = None, *, metrics: Sequence[str] = ()) -> str:
    """The same in LaTeX; arguments and errors as of `terminal`."""
    return _latex.render(*compared(connection, run_id, metrics))


def csv(connection: duckdb.DuckDBPyConnection, run_id: str | None = None, *, metrics: Sequence[str] = ()) -> str:
    """Every value of the tables on a line of its own; arguments and errors as of `terminal`."""
    return _csv.render([rank(table) for table in tables(connection, run_id, metrics)])


def paper(
    connection: duckdb.DuckDBPyConnection,
    page: str | None = None,
    format_: str = "terminal",
    run_id: str | None = None,
    *,
    styled: bool | None = None,
) -> str:
    """Printed numbers beside our own; the metrics are those of the page.

    Args:
        connection: an open store; it may be without results.
        page: a name of `leaderboards.paper.pages.PAGES`; None for all pages.
        format_: `terminal`, `md`, `latex` or `html`.
        run_id: only the cells of this run; None for the whole store.
        styled: of the terminal's text, as in `terminal`.

    Raises:
        BenchError: the page, the format or the run is not known.
    """
    if format_ not in ("terminal", *_FORMATS):
        raise unknown_name("format", format_, ["terminal", *_FORMATS])
    reports = [_report(connection, one, run_id) for one in _chosen(page)]
    if format_ == "terminal":
        return _paper_terminal.render(reports, **_screen(styled))
    return _FORMATS[format_](reports)


def _screen(styled: bool | None) -> dict[str, Any]:
    styled = sys.stdout.isatty() if styled is None else styled
    return {"width": shutil.get_terminal_size((PIPED_WIDTH, 24)).columns if styled else PIPED_WIDTH, "styled": styled}
