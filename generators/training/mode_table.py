"""What generators on mode-specific numbers and one-hot categories have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from bench.records import Schema
from generators.columns import Encoded, ModeTable, Span
from generators.training.neural import NeuralTable


class ModeTableGenerator(NeuralTable):
    """Base of generators whose networks read and write the matrix of a `ModeTable`."""

    table: ModeTable

    @staticmethod
    def learn_table(train: pd.DataFrame, schema: Schema, seed: int) -> ModeTable:
        return ModeTable.learn(train, schema, seed)

    @staticmethod
    def restore_table(state: dict[str, object], schema: Schema) -> ModeTable:
        return ModeTable.restore(state, schema)

    def encode(self, records: pd.DataFrame, seed: int) -> Encoded:
        return self.table.encode(records, np.random.default_rng(seed))

    @property
    def spans(self) -> list[Span]:
        """What the columns of the matrix are."""
        return self.table.spans

    @staticmethod
    def encoded(n: int, numbers: Sequence[torch.Tensor], codes: Sequence[torch.Tensor]) -> Encoded:
        """`n` records of their places and of the values of their choices, (n,) each, in the order of the spans."""
        return Encoded(
            np.column_stack([np.zeros((n, 0)), *(place.numpy() for place in numbers)]).astype(np.float32),
            np.column_stack([np.zeros((n, 0)), *(code.numpy() for code in codes)]).astype(np.int64),
        )
