"""Columns resampled independently of each other, missing values included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bench.condition import Condition, matches
from bench.frames import conform
from bench.progress import Progress
from bench.records import Dataset
from generators.base import Generator, Sample
from generators.marginals.config import MarginalsConfig
from generators.marginals.model import draw_texts, draw_values

RECORDS = "train.parquet"


class Marginals(Generator):
    """Draws every column on its own.

    A value of a text or JSON column is made of independent tokens, because resampled programs
    would be the ceiling of a data set of programs, not its floor. A condition narrows down
    what its columns are drawn from, which changes nothing in the others.
    """

    Config = MarginalsConfig
    families = frozenset({"tabular", "code", "tool"})

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        self.records = data.train

    def _sample(self, n: int, seed: int, where: Condition, progress: Progress) -> Sample:
        for name, wanted in where.items():
            if n > 0 and not matches(self.records, {name: wanted}).any():
                return Sample(self.records.iloc[:0], 0, shortfall=f"no train record has {wanted.describe(name)}")
        rng = np.random.default_rng(seed)
        columns = {}
        with progress.task("marginals", len(self.schema.columns), "columns") as task:
            for column in self.schema.columns:
                values = self.records[column.name]
                if column.name in where:
                    values = values[matches(self.records, {column.name: where[column.name]})]
                draw = draw_texts if column.kind in ("text", "json") and column.name not in where else draw_values
                columns[column.name] = draw(values, n, rng)
                task.advance()
        return Sample(conform(pd.DataFrame(columns), self.schema), n)

    def _save(self, folder: Path) -> None:
        self.records.to_parquet(folder / RECORDS)

    def _load(self, folder: Path) -> None:
        self.records = conform(pd.read_parquet(folder / RECORDS), self.schema)
