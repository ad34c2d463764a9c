"""`bench leaderboard`: the tables of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli import options


def leaderboard(
    results: options.Results = options.DEFAULT_RESULTS,
    format_: Annotated[
        Literal["terminal", "md", "latex", "csv", "svg"], typer.Option("--format", help="How it is written.")
    ] = "terminal",
    run: Annotated[str | None, typer.Option(help="Only the cells of this run; see 'bench ls'.")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="Show this metric under every protocol in place of the main ones; may be repeated; 'all'."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")] = None,
) -> None:
    """Compare the generators of a results folder, one table a dataset."""
    import leaderboards
    from bench import shards, store

    with store.connect(results / shards.DATABASE, read_only=True) as connection:
        if format_ == "md":
            text = leaderboards.markdown(connection, run, metrics=metric or ())
        elif format_ == "latex":
            text = leaderboards.latex(connection, run, metrics=metric or ())
        elif format_ == "csv":
            text = leaderboards.csv(connection, run, metrics=metric or ())
        elif format_ == "svg":
            text = leaderboards.svg(connection, run, metrics=metric or ())
        else:
            styled = False if out is not None else None
            text = leaderboards.terminal(connection, run, metrics=metric or (), styled=styled)
    if out is None:
        typer.echo(text, nl=False)
    else:
        shards.write_text(out, text)
