"""SMOTE as a generator of tables; a condition is met by rejection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bench.frames import conform
from bench.progress import Progress
from bench.records import Dataset
from generators.base import Generator, Sample, Where, matches
from generators.smote.config import SmoteConfig
from generators.smote.model import decode, encode, interpolate

RECORDS = "train.parquet"


class Smote(Generator):
    """Interpolates between a train record and one of its nearest neighbours of the same class.

    The target is the class, a numeric one by quantile bins, inside which it is interpolated like
    the others. A category is the most frequent one among the neighbours. A missing category counts
    as a category; where a number is missing is decided like a category, by the neighbours.
    """

    Config = SmoteConfig
    families = frozenset({"tabular"})

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        self._learn(data.train)

    def _learn(self, records: pd.DataFrame) -> None:
        self.records = records
        self.encoded = encode(records, self.schema, self.config.target_bins)

    def _sample(self, n: int, seed: int, where: Where, progress: Progress) -> Sample:
        cap = n * self.config.attempts_per_record if where else n
        kept, missing, attempts = [self.records.iloc[:0]], n, 0
        rng = np.random.default_rng(seed)
        with progress.task("smote", n, "records") as task:
            while missing > 0 and attempts < cap:
                # the neighbours are searched anew every time, so rather a few large batches
                size = min(max(n, attempts), cap - attempts)
                values = interpolate(self.encoded, size, self.config.neighbours, int(rng.integers(2**31)))
                records = conform(decode(self.encoded, values, self.schema), self.schema)
                fulfilled = records[matches(records, where)].iloc[:missing]
                kept.append(fulfilled)
                missing -= len(fulfilled)
                attempts += size
                task.advance(len(fulfilled))
        records = pd.concat(kept, ignore_index=True)
        if not where:
            return Sample(records, attempts)
        rejected = {"condition": attempts - len(records)}
        shortfall = f"the condition was met {len(records)} times in {attempts} attempts" if missing else None
        return Sample(records, attempts, rejected, shortfall)

    def _save(self, folder: Path) -> None:
        self.records.to_parquet(folder / RECORDS)

    def _load(self, folder: Path) -> None:
        self._learn(conform(pd.read_parquet(folder / RECORDS), self.schema))
