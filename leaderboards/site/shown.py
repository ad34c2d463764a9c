"""What the templates show: tables of texts, each with the address of the evidence behind it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from leaderboards.aggregate import Table


@dataclass(frozen=True)
class Value:
    """A number as it is written; `sort` is the number itself, `key` the address of its evidence."""

    text: str
    error: str = ""
    best: bool = False
    sort: float | int | None = None
    key: str = ""


@dataclass(frozen=True)
class Heading:
    """A column; the arrow says which way is better, empty where neither is."""

    text: str
    arrow: str
    family: str
    title: str = ""


@dataclass(frozen=True)
class Line:
    """A generator's row; `route` is its page."""

    name: str
    route: str
    note: str
    values: list[Value]


@dataclass(frozen=True)
class Board:
    """A table whose rows are generators."""

    headings: list[Heading]
    competitors: list[Line]
    sentinels: list[Line]
    notes: list[str] = field(default_factory=list)

    @property
    def families(self) -> list[tuple[str, int]]:
        """Neighbouring columns of one family, and how many they are."""
        return [(name, len(list(own))) for name, own in itertools.groupby(one.family for one in self.headings)]


@dataclass(frozen=True)
class Metric:
    """One metric under one protocol in the rows of a table; `values` beside their headings."""

    text: str
    arrow: str
    title: str
    values: list[Value]


@dataclass(frozen=True)
class Sheet:
    """A table whose rows are metrics, by family; the head holds (name, route, note) of each generator."""

    head: list[tuple[str, str, str]]
    families: list[tuple[str, list[Metric]]]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Loss:
    """A stage of a cell that failed."""

    name: str
    route: str
    split_seed: int
    seed: int
    stage: str
    phase: str
    error: str


@dataclass(frozen=True)
class Dataset:
    """The page of a dataset; its name ends in its digest where several versions of its data are shown."""

    name: str
    route: str
    place: int
    table: Table
    facts: str
    main: Board
    every: Sheet
    times: Board
    losses: list[Loss]
    remarks: list[str]
    pictured: list[str]


@dataclass(frozen=True)
class Reached:
    """What a generator reached on one dataset."""

    route: str
    place: int
    dataset: str
    facts: str
    sheet: Sheet
    losses: list[Loss]


@dataclass(frozen=True)
class Generator:
    """The page of a generator; `configs` are (name, settings)."""

    name: str
    route: str
    note: str
    configs: list[tuple[str, dict[str, str]]]
    reached: list[Reached]
