"""A history for the terminal: one chart line a series; a single series with its runs below."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from leaderboards.history import words
from leaderboards.history.series import Series
from leaderboards.history.sparkline import sparkline
from leaderboards.render.console import drawn

CHART_WIDTH = 48
INDENT = 4


def render(found: Sequence[Series], *, width: int, styled: bool) -> str:
    """All series as text; `styled` adds terminal colours."""
    return drawn(lambda console: draw(console, found), width=width, styled=styled)


def draw(console: Console, found: Sequence[Series]) -> None:
    labels = [words.title(series) for series in found]
    wide = max(map(len, labels))
    shared = None
    for label, series in zip(labels, found, strict=True):
        if (origin := words.provenance(series)) != shared:
            console.print(Text(("\n" if shared else "") + origin, style="dim"))
            shared = origin
        line = Text(f"{label:<{wide}}  ", style="bold")
        line.append(sparkline(series, CHART_WIDTH), style="not bold cyan")
        console.print(line.append(f"  {words.reach(series)}", style="not bold"))
        for said in words.lines(series):
            bad = said.startswith("step, worse")
            console.print(Text(" " * INDENT + said, style="red" if bad else "green" if "step, " in said else "dim"))
    if len(found) == 1:
        console.print(table(found[0]))
        for run, command in words.commands(found[0]):
            console.print(Text(f"from {run}: {command}", style="dim"))
    for said in words.legend(found):
        console.print(Text(said, style="dim"))


def table(series: Series) -> Grid:
    made = Grid(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, show_edge=False)
    for heading in words.HEADINGS:
        made.add_column(heading, justify="right" if heading in ("mean", "± standard error", "cells") else "left")
    for place in range(len(series.points)):
        made.add_row(*map(Text, words.row(series, place)))
    return made
