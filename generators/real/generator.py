"""A bootstrap sample of the train records (Efron 1979): what no generator can be expected to beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bench.condition import Condition, matches
from bench.frames import conform
from bench.progress import Progress
from bench.records import Dataset
from generators.base import Generator, Sample
from generators.real.config import RealConfig

RECORDS = "train.parquet"


class Real(Generator):
    """Draws train records with replacement; a condition narrows down what is drawn from."""

    Config = RealConfig
    families = frozenset({"tabular", "code", "tool"})

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        self.records = data.train

    def _sample(self, n: int, seed: int, where: Condition, progress: Progress) -> Sample:
        candidates = np.flatnonzero(matches(self.records, where))
        if len(candidates) == 0 and n > 0:
            return Sample(self.records.iloc[:0], 0, shortfall="no train record fulfils the condition")
        rows = np.random.default_rng(seed).choice(candidates, size=n)
        return Sample(self.records.iloc[rows].reset_index(drop=True), n)

    def _save(self, folder: Path) -> None:
        self.records.to_parquet(folder / RECORDS)

    def _load(self, folder: Path) -> None:
        self.records = conform(pd.read_parquet(folder / RECORDS), self.schema)
