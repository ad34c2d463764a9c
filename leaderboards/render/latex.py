r"""A leaderboard in LaTeX: one table a dataset with booktabs' rules, to be read with `\input`."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.aggregate import Table
from leaderboards.overall import Overall
from leaderboards.render import over_datasets
from leaderboards.render.text import COSTS, Entry, costs, entry, failure_line, notes, plain, provenance

PREAMBLE = r"""% needs in the preamble: \usepackage{booktabs}
% letters beyond Latin need XeLaTeX or LuaLaTeX
"""
HEADING_WIDTH = 8
SPECIAL = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    # ligatures, shorthands of babel, and what `\\\\` before it would take as its own
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\symbol{34}", "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}", "-": "{-}", "[": "{[}", "]": "{]}", "*": "{*}",
    "±": r"$\pm$", "·": r"\textperiodcentered{}", "…": r"\dots{}", "↑": r"$\uparrow$",
    "→": r"$\rightarrow$", "↓": r"$\downarrow$", "†": r"\dag{}", "‡": r"\ddag{}",
    "ˢ": r"\textsuperscript{s}", "Δ": r"$\Delta$",
}  # fmt: skip


def render(tables: Sequence[Table], compared: Sequence[Overall] = ()) -> str:
    parts = [dataset_table(table, number) for number, table in enumerate(tables, start=1)]
    parts += [overall_table(found, number) for number, found in enumerate(compared, start=1)]
    return PREAMBLE + "".join(f"\n{part}" for part in parts)


def dataset_table(table: Table, number: int) -> str:
    items = [[entry(table, row, column) for column in table.columns] for row in table.rows]
    lines = [
        stacked(escape(row.name) + (f" ({row.sentinel})" if row.sentinel else ""), [*line, *map(Entry, costs(row))])
        for row, line in zip(table.rows, items, strict=True)
    ]
    remarks = notes(table, [item for line in items for item in line], "bold:")
    remarks += [failure_line(failure) for row in table.rows for failure in row.failures]
    competitors = sum(row.sentinel is None for row in table.rows)
    return floating(
        f"{table.dataset}: {provenance(table)}",
        f"leaderboard-{number}",
        [*(column.heading for column in table.columns), *COSTS],
        [lines[:competitors], lines[competitors:]],
        remarks,
    )


def overall_table(found: Overall, number: int) -> str:
    lines = [
        stacked(escape(name), line) for name, line in zip(found.generators, over_datasets.entries(found), strict=True)
    ]
    caption = f"{over_datasets.title(found)}. {over_datasets.provenance(found)}"
    remarks = over_datasets.remarks(found, "bold:")
    return floating(caption, f"leaderboard-overall-{number}", over_datasets.HEADINGS, [lines], remarks)


def floating(
    caption: str, label: str, headings: Sequence[str], groups: Sequence[Sequence[str]], remarks: Sequence[str]
) -> str:
    r"""A whole `table`; texts are escaped here, the lines of `groups` are LaTeX already."""
    body = "\\midrule\n".join("\\addlinespace[2pt]\n".join(group) for group in groups if group)
    lines = [
        r"\begin{table}",
        r"\centering\small\setlength{\tabcolsep}{3pt}",
        rf"\caption{{{escape(caption)}}}",
        rf"\label{{tab:{label}}}",
        rf"\begin{{tabular}}{{l{'r' * len(headings)}}}",
        r"\toprule",
        line_of(["generator", *map(heading, headings)]),
        r"\midrule",
        body + r"\bottomrule",
        r"\end{tabular}",
        *([rf"\par\smallskip\raggedright\footnotesize {'. '.join(map(escape, remarks))}."] if remarks else []),
        r"\end{table}",
    ]
    return "\n".join([*lines, ""])


def stacked(name: str, items: Sequence[Entry]) -> str:
    """A generator's line, and its errors in small letters on one below, as the columns are many."""
    values = [rf"\textbf{{{escape(item.value)}}}" if item.best else escape(item.value) for item in items]
    errors = [rf"{{\scriptsize {escape(item.error)}}}" if item.error else "" for item in items]
    return "\n".join([line_of([name, *values]), *([line_of(["", *errors])] if any(errors) else []), ""])


def line_of(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def heading(words: str) -> str:
    lines: list[str] = []
    for word in words.split():
        if lines and (len(lines[-1]) + 1 + len(word) <= HEADING_WIDTH or len(word) == 1):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return r"\shortstack[r]{" + r"\\".join(map(escape, lines)) + "}"


def escape(text: str) -> str:
    """Text that LaTeX prints as it is, on one line."""
    return "".join(SPECIAL.get(char, char) for char in plain(text))
