"""`bench paper`: printed numbers beside those of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli import options


def paper(
    page: Annotated[
        str | None,
        typer.Argument(
            help="main, density, correlation, privacy, code, tool or ablation; all of them where none is named.",
            show_default=False,
        ),
    ] = None,
    results: options.Results = options.DEFAULT_RESULTS,
    format_: Annotated[
        Literal["terminal", "md", "latex", "html"], typer.Option("--format", help="How it is written.")
    ] = "terminal",
    run: Annotated[str | None, typer.Option(help="Only the cells of this run; see 'bench ls'.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")] = None,
) -> None:
    """Put the numbers that papers print beside those of a results folder, and say what may be compared."""
    import leaderboards
    from bench import shards, store

    with store.connect(results / shards.DATABASE, read_only=True) as connection:
        text = leaderboards.paper(connection, page, format_, run, styled=False if out is not None else None)
    if out is None:
        typer.echo(text, nl=False)
    else:
        shards.write_text(out, text)
