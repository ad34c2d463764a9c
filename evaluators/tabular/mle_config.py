"""What machine-learning efficiency is asked for: the options, and one evaluation with all it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from bench.errors import BenchError
from bench.progress import Progress
from bench.records import Dataset, Schema
from evaluators.tabular.mle_trials import Trials

Protocol = Literal["harness", "tabsyn", "difflm"]


@dataclass(frozen=True)
class MachineLearningEfficiencyConfig:
    """Which rules, and how much is spent on them.

    Args:
        protocols: the rules to score by; `tabsyn` and `difflm` are those of the published tables.
        trials: fits of each learner in search of hyper-parameters.
        validation_fraction: share of the synthetic rows that trials are compared on.
        maximum_trees: rounds of boosting at most.
        bootstrap_draws: resamples of the test rows for a standard error.
        repetitions: validation draws of the protocol `difflm`.
        real_percents: shares of real rows, 0 to 100, in train sets that mix them with synthetic ones.
        augmentation: also train on all real and all synthetic rows together.
        workers: fits at a time, each with one thread; None for one a core. Changes no score.
    """

    protocols: tuple[Protocol, ...] = ("harness",)
    trials: int = 12
    validation_fraction: float = 0.2
    maximum_trees: int = 500
    bootstrap_draws: int = 200
    repetitions: int = 100
    real_percents: tuple[int, ...] = ()
    augmentation: bool = False
    workers: int | None = None

    def __post_init__(self) -> None:
        least = {"trials": 1, "maximum_trees": 1, "bootstrap_draws": 0, "repetitions": 1, "workers": 1}
        for name, fewest in least.items():
            if (value := getattr(self, name)) is not None and value < fewest:
                raise BenchError(f"evaluator 'mle': {name} = {value}; must be at least {fewest}")
        for percent in self.real_percents:
            if not 0 <= percent <= 100:
                raise BenchError(f"evaluator 'mle': real_percents holds {percent}; give shares from 0 to 100")
        mixed = bool(self.real_percents) or self.augmentation
        if mixed and "harness" not in self.protocols:
            raise BenchError("evaluator 'mle': real_percents and augmentation need 'harness' among the protocols")


@dataclass(frozen=True)
class Evaluation:
    """One call of the evaluator.

    Args:
        data: real records; only its test part is tested on.
        synthetic: what is trained on.
        config: the options.
        seed: of everything.
        known: fits that were finished before.
        progress: where to report to.
    """

    data: Dataset
    synthetic: pd.DataFrame
    config: MachineLearningEfficiencyConfig
    seed: int
    known: Trials
    progress: Progress

    @property
    def schema(self) -> Schema:
        return self.data.schema
