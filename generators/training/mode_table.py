"""What generators on mode-specific numbers and one-hot categories have in common."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench.records import Schema
from generators.columns import Encoded
from generators.columns.one_hot import ModeTable
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
