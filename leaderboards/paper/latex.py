"""Pages in LaTeX: one `table*` a table, which needs the packages booktabs and graphicx."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.paper.model import Entry, Line, Report, Section
from leaderboards.render.text import plain

LAST_OF_LATIN = 0x180
OPENING = r"""% \usepackage[T1]{fontenc}
% \usepackage{booktabs,graphicx,textcomp}
"""
# The characters that LaTeX reads as commands, and those of our own marks.
CHARACTERS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": "'", "±": r"$\pm$", "Δ": r"$\Delta$", "↑": r"$\uparrow$",
    "↓": r"$\downarrow$", "†": r"$^\dagger$", "ˢ": r"$^s$", "‡": r"$^\ddagger$", "[": "{[}", "]": "{]}", "-": "{-}",
    "*": "{*}", "`": r"\textasciigrave{}",
}  # fmt: skip


def render(reports: Sequence[Report]) -> str:
    return OPENING + "\n".join(page(report) for report in reports)


def page(report: Report) -> str:
    notes = [rf"\textsuperscript{{{number}}}~{escape(text)}" for number, text in enumerate(report.notes, start=1)]
    notes += [f"{escape(mark)}~{escape(meaning)}" for mark, meaning in report.legend]
    parts = [f"% page {report.name}: {report.title}"]
    parts += [rf"% {caption}: {command}" for caption, command in report.commands]
    for number, section in enumerate(report.sections):
        caption = " ".join([f"{report.title}." if len(report.sections) == 1 else f"{report.title}: {section.heading}."])
        about = [report.question, *report.remarks] if number == 0 else []
        last = number == len(report.sections) - 1
        parts.append(table(section, " ".join([caption, *about]), notes if last else []))
    return "\n".join([*parts, ""])


def table(section: Section, caption: str, notes: Sequence[str]) -> str:
    headings = ["method", "numbers", "split", "protocol", *(column.heading for column in section.columns), ""]
    rows = [" & ".join(cells(line, section)) + r" \\" for line in section.lines]
    shape = "lp{5cm}ll" + "r" * len(section.columns) + "p{4cm}"
    below = [r"\par\smallskip\raggedright\footnotesize", r"\\".join(f"\n{note}" for note in notes)] if notes else []
    return "\n".join(
        [
            r"\begin{table*}",
            rf"\caption{{{escape(caption)}}}",
            r"\resizebox{\textwidth}{!}{%",
            rf"\begin{{tabular}}{{{shape}}}",
            r"\toprule",
            " & ".join(escape(words) for words in headings) + r" \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}}",
            *below,
            r"\end{table*}",
        ]
    )


def cells(line: Line, section: Section) -> list[str]:
    marks = rf"\textsuperscript{{{','.join(map(str, line.notes))}}}" if line.notes else ""
    return [
        escape(line.method) + marks,
        escape(line.origin),
        escape(line.shown_split),
        escape(line.shown_protocol),
        *(inline(line.entry(column)) for column in section.columns),
        escape(line.verdict),
    ]


def inline(entry: Entry) -> str:
    certainty = f"({entry.certainty})" if entry.certainty else ""
    return " ".join(escape(part) for part in (entry.value, certainty, entry.error, entry.difference) if part)


def escape(text: str) -> str:
    """Text that LaTeX sets as it is; a character that the usual fonts lack is a question mark."""
    return "".join(CHARACTERS.get(char, char if ord(char) < LAST_OF_LATIN else "?") for char in plain(text))
