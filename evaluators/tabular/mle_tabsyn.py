"""Protocol `tabsyn` of machine-learning efficiency: the rule of TabSyn's tables (Zhang et al. 2024, arXiv 2310.09656).

Described from the released evaluation code (github.com/amazon-science/tabsyn, eval/mle/mle.py). A grid of
36 XGBoosts is fitted to 8/9 of the synthetic rows and compared on the other 1/9; each measure selects a
model of its own, which is fitted again to the same 8/9 and tested on the real test rows.

Its quirks, kept because the printed numbers have them:

- Every numeric column is scaled by the minimum and maximum of the *first* numeric column. Where these
  are at least 0 and at least 1000, every numeric column is logged instead, below 0.01 clipped: on
  Default, whose first column is the credit limit, this loses bills and payments of zero or less.
- A minimum or maximum of 0 counts as not yet known, so that the next column's takes its place; test rows
  then are scaled from their first column on by what the train rows ended with.
- A regression is always on the logarithm of the target (clipped to 1..20000), but the target of the
  validation rows is not logged. The selection therefore takes the largest predictions for the best.
- Boosting starts from 0.5, XGBoost's default of that time, and not from the mean of the target: on
  Beijing a difference of 0.03 in the error of the selected model.
- "Weighted F1" weights the F1 of a class by the share of the *other* classes, over their number - 1.
- Model and validation rows are never put together again: a ninth of the rows is not learnt from.

Ours differ where theirs would crash or depend on luck: the validation draw has a seed; missing numbers
are left to XGBoost and not looked at by the scaling; a range of zero is not divided by; a class that
only one side has is a wrong answer. The histogram method runs on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from bench.records import Schema
from evaluators.tabular.encode import LARGEST, LOG_RANGE, Encoding, Examples
from evaluators.tabular.prediction import accuracy, macro_auc, r_squared, root_mean_squared_error

Array = NDArray[np.float64]

VALIDATION_SHARE = 9
GAMMA, MAX_DEPTH, MIN_CHILD_WEIGHT, TREES = (0.0, 1.0), (5, 10, 20), (1, 10), (10, 50, 100)
# The order of the published grid: the first of equally good models is taken.
BOOSTERS = [
    {"gamma": gamma, "max_depth": depth, "min_child_weight": weight}
    for gamma, depth, weight in product(GAMMA, MAX_DEPTH, MIN_CHILD_WEIGHT)
]
GRID = [booster | {"n_estimators": trees} for booster in BOOSTERS for trees in TREES]
START = 0.5
LOGGED_FROM, LEAST_LOGGED = 1e3, 1e-2
AVERAGE = "average"


@dataclass(frozen=True)
class Table:
    """Rows as the rule sees them.

    Args:
        features: shape (rows, numbers and one-hot categories).
        target: a class in 0..classes-1, or beyond where train has never had it; or a number, not logged.
    """

    features: NDArray[np.float32]
    target: Array

    def take(self, rows: NDArray[np.int64]) -> Table:
        return Table(self.features[rows], self.target[rows])


def published_schema(schema: Schema) -> Schema:
    """The schema whose codes are used: the target of a regression as it is."""
    return replace(schema, log_target=False)


def scale(columns: Sequence[Array], low: float, high: float) -> tuple[list[Array], float, float]:
    """Numeric columns on one scale, and the minimum and maximum that this ended with; 0 is not known yet."""
    scaled = []
    for column in columns:
        there = column[~np.isnan(column)]
        if len(there):
            low, high = low or float(there.min()), high or float(there.max())
        if low >= 0 and high >= LOGGED_FROM:
            scaled.append(np.log(np.maximum(column, LEAST_LOGGED)))
        else:
            scaled.append((column - low) / ((high - low) or 1.0) * 5)
    return scaled, low, high


def tables(encoding: Encoding, train: Examples, test: Examples, test_target: Array) -> tuple[Table, Table]:
    """Train and test rows; scale and categories are those of train.

    Args:
        encoding: of the train rows.
        train, test: rows with its codes.
        test_target: of the test rows, with classes that train never had.
    """
    numeric = [place for place in range(train.features.shape[1]) if place not in encoding.categorical]
    low = high = 0.0
    made = []
    for examples, target in ((train, train.target), (test, test_target)):
        columns = [examples.features[:, place].astype(np.float32) for place in numeric]
        with np.errstate(over="ignore"):
            scaled, low, high = scale(columns, low, high)
        of_place = dict(zip(numeric, scaled, strict=True))
        features = [
            of_place[place][:, None] if place in of_place else one_hot(column, len(encoding.categories[name]))
            for place, (name, column) in enumerate(zip(encoding.schema.features, examples.features.T, strict=True))
        ]
        made.append(Table(np.clip(np.hstack(features).astype(np.float32), -LARGEST, LARGEST), target))
    return made[0], made[1]


def one_hot(codes: Array, labels: int) -> NDArray[np.bool_]:
    return codes[:, None] == np.arange(labels)


def logged(target: Array) -> Array:
    return np.log(np.clip(target, *LOG_RANGE))


def draw_validation(rows: int, seed: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Train and validation rows."""
    order = np.random.default_rng(seed).permutation(rows)
    return order[rows // VALIDATION_SHARE :], order[: rows // VALIDATION_SHARE]


class Booster:
    """One booster of the grid; with fewer trees it is another point of it, since nothing is subsampled."""

    def __init__(self, parameters: dict[str, Any], train: Table, classes: int, seed: int) -> None:
        self.classes = classes
        settings = parameters | {"base_score": START, "tree_method": "hist", "nthread": 1, "seed": seed, "verbosity": 0}
        settings["objective"] = {0: "reg:squarederror", 2: "binary:logistic"}.get(classes, "multi:softprob")
        if classes > 2:
            settings["num_class"] = classes
        target = train.target if classes else logged(train.target)
        self._booster = xgboost.train(settings, xgboost.DMatrix(train.features, target, nthread=1), max(TREES))

    def predict(self, table: Table) -> Iterator[Array]:
        """Probabilities (rows, classes) or numbers (rows,), for each number of trees."""
        matrix = xgboost.DMatrix(table.features, nthread=1)
        for trees in TREES:
            answer = self._booster.predict(matrix, iteration_range=(0, trees)).astype(np.float64)
            yield np.column_stack([1 - answer, answer]) if self.classes == 2 else answer


def measures(classes: int) -> tuple[str, ...]:
    """What is reported; each selects a model."""
    if not classes:
        return ("rmse", "r2")
    return ("auc", "accuracy", "f1" if classes == 2 else "macro_f1", "weighted_f1")


def selections(classes: int) -> tuple[str, ...]:
    """The measures and, for a classification, the mean of all but the accuracy."""
    return (*measures(classes), AVERAGE) if classes else measures(classes)


def measure(target: Array, answer: Array, classes: int, weights: Array) -> dict[str, Array]:
    """Every measure, one value a line of weights (draws, rows).

    Args:
        target: classes, or numbers on the scale of the answer.
        answer: probabilities (rows, classes) or numbers (rows,).
        classes: of train; 0 for a regression.
        weights: how often each row counts.
    """
    if not classes:
        return {
            "rmse": root_mean_squared_error(target, answer, weights),
            "r2": r_squared(target, answer, weights),
        }
    truth = target.astype(np.int64)
    answer = np.pad(answer, ((0, 0), (0, max(0, int(truth.max(initial=0)) + 1 - answer.shape[1]))))
    predicted = answer.argmax(axis=1)
    scores, shares = f1_scores(truth, predicted, answer.shape[1], weights)
    present = np.unique([truth, predicted])
    others = max(1, len(present) - 1)
    found = {
        "auc": macro_auc(truth, answer, weights),
        "accuracy": accuracy(truth, predicted, weights),
        "f1" if classes == 2 else "macro_f1": scores[:, 1] if classes == 2 else scores[:, present].mean(axis=1),
        "weighted_f1": (scores * (1 - shares))[:, present].sum(axis=1) / others,
    }
    return found | {AVERAGE: np.mean([values for name, values in found.items() if name != "accuracy"], axis=0)}


def f1_scores(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, weights: Array
) -> tuple[Array, Array]:
    """F1 of each class, 0 where it is neither there nor predicted, and its share; both (draws, classes)."""
    scores, shares = np.zeros((2, len(weights), classes))
    for label in range(classes):
        true, guess = truth == label, predicted == label
        there = weights @ true
        size = there + weights @ guess
        scores[:, label] = np.divide(2 * (weights @ (true & guess)), size, out=np.zeros_like(size), where=size > 0)
        shares[:, label] = there / weights.sum(axis=1)
    return scores, shares


def best(measure_name: str, values: Array) -> int:
    """The first of the best; NaN is never one, unless nothing else is there."""
    if np.isnan(values).all():
        return 0
    return int(np.nanargmin(values) if measure_name == "rmse" else np.nanargmax(values))
