"""Tables <-> normal scores and codes, for models that treat numbers and categories in two ways.

A number becomes its normal score; where it has gaps, whether it is missing is a choice of two, and the
score of a missing value is 0, the middle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from bench.frames import conform
from bench.records import Schema
from generators.columns.encoded import Encoded
from generators.columns.gaps import Layout, layout
from generators.columns.labels import Labels
from generators.columns.quantile import Quantiles


@dataclass(frozen=True)
class MixedTable:
    """The choices are first the gaps, then the categorical columns, in the order of the schema.

    A subclass with another `scale` measures numbers in another way.
    """

    scale: ClassVar[Any] = Quantiles  # of one column: learn, encode, decode

    schema: Schema
    layout: Layout
    scales: dict[str, Any]
    labels: dict[str, Labels]

    @classmethod
    def learn(cls, train: pd.DataFrame, schema: Schema) -> Self:
        """From canonical train records."""
        columns = layout(train, schema)
        scales = {}
        for name in columns.numbers:
            values = columns.values(train, name)
            scales[name] = cls.scale.learn(values[~np.isnan(values)])
        return cls(schema, columns, scales, {name: Labels.learn(train[name]) for name in columns.labels})

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values every choice has."""
        return (*(2 for _ in self.layout.gaps), *(len(labels) for labels in self.labels.values()))

    def choice(self, name: str) -> int:
        """The position of a categorical column among the choices."""
        return len(self.layout.gaps) + self.layout.labels.index(name)

    def encode(self, records: pd.DataFrame) -> Encoded:
        """Numbers and codes of canonical records; a label that train never had gets -1."""
        numbers = np.zeros((len(records), len(self.layout.numbers)), dtype=np.float32)
        codes = np.zeros((len(records), len(self.sizes)), dtype=np.int64)
        for place, name in enumerate(self.layout.numbers):
            values = self.layout.values(records, name)
            there = ~np.isnan(values)
            numbers[there, place] = self.scales[name].encode(values[there])
            if name in self.layout.gaps:
                codes[:, self.layout.gaps.index(name)] = ~there
        for name, labels in self.labels.items():
            codes[:, self.choice(name)] = labels.encode(records[name])
        return Encoded(numbers, codes)

    def decode(self, encoded: Encoded) -> pd.DataFrame:
        """Canonical records."""
        columns: dict[str, Any] = {name: np.full(len(encoded), None) for name in self.layout.empty}
        for place, name in enumerate(self.layout.numbers):
            values = self.scales[name].decode(encoded.numbers[:, place].astype(np.float64))
            columns[name] = self.layout.restore(self.schema[name], values)
            if name in self.layout.gaps:
                columns[name] = columns[name].mask(encoded.codes[:, self.layout.gaps.index(name)] == 1)
        for name, labels in self.labels.items():
            columns[name] = labels.decode(encoded.codes[:, self.choice(name)])
        return conform(pd.DataFrame(columns, columns=self.schema.names), self.schema)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as JSON-able values."""
        return {
            "layout": asdict(self.layout),
            "scales": {name: asdict(scale) for name, scale in self.scales.items()},
            "labels": {name: asdict(labels) for name, labels in self.labels.items()},
        }

    @classmethod
    def restore(cls, state: dict[str, Any], schema: Schema) -> Self:
        return cls(
            schema,
            Layout.restored(state["layout"]),
            {name: cls.scale(**scale) for name, scale in state["scales"].items()},
            {name: Labels(**labels) for name, labels in state["labels"].items()},
        )
