"""A history in GitHub's Markdown: every series with its chart line, its steps and a table of its runs."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.history import words
from leaderboards.history.series import Series
from leaderboards.history.sparkline import sparkline
from leaderboards.render.markdown import escape, line_of

CHART_WIDTH = 60


def render(found: Sequence[Series]) -> str:
    remarks = [f"- {escape(said)}" for said in words.legend(found)]
    return "\n".join([*(line for series in found for line in section(series)), *remarks, ""])


def section(series: Series) -> list[str]:
    rows = [words.row(series, place) for place in range(len(series.points))]
    return [
        f"## {escape(words.title(series))}",
        "",
        escape(words.provenance(series)),
        "",
        f"`{sparkline(series, CHART_WIDTH)}` {escape(words.reach(series))}",
        "",
        *(f"- {escape(said)}" for said in words.lines(series)),
        *(f"- from {escape(run)}: {escape(command)}" for run, command in words.commands(series)),
        "",
        line_of([escape(heading) for heading in words.HEADINGS]),
        line_of(["---", "---", "---", "---:", "---:", "---:", "---"]),
        *(line_of([escape(text) for text in row]) for row in rows),
        "",
    ]
