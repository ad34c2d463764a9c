"""What a page is made of, before it is written in any format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from leaderboards import columns

Kind = Literal["printed", "measured", "not measured", "not run"]
LOWER = frozenset({"xgboost_rmse_log", "judge_loss_percent"})
HEADINGS = {
    "judge_win_percent": "judge: wins %",
    "judge_equal_percent": "judge: equal %",
    "judge_loss_percent": "judge: loses %",
    "judge_win_rate_percent": "judge: wins %, a tie half",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One metric on one dataset; the protocol belongs to the line."""

    dataset: str
    metric: str

    @property
    def lower_is_better(self) -> bool:
        return self.metric.endswith("error_percent") or self.metric in LOWER

    @property
    def unit(self) -> str:
        """The metric as it is headed; an ideal of 50 has no direction."""
        name = HEADINGS.get(self.metric) or columns.MAIN.get(self.metric) or self.metric.replace("_", " ")
        if self.metric in ("dcr_share_percent", "judge_equal_percent", "c2st_xgboost_auc"):
            return name
        return f"{name} {'↓' if self.lower_is_better else '↑'}"

    @property
    def heading(self) -> str:
        return f"{self.dataset} {self.unit}"

    def write(self, value: float, sign: str = "") -> str:
        return f"{value:{sign}.{2 if self.metric.endswith('_percent') else 4}f}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a table as it is written, but for markup.

    Args:
        value: the number with its marks, or why there is none.
        error: ± standard error.
        difference: ours - printed; empty where the two are not comparable.
        certainty: letter of a printed number (`words.CERTAINTIES`); empty for a measured one.
    """

    value: str
    error: str = ""
    difference: str = ""
    certainty: str = ""


@dataclass(frozen=True)
class Line:
    """A method as one paper prints it, or as we measured it in one config under one rule.

    Args:
        method: as it is headed.
        kind: where the numbers come from, or why there are none.
        source: of printed numbers; profile, data and seeds of measured ones.
        split, protocol: of all numbers of the line; empty where they are not known.
        entries: what is there; a column that is missing says so by the kind of the line.
        numbers: the values of the entries.
        verdict: whether and with what it is compared, or why not.
        generator: registered name, empty where there is none.
        profile: of measured numbers.
        models: printed methods whose model a measured line has.
        notes: numbers of the footnotes that concern this line.
    """

    method: str
    kind: Kind
    source: str = ""
    split: str = ""
    protocol: str = ""
    entries: dict[Column, Entry] = field(default_factory=dict)
    numbers: dict[Column, float] = field(default_factory=dict)
    verdict: str = ""
    generator: str = ""
    profile: str = ""
    models: tuple[str, ...] = ()
    notes: tuple[int, ...] = ()

    @property
    def shown_split(self) -> str:
        return self.split or self.unstated

    @property
    def shown_protocol(self) -> str:
        return self.protocol or self.unstated

    @property
    def unstated(self) -> str:
        return "not stated" if self.kind == "printed" else "-"

    @property
    def origin(self) -> str:
        """Kind and source in a few words."""
        return f"{self.kind}: {self.source}" if self.source else self.kind

    def entry(self, column: Column) -> Entry:
        missing = {"printed": "not printed", "measured": "not measured"}
        return self.entries.get(column) or Entry(missing.get(self.kind, self.kind))


@dataclass(frozen=True)
class Section:
    """One table of a page."""

    heading: str
    columns: list[Column]
    lines: list[Line]


@dataclass(frozen=True)
class Report:
    """A page, ready to be written.

    Args:
        name: as the command line has it.
        title, question: what it is about.
        sections: its tables.
        remarks: what holds for the whole page.
        notes: footnotes, the first has the number 1.
        legend: marks that the page uses, with their meanings.
        commands: captions, with the commands that measure or reproduce it.
    """

    name: str
    title: str
    question: str
    sections: list[Section]
    remarks: list[str]
    notes: list[str]
    legend: list[tuple[str, str]]
    commands: list[tuple[str, str]]
