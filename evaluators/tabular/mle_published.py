"""The two published protocols of machine-learning efficiency: `tabsyn`, and `difflm`, which repeats it.

`difflm` (Zhou et al. 2024, arXiv 2411.03250) is **optimistic by construction**: of a hundred repetitions
with validation draws of their own it reports the one that did best on the *test* rows, and of its
selections the best for each measure, again on the test rows. Its numbers compare with the paper's
table and with nothing else; the details hold mean and spread over the repetitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.records import Schema
from evaluators.base import Score
from evaluators.tabular.encode import fit_encoding
from evaluators.tabular.mle_config import Evaluation, Protocol
from evaluators.tabular.mle_measures import measured, metric_name, true_classes, undefined, why_not_learnt
from evaluators.tabular.mle_tabsyn import (
    BOOSTERS,
    GRID,
    TREES,
    VALIDATION_SHARE,
    Booster,
    Table,
    best,
    draw_validation,
    logged,
    measure,
    measures,
    published_schema,
    selections,
    tables,
)
from evaluators.tabular.mle_trials import fingerprint
from evaluators.tabular.mle_work import side_by_side
from evaluators.tabular.prediction import bootstrap_weights

VERSION = 1
NOTE = "best repetition and best selection on the test rows: optimistic, for the paper's table only"


@dataclass(frozen=True)
class Problem:
    """Rows of one evaluation as the published rule sees them; `classes` of train, 0 for a regression."""

    train: Table
    test: Table
    classes: int
    seed: int

    @property
    def test_target(self) -> NDArray[np.float64]:
        return self.test.target if self.classes else logged(self.test.target)

    def fit(self, repetition: int, booster: int) -> tuple[Booster, Table]:
        """A booster of the grid and its validation rows."""
        rows, held_out = draw_validation(len(self.train.target), (self.seed, repetition))
        return Booster(BOOSTERS[booster], self.train.take(rows), self.classes, self.seed), self.train.take(held_out)

    def test_values(self, repetition: int, point: int, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """The measures of a point of the grid, fitted again, one value a line of `weights`."""
        fitted, _ = self.fit(repetition, point // len(TREES))
        answer = list(fitted.predict(self.test))[point % len(TREES)]
        return measure(self.test_target, answer, self.classes, weights)


@dataclass(frozen=True)
class Repetition:
    """What one validation draw gave: measure -> its values on validation or test rows, each shape (36,)."""

    validation: dict[str, NDArray[np.float64]]
    test: dict[str, NDArray[np.float64]]

    def selected(self, selection: str) -> int:
        """The point of the grid that is best by a measure on the validation rows."""
        return best(selection, self.validation[selection])


def tabsyn(job: Evaluation) -> list[Score]:
    """Each measure of the model that is selected by it; the details hold every selection."""
    problem = prepare(job)
    if isinstance(problem, str):
        return nothing(job, "tabsyn", problem)
    (found,) = repetitions(job, problem, 1)
    names = measures(problem.classes)
    chosen = [found.selected(name) for name in names]
    table = {
        selection: GRID[found.selected(selection)]
        | {name: float(found.test[name][found.selected(selection)]) for name in names}
        for selection in selections(problem.classes)
    }
    return report(job, problem, "tabsyn", [(0, point) for point in chosen], {"selections": table})


def difflm(job: Evaluation) -> list[Score]:
    """For each measure its best over the selections, in the repetition whose main measure is best."""
    problem = prepare(job)
    if isinstance(problem, str):
        return nothing(job, "difflm", problem)
    found = repetitions(job, problem, job.config.repetitions)
    names = measures(problem.classes)
    points = {name: [best_selection(one, name, problem.classes) for one in found] for name in names}
    outcomes = {
        name: np.array([one.test[name][point] for one, point in zip(found, points[name], strict=True)])
        for name in names
    }
    taken = best(names[0], outcomes[names[0]])
    details = {
        "note": NOTE,
        "repetitions": len(found),
        "mean": {name: float(values.mean()) for name, values in outcomes.items()},
        "standard_deviation": {
            name: float(values.std(ddof=1)) if len(found) > 1 else None for name, values in outcomes.items()
        },
    }
    return report(job, problem, "difflm", [(taken, points[name][taken]) for name in names], details)


def best_selection(one: Repetition, name: str, classes: int) -> int:
    """Of the selected points of the grid the best by a measure on the test rows."""
    chosen = [one.selected(selection) for selection in selections(classes)]
    return chosen[best(name, one.test[name][chosen])]


def prepare(job: Evaluation) -> Problem | str:
    """The rows, or why the rule does not apply to them."""
    schema = published_schema(job.schema)
    encoding = fit_encoding(job.synthetic, schema)
    train, test = encoding.examples(job.synthetic), encoding.examples(job.data.test)
    if len(test) == 0:
        return "there are no test records with a target"
    reason = why_not_learnt(schema, train, "synthetic ")
    if reason is None and len(train) < VALIDATION_SHARE:
        reason = f"{len(train)} synthetic records; a ninth of them for validation is none"
    if reason is not None:
        return reason
    classes = len(encoding.classes)
    target = true_classes(encoding, job.data.test)[0].astype(np.float64) if classes else test.target
    return Problem(*tables(encoding, train, test, target), classes, job.seed)


def repetitions(job: Evaluation, problem: Problem, number: int) -> list[Repetition]:
    """The whole grid for each of so many validation draws."""
    data = fingerprint(
        problem.train.features, problem.train.target, problem.test.features, problem.test.target, problem.classes
    )

    def fit(repetition: int, booster: int) -> list[list[dict[str, float]]]:
        fitted, validation = problem.fit(repetition, booster)
        # as published: the validation target of a regression is not logged
        parts = ((validation, validation.target), (problem.test, problem.test_target))
        found = []
        for table, target in parts:
            ones = np.ones((1, len(target)))
            points = [measure(target, answer, problem.classes, ones) for answer in fitted.predict(table)]
            found.append([{name: float(values[0]) for name, values in point.items()} for point in points])
        return found

    def run(repetition: int, booster: int) -> Any:
        key = fingerprint("tabsyn", data, problem.seed, repetition, BOOSTERS[booster], TREES)
        return job.known.remember(key, partial(fit, repetition, booster))

    jobs = [partial(run, repetition, booster) for repetition in range(number) for booster in range(len(BOOSTERS))]
    with job.progress.task("mle, published grid", len(jobs), "fits") as task:
        results = side_by_side(jobs, job.config.workers, done=lambda result: task.advance())
    return [collect(results[first : first + len(BOOSTERS)]) for first in range(0, len(results), len(BOOSTERS))]


def collect(results: Sequence[list[list[dict[str, float]]]]) -> Repetition:
    """From the results of the boosters to one value a point of the grid."""
    parts = []
    for part in range(2):
        points = [values for result in results for values in result[part]]
        parts.append({name: np.array([values[name] for values in points]) for name in points[0]})
    return Repetition(*parts)


def report(
    job: Evaluation, problem: Problem, protocol: Protocol, chosen: Sequence[tuple[int, int]], details: dict[str, Any]
) -> list[Score]:
    """A score for each measure, of its repetition and point of the grid, fitted again for the standard errors."""
    weights = bootstrap_weights(len(problem.test.target), job.config.bootstrap_draws, job.seed)
    models = list(dict.fromkeys(chosen))
    jobs = [partial(problem.test_values, repetition, point, weights) for repetition, point in models]
    found = dict(zip(models, side_by_side(jobs, job.config.workers), strict=True))
    rows = {"train_rows": len(problem.train.target), "test_rows": len(problem.test.target)}
    return [
        measured(
            metric_name("xgboost", name, not problem.classes),
            found[model][name],
            protocol,
            VERSION,
            len(job.synthetic),
            {"parameters": GRID[model[1]], "repetition": model[0]} | rows | details,
        )
        for name, model in zip(measures(problem.classes), chosen, strict=True)
    ]


def nothing(job: Evaluation, protocol: Protocol, reason: str) -> list[Score]:
    return [undefined(name, reason, protocol, VERSION, len(job.synthetic)) for name in metrics(job.schema)]


def metrics(schema: Schema) -> list[str]:
    """The names of the scores where none is defined; of a classification those of two classes."""
    classes = 2 if schema.task == "classification" else 0
    return [metric_name("xgboost", name, not classes) for name in measures(classes)]
