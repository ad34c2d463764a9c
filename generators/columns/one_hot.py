"""Tables <-> one matrix of places, modes and labels, one-hot, for adversarial networks and TVAE.

Source: CTGAN (Xu et al. 2019), section 4.2. A missing number is a mode of its own, which the paper does not
have. `blocks` makes the matrix of one batch at a time: it is as wide as a table has labels.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bench.frames import conform
from bench.records import Schema
from generators.columns.blocks import Blocks
from generators.columns.encoded import Encoded
from generators.columns.gaps import Layout, layout
from generators.columns.labels import Labels
from generators.columns.modes import Modes


@dataclass(frozen=True)
class ModeTable:
    """The choices are first the modes of the numbers, then the categorical columns, in the order of the schema."""

    schema: Schema
    layout: Layout
    modes: dict[str, Modes]
    labels: dict[str, Labels]

    @classmethod
    def learn(cls, train: pd.DataFrame, schema: Schema, seed: int) -> ModeTable:
        """From canonical train records."""
        columns = layout(train, schema)
        modes = {}
        for name in columns.numbers:
            values = columns.values(train, name)
            modes[name] = Modes.learn(values[~np.isnan(values)], seed)
        return cls(schema, columns, modes, {name: Labels.learn(train[name]) for name in columns.labels})

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values every choice has: modes of the numbers, a missing value included, then labels."""
        modes = (len(modes) + (name in self.layout.gaps) for name, modes in self.modes.items())
        return (*modes, *(len(labels) for labels in self.labels.values()))

    @cached_property
    def blocks(self) -> Blocks:
        """What the columns of the matrix are."""
        return Blocks(len(self.modes), self.sizes)

    def choice(self, name: str) -> int:
        """The position of a categorical column among the choices."""
        return len(self.modes) + self.layout.labels.index(name)

    def encode(self, records: pd.DataFrame, rng: np.random.Generator) -> Encoded:
        """Places, and modes and labels, of canonical records; modes are drawn."""
        numbers = np.zeros((len(records), len(self.modes)), dtype=np.float32)
        codes = np.zeros((len(records), len(self.sizes)), dtype=np.int64)
        for place, (name, modes) in enumerate(self.modes.items()):
            values = self.layout.values(records, name)
            there = ~np.isnan(values)
            numbers[there, place], codes[there, place] = modes.encode(values[there], rng)
            codes[~there, place] = len(modes)
        for name, labels in self.labels.items():
            codes[:, self.choice(name)] = labels.encode(records[name])
        return Encoded(numbers, codes)

    def decode(self, encoded: Encoded) -> pd.DataFrame:
        """Canonical records."""
        columns: dict[str, Any] = {name: np.full(len(encoded), None) for name in self.layout.empty}
        for place, (name, modes) in enumerate(self.modes.items()):
            code = encoded.codes[:, place]
            missing = code == len(modes)
            values = modes.decode(encoded.numbers[:, place].astype(np.float64), np.where(missing, 0, code))
            columns[name] = self.layout.restore(self.schema[name], values).mask(missing)
        for name, labels in self.labels.items():
            columns[name] = labels.decode(encoded.codes[:, self.choice(name)])
        return conform(pd.DataFrame(columns, columns=self.schema.names), self.schema)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as JSON-able values."""
        return {
            "layout": asdict(self.layout),
            "modes": {name: asdict(modes) for name, modes in self.modes.items()},
            "labels": {name: asdict(labels) for name, labels in self.labels.items()},
        }

    @classmethod
    def restore(cls, state: dict[str, Any], schema: Schema) -> ModeTable:
        return cls(
            schema,
            Layout.restored(state["layout"]),
            {name: Modes(**modes) for name, modes in state["modes"].items()},
            {name: Labels(**labels) for name, labels in state["labels"].items()},
        )
