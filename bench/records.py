"""The words that every room of the harness speaks: Column, Schema, Dataset, Source.

A record is a row of a data frame, whatever the family. The frame of a dataset is *canonical*
(`bench.frames.conform`): one pandas dtype per kind of column, missing values kept as missing.

| kind        | dtype   | holds                                                      |
|-------------|---------|------------------------------------------------------------|
| categorical | str     | labels, also those written with digits                     |
| integer     | Int64   | whole numbers                                              |
| real        | float64 | numbers                                                    |
| text        | str     | free text, such as a program                               |
| json        | str     | a JSON value in its compact text form, such as parameters  |

What evaluators need beside the records comes as frames of text (`Dataset.extras`):

| frame      | columns                                                                               |
|------------|---------------------------------------------------------------------------------------|
| problems   | task_id, prompt, entry_point, canonical_solution, test, difficulty                    |
| queries    | query, offered, answer, group                                                         |
| categories | tool_name, category: of every tool among the records                                  |

`offered` is a JSON list of APIs, {"tool_name", "name", "description", "parameters"} with a JSON Schema of the
arguments, whose names are unique. `answer` is a JSON list of {"name"} of APIs offered; where the call is known, it
has the one {"name", "arguments"}, and otherwise every API that helps to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.errors import BenchError, unknown_name

if TYPE_CHECKING:
    from bench.condition import Condition

Kind = Literal["categorical", "integer", "real", "text", "json"]
Family = Literal["tabular", "code", "tool"]
Task = Literal["classification", "regression"]
Variant = Literal["demo", "original", "file"]


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a record."""

    name: str
    kind: Kind
    description: str = ""

    @property
    def numeric(self) -> bool:
        return self.kind in ("integer", "real")


@dataclass(frozen=True, slots=True)
class Schema:
    """What a record of a dataset looks like; the columns stand in the order of the file.

    Args:
        columns: the fields of a record.
        target: the column that a model is trained to predict; None where there is none.
        task: classification or regression; None exactly where `target` is None.
        log_target: errors of a regression are measured on the logarithm of the target.
    """

    columns: tuple[Column, ...]
    target: str | None = None
    task: Task | None = None
    log_target: bool = False

    def __post_init__(self) -> None:
        names = self.names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise BenchError(f"column '{twice[0]}' stands more than once; give each column a name of its own")
        if self.target is not None and self.target not in names:
            raise unknown_name("target column", self.target, names)
        if (self.target is None) != (self.task is None):
            raise BenchError("a target needs a task (classification or regression), and a task a target")

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def numeric(self) -> list[str]:
        """Names of the integer and real columns."""
        return [column.name for column in self.columns if column.numeric]

    @property
    def categorical(self) -> list[str]:
        return [column.name for column in self.columns if column.kind == "categorical"]

    @property
    def features(self) -> list[str]:
        """Names of all columns but the target."""
        return [name for name in self.names if name != self.target]

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise unknown_name("column", name, self.names)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Schema:
        columns = tuple(Column(**column) for column in data["columns"])
        return cls(columns, data["target"], data["task"], data["log_target"])


@dataclass(frozen=True, slots=True)
class Source:
    """Where the records of a dataset come from. A leaderboard never mixes variants.

    `notes` says what was left out of the files, and how much of it.
    """

    variant: Variant
    title: str = ""
    url: str = ""
    licence: str = ""
    citation: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named set of records, split once for everybody.

    `fit` sees train, and validation where it needs one; nobody but an evaluator sees test.

    Args:
        name: its name in the registry, or the stem of a user's file.
        family: tabular, code or tool.
        schema: the fields of a record.
        train, validation, test: canonical frames with a fresh RangeIndex each.
        split: the split protocol (`harness`, `tabsyn`, `difflm`).
        split_seed: what chose the rows.
        source: provenance.
        digest: sha256 over the bytes that the records were read from, or of the simulator's settings.
        extras: what evaluators of the family need beside the records (problem sets, queries).
        log_likelihood: the truth where it is known: records -> natural logarithm of the probability of each,
            shape (rows,), -inf where a record is impossible. No part of the identity of the data.
        condition: what the records of all three parts have in common, see `bench.condition.restrict`.
    """

    name: str
    family: Family
    schema: Schema
    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    split: str
    split_seed: int
    source: Source
    digest: str
    extras: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    log_likelihood: Callable[[pd.DataFrame], NDArray[np.float64]] | None = None
    condition: Condition = field(default_factory=dict)
