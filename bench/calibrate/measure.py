"""Every score of every evaluator on every damage at every level, several times."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.calibrate.damages import Damage
from bench.datasets import get_loader, load
from bench.datasets.files import is_path
from bench.errors import BenchError
from bench.frames import conform, digest
from bench.progress import SILENT, Progress
from bench.records import Dataset

if TYPE_CHECKING:
    from evaluators.base import Evaluator

Metric = tuple[str, str, str]


@dataclass(frozen=True)
class Replicate:
    """Five samples of a known truth, independent of each other and equally large.

    Args:
        data: train, validation and test.
        fresh: the ideal synthetic records, left as they are.
        other: as ideal, to be damaged. Were they the same as `fresh`, the noise of sampling would cancel,
            as it does not for whoever compares two generators.
    """

    data: Dataset
    fresh: pd.DataFrame
    other: pd.DataFrame


@dataclass(frozen=True)
class Reading:
    """One metric on one damage.

    Args:
        evaluator, metric, protocol: what was measured.
        higher_is_better: the direction that the score declares.
        damage: its name.
        labels: of the levels, the undamaged one first.
        values: shape (levels, seeds), the undamaged level first; NaN where the score is not defined.
        reason: why a value is not defined; empty where all are.
    """

    evaluator: str
    metric: str
    protocol: str
    higher_is_better: bool
    damage: str
    labels: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    reason: str = ""


@dataclass(frozen=True)
class Failure:
    """An evaluator that raised, which none should."""

    evaluator: str
    damage: str
    label: str
    seed: int
    error: str


FRESH = "0"


def simulator(name: str) -> Callable[[int, int], Replicate]:
    """Draws replicates of the simulated variant of a dataset: (rows of each sample, seed) -> replicate.

    Raises:
        BenchError: it is no table, or has no simulator, or the name is not known.
    """
    if is_path(name):
        raise BenchError(f"'{name}' cannot serve: damage of known size needs a known truth; see 'bench list'")
    loader = get_loader(name)
    if loader.family != "tabular" or not loader.demo:
        raise BenchError(f"dataset '{name}' cannot serve: damage of known size needs a table with a simulator")
    demo = importlib.import_module(loader.demo)
    known = load(name)

    def draw(rows: int, seed: int) -> Replicate:
        records = conform(demo.simulate(5 * rows, demo.SEED + 1 + seed), loader.schema)
        train, validation, test, fresh, other = (
            records.iloc[start : start + rows].reset_index(drop=True) for start in range(0, 5 * rows, rows)
        )
        data = replace(known, train=train, validation=validation, test=test, digest=digest(records))
        return Replicate(data, fresh, other)

    return draw


def measure(
    draw: Callable[[int, int], Replicate],
    evaluators: Mapping[str, Evaluator],
    damages: Sequence[Damage],
    *,
    rows: int,
    seeds: int,
    progress: Progress = SILENT,
) -> tuple[list[Reading], list[Failure]]:
    """Score fresh and damaged records against train and test records of their own, `seeds` times.

    The seed chooses all records, the damage and the evaluator's own randomness. All damages at all
    levels of one seed start from the same records.

    Args:
        draw: the truth.
        evaluators: by name.
        damages: those that the table cannot have are left out.
        rows: of every sample.
        seeds: how many replicates.
        progress: told of every sample that has been scored.
    """
    table = Table(evaluators, seeds)
    schema = draw(2, 0).data.schema
    possible = [damage for damage in damages if damage.possible(schema)]
    total = seeds * (1 + sum(len(damage.levels) for damage in possible))
    with progress.task("calibrate", total, "samples") as task:
        for seed in range(seeds):
            one = draw(rows, seed)
            table.score(one.data, one.fresh, "", FRESH, seed)
            task.advance()
            for damage in possible:
                for label, amount in damage.levels.items():
                    # of the name, so that one damage more changes none of the others
                    rng = np.random.default_rng([seed, *damage.name.encode()])
                    damaged = damage.apply(one.other, one.data.train, schema, amount, rng)
                    table.score(one.data, damaged, damage.name, label, seed)
                    task.advance()
    return table.readings(possible), table.failures


class Table:
    """Values by metric, damage and level, as they come in."""

    def __init__(self, evaluators: Mapping[str, Evaluator], seeds: int) -> None:
        self.failures: list[Failure] = []
        self._evaluators = evaluators
        self._seeds = seeds
        self._directions: dict[Metric, bool] = {}
        self._values: dict[tuple[Metric, str, str], list[float]] = {}
        self._reasons: dict[tuple[Metric, str], str] = {}

    def score(self, data: Dataset, records: pd.DataFrame, damage: str, label: str, seed: int) -> None:
        for name, evaluator in self._evaluators.items():
            try:
                scores = evaluator.evaluate(data, records, seed=seed)
            except Exception as error:  # one that raises must not cost the work of all others
                text = f"{type(error).__name__}: {' '.join(str(error).split())}"
                self.failures.append(Failure(name, damage, label, seed, text))
                continue
            for one in scores:
                metric = (name, one.metric, one.protocol)
                self._directions.setdefault(metric, one.higher_is_better)
                empty = [float("nan")] * self._seeds
                self._values.setdefault((metric, damage, label), empty)[seed] = float(one.value)
                if not np.isfinite(one.value):
                    self._reasons.setdefault((metric, damage), str(one.details.get("reason", "no reason is given")))

    def readings(self, damages: Sequence[Damage]) -> list[Reading]:
        missing = [float("nan")] * self._seeds
        found = []
        for metric, higher_is_better in self._directions.items():
            for damage in damages:
                places = [("", FRESH), *((damage.name, label) for label in damage.levels)]
                values = tuple(tuple(self._values.get((metric, *place), missing)) for place in places)
                reason = self._reasons.get((metric, damage.name)) or self._reasons.get((metric, ""), "")
                labels = tuple(label for _, label in places)
                found.append(Reading(*metric, higher_is_better, damage.name, labels, values, reason))
        return found
