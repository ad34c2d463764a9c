"""Hyper-parameters by Optuna's tree-structured Parzen estimator on a validation part (Akiba et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from bench.progress import Task
from evaluators.tabular.encode import Examples
from evaluators.tabular.models import Learner, Problem


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


def tune(
    learner: Learner,
    problem: Problem,
    train: Examples,
    validation: Examples,
    *,
    trials: int,
    maximum_trees: int,
    task: Task,
) -> Tuned:
    """Try the library's own defaults first, then what the sampler suggests; `trials` fits in all."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=problem.seed, n_startup_trials=max(1, trials // 3))
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial(learner.defaults)
    rounds = []
    for _ in range(trials):
        trial = study.ask()
        fitted = learner.fit(problem, learner.suggest(trial), maximum_trees, train, validation)
        study.tell(trial, fitted.loss)
        rounds.append(fitted.trees)
        task.advance(loss=fitted.loss)
    best = study.best_trial
    return Tuned(best.params, rounds[best.number], best.value)
