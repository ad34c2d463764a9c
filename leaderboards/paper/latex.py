"""Pages in LaTeX: one `table*` a table, which needs the packages booktabs and graphicx."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.paper.cells import cells
from leaderboards.paper.model import Report, Section
from leaderboards.render.latex import escape

OPENING = r"""% \usepackage{booktabs,graphicx,textcomp}
% letters beyond Latin need XeLaTeX or LuaLaTeX
"""


def render(reports: Sequence[Report]) -> str:
    return OPENING + "\n".join(page(report) for report in reports)


def page(report: Report) -> str:
    notes = [f"{superscript(str(number))}~{escape(text)}" for number, text in enumerate(report.notes, start=1)]
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
    rows = [" & ".join(cells(line, section.columns, escape, superscript)) + r" \\" for line in section.lines]
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


def superscript(text: str) -> str:
    return rf"\textsuperscript{{{text}}}"
