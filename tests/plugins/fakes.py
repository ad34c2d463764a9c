"""A generator and an evaluator of a package of its own, which do on request what goes wrong in the field."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.condition import OneOf
from evaluators.base import Evaluator, Score
from generators.base import Generator, Sample

time.sleep(float(os.environ.get("FAKES_IMPORT_SECONDS", "0")))


def misbehave(how: str) -> None:
    if how == "raise":
        raise ValueError("bad luck\nin two lines")
    if how == "memory":
        np.empty(1 << 60, dtype=np.uint8)
    if how == "exit":
        os._exit(3)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        time.sleep(600)
    if how == "deaf":
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        time.sleep(600)
    if how == "full":
        with open("/dev/full", "w") as full:
            full.write("x")


@dataclass(frozen=True)
class FakeConfig:
    fail: str = ""
    fail_on_seed: int = -1
    fail_unless: str = ""
    lost: int = 0
    delay_seconds: float = 0.0
    log: str = ""


class Fake(Generator):
    """Draws train records with replacement."""

    Config = FakeConfig
    families = frozenset({"tabular"})

    def _fit(self, data, seed, progress):
        if self.config.log:
            with open(self.config.log, "a") as log:
                log.write(f"fit {seed}\n")
        with progress.task("fake fit", 1) as task:
            time.sleep(self.config.delay_seconds)
            task.advance(loss=0.5)
        if self.config.fail_on_seed in (-1, seed) and not (
            self.config.fail_unless and Path(self.config.fail_unless).exists()
        ):
            misbehave(self.config.fail)
        self.train = data.train

    def _sample(self, n, seed, where, progress):
        rows = np.random.default_rng(seed).integers(len(self.train), size=n - min(n, self.config.lost))
        records = self.train.iloc[rows].reset_index(drop=True)
        for name, wanted in where.items():
            records[name] = wanted.values[0] if isinstance(wanted, OneOf) else wanted.low
        shortfall = "the fake lost some" if self.config.lost else None
        return Sample(records, n, {"lost": n - len(records)}, shortfall)

    def _save(self, folder):
        self.train.to_parquet(folder / "train.parquet")

    def _load(self, folder):
        import pandas as pd

        self.train = pd.read_parquet(folder / "train.parquet")


@dataclass(frozen=True)
class MeanConfig:
    fail: str = ""


class Mean(Evaluator):
    """Mean of the numbers of the records."""

    Config = MeanConfig
    families = frozenset({"tabular"})

    def evaluate(self, data, synthetic, *, seed=0, progress=None):
        misbehave(self.config.fail)
        value = float(synthetic[data.schema.numeric].astype("float64").mean().mean())
        undefined = Score("undefined", float("nan"), float("nan"), True, "harness", 1, len(synthetic), {"why": np.nan})
        return [Score("mean", value, 0.25, True, "harness", 1, len(synthetic), {"seed": np.int64(seed)}), undefined]
