"""What records begin with: what a condition asks for, else a value of the target, else the name of some column.

Source: GReaT (Borisov et al. 2023, arXiv 2210.06280), section 3.3: the name of a feature, a name with a value drawn
from the column's distribution, or several of them; the orders seen in training make any of these a beginning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bench.condition import Condition, OneOf, Value, matches
from bench.errors import BenchError, unknown_name
from bench.records import Schema
from generators.great.table import Table
from generators.great.text import RowText
from generators.great.tokens import Opening


@dataclass(frozen=True)
class Starts:
    """The distribution of the column that records begin with.

    Args:
        place: of the column: the target, or the last one where there is none.
        texts, counts: its distinct values in train, and how often each occurs.
    """

    place: int
    texts: Sequence[str]
    counts: Sequence[int]

    @classmethod
    def learn(cls, table: Table, schema: Schema) -> Starts:
        place = len(schema.names) - 1 if schema.target is None else schema.names.index(schema.target)
        return cls(place, table.texts[place], table.counts(place).tolist())

    def under(self, where: Condition, text: RowText, start: str) -> Openings:
        """What records begin with under a checked condition.

        A column that must have one value begins the record, and the model says the others given that. Else the
        start value may be any of train that the condition lets through.

        Args:
            where: what is asked for.
            text: how values are written.
            start: `target` or `random`.
        """
        names = text.schema.names
        equal = [
            (place, text.value(place, value))
            for place, name in enumerate(names)
            if (value := only_value(where.get(name))) is not UNKNOWN
        ]
        counts = np.array(self.counts, dtype=np.float64)
        name = names[self.place]
        if name in where:
            values = text.column(self.place, [text.read(self.place, said) for said in self.texts])
            counts *= matches(values.to_frame(), {name: where[name]})
        if equal or start == "random" or not counts.any():
            return Openings(len(names), equal)
        return Openings(len(names), [], self.place, self.texts, counts / counts.sum())

    def state(self) -> dict[str, Any]:
        """As JSON-able values."""
        return asdict(self)

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Starts:
        return cls(**state)


@dataclass(frozen=True)
class Openings:
    """A source of beginnings for a table of so many `columns`.

    Args:
        columns: how many.
        equal: places and texts that every record begins with, in a random order.
        place: of the column that a record begins with a value of, where nothing is `equal`; None for a name only.
        texts, shares: its values and their probabilities.
    """

    columns: int
    equal: Sequence[tuple[int, str]]
    place: int | None = None
    texts: Sequence[str] = ()
    shares: np.ndarray | None = None

    def draw(self, n: int, rng: np.random.Generator) -> list[Opening]:
        """`n` of them."""
        fixed = {place for place, _ in self.equal} | ({self.place} - {None})
        others = np.array([place for place in range(self.columns) if place not in fixed], dtype=np.int64)
        following = rng.permuted(np.tile(others, (n, 1)), axis=1).tolist()
        if self.place is not None:
            values = rng.choice(len(self.texts), n, p=self.shares)
            return [
                Opening([(self.place, self.texts[value])], rest) for value, rest in zip(values, following, strict=True)
            ]
        return [Opening([self.equal[i] for i in rng.permutation(len(self.equal))], rest) for rest in following]


UNKNOWN = object()


def only_value(wanted: object) -> Value | object:
    """The value that a column must have; UNKNOWN where it may have several."""
    return wanted.values[0] if isinstance(wanted, OneOf) and len(wanted.values) == 1 else UNKNOWN


def check_known(where: Condition, text: RowText) -> None:
    """Refuse what no legal record has: a label, or a missing value, that train never had, or too many digits.

    Raises:
        BenchError: there is such a value; suggests the nearest one.
    """
    for name, wanted in where.items():
        place = text.schema.names.index(name)
        for value in wanted.values if isinstance(wanted, OneOf) else ():
            if value is None and name not in text.gaps:
                raise BenchError(f"no record can miss '{name}': train never does")
            if value is not None and name in text.labels and value not in text.labels[name]:
                raise unknown_name(f"value of '{name}'", str(value), text.labels[name])
            if value is not None and text.schema[name].kind == "real":
                said = text.value(place, value)
                if text.read(place, said) != value:
                    raise BenchError(
                        f"no record can have {name} = {value}: real numbers are written with digits={text.digits}; "
                        f"ask for {said} or for a range"
                    )
