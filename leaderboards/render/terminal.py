"""A leaderboard for the terminal: as many columns side by side as the width takes, the others below."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from leaderboards.aggregate import Table
from leaderboards.overall import Overall
from leaderboards.render import over_datasets
from leaderboards.render.console import drawn
from leaderboards.render.text import COSTS, Entry, costs, entry, failure_line, notes, plain, provenance

HEADING_WIDTH = 7
LABEL_WIDTH = 20
GAP = 2
BEST = "*"


def render(tables: Sequence[Table], compared: Sequence[Overall] = (), *, width: int, styled: bool) -> str:
    """All tables as text, then what is compared over datasets; `styled` adds terminal colours."""
    return drawn(lambda console: draw(console, tables, compared), width=width, styled=styled)


def render_svg(tables: Sequence[Table], compared: Sequence[Overall] = (), *, width: int, title: str) -> str:
    """The same as a picture without references to fonts elsewhere."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, record=True, highlight=False)
    draw(console, tables, compared)
    return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=title), flags=re.DOTALL)


def draw(console: Console, tables: Sequence[Table], compared: Sequence[Overall]) -> None:
    draw_tables(console, tables)
    draw_overall(console, compared)


def draw_tables(console: Console, tables: Sequence[Table]) -> None:
    for table in tables:
        console.print(Text(plain(table.dataset), style="bold"))
        console.print(Text(plain(provenance(table)), style="dim"))
        entries = [[entry(table, row, column) for column in table.columns] for row in table.rows]
        headings = [heading(column.heading) for column in table.columns] + [heading(words) for words in COSTS]
        cells = [
            [stacked(item) for item in line] + [Text(cost) for cost in costs(row)]
            for line, row in zip(entries, table.rows, strict=True)
        ]
        labels = [
            Text(stacked_label(row.name, row.sentinel), style="dim" if row.sentinel else "") for row in table.rows
        ]
        competitors = sum(row.sentinel is None for row in table.rows)
        for part in parts(headings, labels, cells, console.width):
            console.print(grid(headings, labels, cells, part, competitors))
        for line in notes(table, [item for row in entries for item in row], BEST):
            console.print(Text(plain(line), style="dim"))
        for failure in (failure for row in table.rows for failure in row.failures):
            console.print(Text(failure_line(failure), style="red"))
        console.print()


def draw_overall(console: Console, compared: Sequence[Overall]) -> None:
    for found in compared:
        console.print(Text(plain(over_datasets.title(found)), style="bold"))
        console.print(Text(plain(over_datasets.provenance(found)), style="dim"))
        cells = [[stacked(item) for item in line] for line in over_datasets.entries(found)]
        headings = [heading(words) for words in over_datasets.HEADINGS]
        labels = [Text(stacked_label(name)) for name in found.generators]
        for part in parts(headings, labels, cells, console.width):
            console.print(grid(headings, labels, cells, part, len(labels)))
        for remark in over_datasets.remarks(found, BEST):
            console.print(Text(plain(remark), style="dim"))
        console.print()


def stacked(item: Entry) -> Text:
    text = Text(item.value + (BEST if item.best else ""), style="bold green" if item.best else "")
    return text.append(f"\n{item.error}", style="not bold dim") if item.error else text


def stacked_label(name: str, sentinel: str | None = None) -> str:
    lines = textwrap.wrap(plain(name), LABEL_WIDTH) or [""]
    return "\n".join([*lines, f"({sentinel})"] if sentinel else lines)


def heading(words: str) -> Text:
    # the unit and the arrow stay on one line
    words = re.sub(r"([%/→]) (\S+)$", "\\1\N{NO-BREAK SPACE}\\2", plain(words))
    return Text("\n".join(textwrap.wrap(words, HEADING_WIDTH, break_long_words=False, break_on_hyphens=False)))


def width_of(texts: Sequence[Text]) -> int:
    return max(line.cell_len for text in texts for line in text.split("\n"))


def parts(headings: list[Text], labels: list[Text], cells: list[list[Text]], width: int) -> list[range]:
    """Consecutive columns that fit beside the labels, at least one a part."""
    beside = width_of(labels)
    found, start, used = [], 0, beside
    for place, words in enumerate(headings):
        wide = GAP + width_of([words, *(row[place] for row in cells)])
        if used + wide > width and place > start:
            found.append(range(start, place))
            start, used = place, beside
        used += wide
    return [*found, range(start, len(headings))]


def grid(headings: list[Text], labels: list[Text], cells: list[list[Text]], part: range, competitors: int) -> Grid:
    made = Grid(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, show_edge=False)
    made.add_column("", no_wrap=True)
    for place in part:
        made.add_column(headings[place], justify="right", no_wrap=True)
    for number, (name, row) in enumerate(zip(labels, cells, strict=True), start=1):
        made.add_row(name, *(row[place] for place in part), end_section=number == competitors)
    return made
