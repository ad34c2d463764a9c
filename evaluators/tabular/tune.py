"""Hyper-parameters by Optuna's tree-structured Parzen estimator on a validation part (Akiba et al. 2019).

Trials are asked for in batches of a fixed size, and a trial that runs is taken for a bad one (the
constant liar of Ginsbourger et al. 2010). So they may run side by side, and how many do changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import optuna

from bench.progress import Task
from evaluators.tabular.encode import Examples
from evaluators.tabular.mle_trials import Trials, fingerprint
from evaluators.tabular.mle_work import side_by_side
from evaluators.tabular.models import Learner, Problem

BATCH = 4


@dataclass(frozen=True)
class Tuned:
    """The best trial: its parameters, its number of trees, and its loss on the validation part."""

    parameters: dict[str, Any]
    trees: int
    loss: float


def split(examples: Examples, classes: int, fraction: float, seed: int) -> tuple[Examples, Examples]:
    """A train and a validation part, stratified for classification.

    Of the distinct examples of every class the share `fraction`, rounded down, goes to validation,
    so that train keeps a member of each class, and no example stands on both sides: a generator that
    repeats itself would else be tuned to overfit.
    """
    together = np.column_stack([np.nan_to_num(examples.features, nan=np.finfo(np.float64).min), examples.target])
    distinct, number = np.unique(together, axis=0, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    strata = distinct[order, -1] if classes else np.zeros(len(order))
    chosen = np.zeros(len(order), dtype=bool)
    for stratum in np.unique(strata):
        members = order[strata == stratum]
        chosen[members[: int(fraction * len(members))]] = True
    validation = chosen[number]
    return examples.take(np.flatnonzero(~validation)), examples.take(np.flatnonzero(validation))


class Search:
    """The trials of one learner: the library's own defaults first, then what the sampler suggests."""

    def __init__(self, learner: Learner, seed: int, trials: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(1, trials // 3), constant_liar=True)
        self.learner = learner
        self._study = optuna.create_study(sampler=sampler)
        self._study.enqueue_trial(learner.defaults)
        self._left = trials
        self._rounds: list[int] = []

    def ask(self) -> list[tuple[optuna.Trial, dict[str, Any]]]:
        """The next batch; empty at the end."""
        size = min(BATCH, self._left)
        self._left -= size
        asked = [self._study.ask() for _ in range(size)]
        return [(trial, self.learner.suggest(trial)) for trial in asked]

    def tell(self, trial: optuna.Trial, loss: float, rounds: int) -> None:
        """What became of a trial; in the order of asking."""
        self._study.tell(trial, loss)
        self._rounds.append(rounds)

    def best(self) -> Tuned:
        trial = self._study.best_trial
        return Tuned(trial.params, self._rounds[trial.number], trial.value)


def tune(
    learners: Sequence[Learner],
    problem: Problem,
    train: Examples,
    validation: Examples,
    *,
    trials: int,
    maximum_trees: int,
    known: Trials,
    workers: int | None,
    task: Task,
) -> list[Tuned]:
    """The best of `trials` fits of each learner; those that are known already are not fitted again."""
    searches = [Search(learner, problem.seed, trials) for learner in learners]
    data = fingerprint(train.features, train.target, validation.features, validation.target)

    def run(learner: Learner, parameters: dict[str, Any]) -> Sequence[Any]:
        key = fingerprint("harness", data, learner.name, problem.classes, problem.categorical, problem.seed,
                          parameters, maximum_trees)  # fmt: skip

        def fit() -> tuple[float, int]:
            fitted = learner.fit(problem, parameters, maximum_trees, train, validation)
            # a loss that overflows is the worst, not an error
            return float(np.nan_to_num(fitted.loss, nan=np.inf)), fitted.trees

        return known.remember(key, fit)

    while asked := [(search, *one) for search in searches for one in search.ask()]:
        jobs = [partial(run, search.learner, parameters) for search, _, parameters in asked]
        results = side_by_side(jobs, workers, done=lambda result: task.advance(loss=result[0]))
        for (search, trial, _), result in zip(asked, results, strict=True):
            search.tell(trial, *result)
    return [search.best() for search in searches]
