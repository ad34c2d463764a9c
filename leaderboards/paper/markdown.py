"""Pages in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.paper.cells import cells
from leaderboards.paper.model import Report, Section
from leaderboards.render.markdown import escape, line_of

HEADINGS = ("method", "numbers", "split", "protocol")
VERDICT = "against the printed numbers"


def render(reports: Sequence[Report]) -> str:
    return "\n".join(page(report) for report in reports)


def page(report: Report) -> str:
    lines = [f"## {escape(report.title)}", "", escape(report.question), ""]
    lines += [f"- {escape(remark)}" for remark in report.remarks] + [""] * bool(report.remarks)
    for section in report.sections:
        lines += table(section, alone=len(report.sections) == 1)
    lines += [f"- <sup>{number}</sup> {escape(text)}" for number, text in enumerate(report.notes, start=1)]
    lines += [f"- {mark} {escape(meaning)}" for mark, meaning in report.legend]
    lines += ["", "How to measure it:", ""]
    for caption, command in report.commands:
        lines += [f"{escape(caption)}:", "", "```bash", command, "```", ""]
    return "\n".join(lines)


def table(section: Section, alone: bool) -> list[str]:
    headings = [*HEADINGS, *(column.heading for column in section.columns), VERDICT]
    rule = ["---"] * len(HEADINGS) + ["---:"] * len(section.columns) + ["---"]
    rows = [line_of([escape(words) for words in headings]), line_of(rule)]
    rows += [line_of(cells(line, section.columns, escape, superscript)) for line in section.lines]
    return [*([] if alone else [f"### {escape(section.heading)}", ""]), *rows, ""]


def superscript(text: str) -> str:
    return f"<sup>{text}</sup>"
