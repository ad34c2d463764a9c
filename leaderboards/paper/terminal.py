"""Pages for the terminal: as many columns side by side as the width takes, the others below."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from leaderboards.paper.model import Column, Entry, Line, Report, Section
from leaderboards.render.console import drawn
from leaderboards.render.terminal import GAP, heading, width_of
from leaderboards.render.text import plain

LABEL_WIDTH = 44
STYLES = {"printed": "dim", "measured": "bold", "not measured": "dim", "not run": "dim"}


def render(reports: Sequence[Report], *, width: int, styled: bool) -> str:
    """All pages as text; `styled` adds terminal colours."""
    return drawn(lambda console: draw(console, reports), width=width, styled=styled)


def draw(console: Console, reports: Sequence[Report]) -> None:
    for report in reports:
        draw_report(console, report)


def draw_report(console: Console, report: Report) -> None:
    console.print(Text(plain(f"{report.title} (page {report.name})"), style="bold"))
    for text in (report.question, *report.remarks):
        console.print(Text(plain(text), style="dim"))
    for section in report.sections:
        if len(report.sections) > 1:
            console.print(Text(f"\n{plain(section.heading)}", style="bold"))
        for columns in parts(section, console.width):
            console.print(grid(section, columns))
    for number, note in enumerate(report.notes, start=1):
        console.print(Text(f"[{number}] {plain(note)}", style="dim"))
    for mark, meaning in report.legend:
        console.print(Text(f"{mark} {meaning}", style="dim"))
    for caption, command in report.commands:
        console.print(Text(f"{caption}:", style="dim"))
        # not wrapped, so that it can be copied
        console.print(Text(f"  {command}"), soft_wrap=True)
    console.print()


def grid(section: Section, columns: Sequence[Column]) -> Grid:
    # one space and no box: five datasets fit beside the labels on a usual terminal
    made = Grid(box=None, padding=(0, GAP // 2, 1, 0), pad_edge=False)
    made.add_column("", max_width=LABEL_WIDTH)
    for column in columns:
        made.add_column(heading(column.heading), justify="right", no_wrap=True)
    for line in section.lines:
        made.add_row(label(line), *(field(line.entry(column)) for column in columns))
    return made


def label(line: Line) -> Text:
    marks = f" [{', '.join(map(str, line.notes))}]" if line.notes else ""
    text = Text(plain(line.method) + marks, style=STYLES[line.kind])
    facts = [line.origin, f"split {line.shown_split}, protocol {line.shown_protocol}", line.verdict]
    if line.kind.startswith("not "):
        facts = [f"{line.origin}: {line.verdict}"]
    return text.append("".join(f"\n{plain(fact)}" for fact in facts if fact), style="not bold dim")


def field(entry: Entry) -> Text:
    value = f"{entry.value} ({entry.certainty})" if entry.certainty else entry.value.replace("not ", "not\n")
    return Text("\n".join(part for part in (value, entry.error, entry.difference) if part))


def parts(section: Section, width: int) -> list[list[Column]]:
    """Consecutive columns that fit beside the labels, at least one a part."""
    free = width - LABEL_WIDTH - GAP // 2
    found: list[list[Column]] = []
    used = 0
    for column in section.columns:
        wide = GAP // 2 + width_of([heading(column.heading), *(field(line.entry(column)) for line in section.lines)])
        if not found or used + wide > free:
            found.append([])
            used = 0
        found[-1].append(column)
        used += wide
    return found
