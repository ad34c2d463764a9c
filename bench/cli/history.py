"""`bench history`: how a metric went over the runs of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli import options


def history(
    metric: Annotated[str, typer.Argument(help="Its name, such as column_shape_error_percent.")],
    dataset: Annotated[
        list[str] | None, typer.Option(help="Only these, comma-separated or repeated.", show_default=False)
    ] = None,
    generator: Annotated[
        list[str] | None, typer.Option(help="Only these, comma-separated or repeated.", show_default=False)
    ] = None,
    protocol: Annotated[str | None, typer.Option(help="Only under this rule, such as harness.")] = None,
    results: options.Results = options.DEFAULT_RESULTS,
    format_: Annotated[
        Literal["terminal", "md", "csv", "html", "svg"], typer.Option("--format", help="How it is written.")
    ] = "terminal",
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")] = None,
) -> None:
    """Show how a metric went over the runs of a results folder, and where its level changed.

    A series is of one generator on one dataset, over the runs that are comparable.
    """
    from bench import shards, store
    from leaderboards.history import FORMATS, terminal
    from leaderboards.history import history as read

    with store.connect(results / shards.DATABASE, read_only=True) as connection:
        found = read(
            connection,
            metric,
            datasets=options.split_names(dataset),
            generators=options.split_names(generator),
            protocol=protocol,
        )
    if format_ == "terminal":
        text = terminal(found, styled=False if out is not None else None)
    else:
        text = FORMATS[format_](found)
    if out is None:
        typer.echo(text, nl=False)
    else:
        shards.write_text(out, text)
