"""Leaderboards: they read the views of the store and nothing else."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import duckdb

from leaderboards.aggregate import tables
from leaderboards.rank import rank
from leaderboards.render import markdown as _markdown
from leaderboards.render import terminal as _terminal
from leaderboards.site import render as _site

__all__ = ["html", "markdown", "svg", "terminal"]

PIPED_WIDTH = 100
PICTURE_WIDTH = 110


def terminal(
    connection: duckdb.DuckDBPyConnection,
    run_id: str | None = None,
    *,
    metrics: Sequence[str] = (),
    styled: bool | None = None,
) -> str:
    """One table a dataset as text, fitted to the terminal.

    Args:
        connection: an open store.
        run_id: only the cells of this run; None for the whole store.
        metrics: metrics to show in place of the main ones; `all` for every metric and protocol.
        styled: with terminal colours; None asks the standard output.

    Raises:
        BenchError: nothing is stored, or the run or a metric is not known.
    """
    styled = sys.stdout.isatty() if styled is None else styled
    width = shutil.get_terminal_size((PIPED_WIDTH, 24)).columns if styled else PIPED_WIDTH
    return _terminal.render([rank(table) for table in tables(connection, run_id, metrics)], width=width, styled=styled)


def markdown(connection: duckdb.DuckDBPyConnection, run_id: str | None = None, *, metrics: Sequence[str] = ()) -> str:
    """One table a dataset in GitHub's Markdown; arguments and errors as of `terminal`."""
    return _markdown.render([rank(table) for table in tables(connection, run_id, metrics)])


def svg(connection: duckdb.DuckDBPyConnection, run_id: str | None = None, *, metrics: Sequence[str] = ()) -> str:
    """The terminal's tables as a picture; arguments and errors as of `terminal`."""
    ordered = [rank(table) for table in tables(connection, run_id, metrics)]
    return _terminal.render_svg(ordered, width=PICTURE_WIDTH, title="bench leaderboard")


def html(connection: duckdb.DuckDBPyConnection, run_id: str | None = None, *, metrics: Sequence[str] = ()) -> str:
    """A site in one file that opens from disk; arguments and errors as of `terminal`."""
    return _site(connection, run_id, metrics=metrics)
