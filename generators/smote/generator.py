"""SMOTE as a generator of tables; a condition is met by rejection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bench.condition import Condition
from bench.frames import conform
from bench.progress import Progress
from bench.records import Dataset
from generators.base import Generator, Sample
from generators.reject import draw_where
from generators.smote.config import SmoteConfig
from generators.smote.model import decode, encode, interpolate

RECORDS = "train.parquet"


class Smote(Generator):
    """Interpolates between a train record and one of its nearest neighbours of the same class.

    The target is the class, a numeric one by quantile bins, inside which it is interpolated like
    the others. A category is the most frequent one among the neighbours, which in a table of only
    categories and one class are the records with most equal categories. A missing category counts
    as a category; where a number is missing is decided like a category, by the neighbours.
    """

    Config = SmoteConfig
    families = frozenset({"tabular"})

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        self._learn(data.train)

    def _learn(self, records: pd.DataFrame) -> None:
        self.records = records
        self.encoded = encode(records, self.schema, self.config.target_bins)

    def _sample(self, n: int, seed: int, where: Condition, progress: Progress) -> Sample:
        if not where:
            # by the seed itself, not by a number drawn from it
            return Sample(self._draw(n, seed), n)
        return draw_where(
            n,
            where,
            lambda size, rng: self._draw(size, int(rng.integers(2**31))),
            rng=np.random.default_rng(seed),
            attempts_per_record=self.config.attempts_per_record,
            progress=progress,
        )

    def _draw(self, n: int, seed: int) -> pd.DataFrame:
        values = interpolate(self.encoded, n, self.config.neighbours, seed)
        return conform(decode(self.encoded, values, self.schema), self.schema)

    def _save(self, folder: Path) -> None:
        self.records.to_parquet(folder / RECORDS)

    def _load(self, folder: Path) -> None:
        self._learn(conform(pd.read_parquet(folder / RECORDS), self.schema))
