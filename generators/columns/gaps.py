"""Which columns of a table a model sees as numbers, and which as categories."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.records import Column, Schema
from generators.columns.whole import offset_of, to_floats, to_integers

# digits behind the point that are looked for; a float has no more that mean anything
MOST_DECIMALS = 15
LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True)
class Layout:
    """How the columns of a schema are laid out.

    Args:
        numbers: numeric columns that have a value in train.
        gaps: those of them that also have missing ones; whether a value is missing is a category of two.
        labels: categorical columns.
        empty: columns without any value in train; they stay without.
        decimals: of every numeric column, as many as train has.
        offsets: what integer columns are counted from that no float tells apart.
    """

    numbers: tuple[str, ...]
    gaps: tuple[str, ...]
    labels: tuple[str, ...]
    empty: tuple[str, ...]
    decimals: dict[str, int]
    offsets: dict[str, int] = field(default_factory=dict)

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Layout:
        """What `dataclasses.asdict` made, also after JSON."""
        names = ("numbers", "gaps", "labels", "empty")
        return cls(**state | {name: tuple(state[name]) for name in names})

    def values(self, records: pd.DataFrame, name: str) -> NDArray[np.float64]:
        """A numeric column (rows,) counted from its offset, NaN where it is missing."""
        return to_floats(records[name], self.offsets.get(name, 0))

    def restore(self, column: Column, values: NDArray[np.float64]) -> pd.Series:
        """Numbers (rows,) as the column writes them: with its decimals, and inside of what its type holds."""
        if column.kind == "integer":
            return pd.Series(to_integers(values, self.offsets.get(column.name, 0)))
        held, digits = np.clip(values, -LARGEST, LARGEST), self.decimals[column.name]
        return pd.Series(np.round(held, digits) if digits < MOST_DECIMALS else held)


def layout(train: pd.DataFrame, schema: Schema) -> Layout:
    """The layout of a table.

    Args:
        train: canonical records.
        schema: of the records.

    Raises:
        BenchError: a column holds text or JSON, which is neither a number nor a category.
    """
    empty = tuple(name for name in schema.names if train[name].isna().all())
    for column in schema.columns:
        if column.kind in ("text", "json") and column.name not in empty:
            raise BenchError(
                f"column '{column.name}' is {column.kind}; this generator learns numbers and categories only: "
                "leave it out, or take difflm or prompt, which write such columns"
            )
    numbers = tuple(name for name in schema.numeric if name not in empty)
    return Layout(
        numbers=numbers,
        gaps=tuple(name for name in numbers if train[name].isna().any()),
        labels=tuple(name for name in schema.categorical if name not in empty),
        empty=empty,
        decimals={
            name: 0 if schema[name].kind == "integer" else decimals(train[name].to_numpy(np.float64))
            for name in numbers
        },
        offsets={
            name: offset for name in numbers if schema[name].kind == "integer" and (offset := offset_of(train[name]))
        },
    )


def decimals(values: NDArray[np.float64]) -> int:
    """The fewest digits behind the point that write all values, at most `MOST_DECIMALS`."""
    present = values[~np.isnan(values)]
    for count in range(MOST_DECIMALS):
        if (np.round(present, count) == present).all():
            return count
    return MOST_DECIMALS
