"""Detection: whether a classifier can tell synthetic rows from real ones.

The classifier two-sample test (Lopez-Paz and Oquab 2017, arXiv 1610.06545), scored by the area under
the ROC curve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from bench.records import Dataset, Schema
from evaluators.base import Evaluator, Score
from evaluators.tabular.codes import category_codes, numbers
from evaluators.tabular.encode import Examples
from evaluators.tabular.logistic import Logistic
from evaluators.tabular.models import Fitted, Problem, XGBoost
from evaluators.tabular.prediction import auc, bootstrap_weights, value_and_error


class Classifier(Protocol):
    """What tells the rows apart; `Learner` of models.py is one."""

    name: ClassVar[str]
    defaults: ClassVar[dict[str, Any]]

    def fit(
        self, problem: Problem, parameters: dict[str, Any], trees: int, train: Examples, validation: Examples | None
    ) -> Fitted:
        """Learn the class of every row."""


CLASSIFIERS: tuple[Classifier, ...] = (XGBoost(), Logistic())
FOLDS = 5
# XGBoost reads numbers in single precision and refuses those that are infinite in it.
LARGEST = float(np.finfo(np.float32).max)
BOOTSTRAP_DRAWS = 100


@dataclass(frozen=True)
class DetectionConfig:
    """How much is spent.

    Args:
        rows: real rows at most, and as many synthetic ones.
        trees: rounds of boosting.
        threads: of one fit of XGBoost.
    """

    rows: int = 20_000
    trees: int = 100
    threads: int = 1


class Detection(Evaluator):
    """Cross-validated classifiers of train rows against as many synthetic rows, XGBoost and a linear one.

    `c2st_{classifier}_auc` is one half for a perfect sample. Records that repeat train rows fall below it: the
    classifier has met the real twin of a synthetic row, or the other way round. `c2st_{classifier}_score` is
    1 - 2 max(AUC - 1/2, 0), the form of published tables: 1 where nothing can be told apart, 0 where everything
    can. A missing value is a category of its own, or a missing number. The details of the AUC hold, for every
    column, by how much it falls when the column is shuffled among the rows (permutation importance, Breiman
    2001): the columns that give a sample away.

    The value is the mean over the folds; its standard error is that of drawing the rows of each fold,
    by bootstrap, the fitted classifiers taken as given.
    """

    Config = DetectionConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        rows = min(len(data.train), len(synthetic), self.config.rows)
        if rows < FOLDS:
            reason = f"{rows} real and as many synthetic records; {FOLDS} folds need more"
            return [
                replace(score, details={"reason": reason})
                for one in CLASSIFIERS
                for score in scores(one, np.full(2, np.nan), rows, {})
            ]
        rng = np.random.default_rng(seed)
        real, generated = (frame.iloc[rng.permutation(len(frame))[:rows]] for frame in (data.train, synthetic))
        examples = label(data.schema, real, generated)
        categorical = [place for place, column in enumerate(data.schema.columns) if not column.numeric]
        problem = Problem(categorical, 2, self.config.threads, seed)
        fold = np.tile(np.arange(rows) % FOLDS, 2)
        found = []
        with progress.task("detection", len(CLASSIFIERS) * FOLDS, "fits") as task:
            for classifier in CLASSIFIERS:
                values, losses = [], []
                for number in range(FOLDS):
                    train = examples.take(np.flatnonzero(fold != number))
                    held_out = examples.take(np.flatnonzero(fold == number))
                    fitted = classifier.fit(problem, classifier.defaults, self.config.trees, train, None)
                    draws = bootstrap_weights(len(held_out), BOOTSTRAP_DRAWS, seed + number)
                    values.append(discrimination(fitted, held_out, draws))
                    losses.append(values[-1][0] - shuffled(fitted, held_out, rng))
                    task.advance(auc=float(values[-1][0]))
                importance = dict(zip(data.schema.names, np.mean(losses, axis=0).tolist(), strict=True))
                found += scores(classifier, np.mean(values, axis=0), rows, importance)
        return found


def scores(classifier: Classifier, values: NDArray[np.float64], rows: int, importance: dict[str, float]) -> list[Score]:
    """The scores of AUCs of shape (1 + draws,), the first of the rows themselves."""
    details = {"real_rows": rows, "auc_lost_without_column": importance}
    name = f"c2st_{classifier.name}"
    return [
        Score(f"{name}_auc", *value_and_error(values), False, "harness", 1, rows, details),
        Score(
            f"{name}_score", *value_and_error(1 - 2 * np.maximum(values - 0.5, 0)), True, "harness", 1, rows,
            {"real_rows": rows},
        ),
    ]  # fmt: skip


def label(schema: Schema, real: pd.DataFrame, synthetic: pd.DataFrame) -> Examples:
    """All columns as features, and whether a row is synthetic as the target."""
    features = []
    for column in schema.columns:
        pair = real[column.name], synthetic[column.name]
        if column.numeric:
            values = np.concatenate([numbers(side) for side in pair])
            features.append(np.clip(values, -LARGEST, LARGEST))
        else:
            features.append(np.concatenate(category_codes(*pair)[:2]))
    target = np.repeat([0.0, 1.0], [len(real), len(synthetic)])
    return Examples(np.column_stack(features).astype(np.float64), target)


def discrimination(fitted: Fitted, examples: Examples, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """AUC of a fitted classifier, one for each line of weights (draws, rows)."""
    return auc(examples.target == 1, fitted.predict(examples.features)[:, 1], weights)


def shuffled(fitted: Fitted, examples: Examples, rng: np.random.Generator) -> NDArray[np.float64]:
    """The AUC with each column shuffled among the rows; shape (columns,)."""
    values = []
    for place in range(examples.features.shape[1]):
        features = examples.features.copy()
        features[:, place] = rng.permutation(features[:, place])
        values.append(discrimination(fitted, replace(examples, features=features), np.ones((1, len(examples))))[0])
    return np.array(values)
