"""The Gaussian copula as a generator of tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from bench.condition import Condition
from bench.progress import Progress
from bench.records import Dataset
from generators.base import Generator, Sample
from generators.columns import MixedTable
from generators.copula.config import CopulaConfig
from generators.copula.model import GaussianCopula
from generators.reject import draw_where


class Copula(Generator):
    """Marginals by quantiles and shares, dependence by one correlation matrix; a condition is met by rejection."""

    Config = CopulaConfig
    families = frozenset({"tabular"})

    table: MixedTable
    copula: GaussianCopula

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        self.table = MixedTable.learn(data.train, data.schema)
        with progress.task("copula", 1) as task:
            rng = np.random.default_rng(seed)
            self.copula = GaussianCopula.learn(self.table.encode(data.train), self.table.sizes, rng)
            task.advance()

    def _sample(self, n: int, seed: int, where: Condition, progress: Progress) -> Sample:
        return draw_where(
            n,
            where,
            self._draw,
            rng=np.random.default_rng(seed),
            attempts_per_record=self.config.attempts_per_record,
            progress=progress,
        )

    def _draw(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        return self.table.decode(self.copula.draw(n, len(self.table.layout.numbers), rng))

    def _save(self, folder: Path) -> None:
        (folder / "table.json").write_text(json.dumps(self.table.state()), encoding="utf-8")
        shares = {f"share_{place}": share for place, share in enumerate(self.copula.shares)}
        np.savez(folder / "copula.npz", root=self.copula.root, **shares)

    def _load(self, folder: Path) -> None:
        self.table = MixedTable.restore(json.loads((folder / "table.json").read_text(encoding="utf-8")), self.schema)
        with np.load(folder / "copula.npz") as saved:
            shares = [saved[f"share_{place}"] for place in range(len(self.table.sizes))]
            self.copula = GaussianCopula(saved["root"], shares)
