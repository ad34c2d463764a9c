"""From predictions on the real test rows to scores: what every part of machine-learning efficiency shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.records import Schema
from evaluators.base import Score
from evaluators.tabular.encode import Encoding, Examples, fit_encoding, look_up
from evaluators.tabular.models import Fitted, Problem, XGBoost
from evaluators.tabular.prediction import classification, regression, value_and_error
from evaluators.tabular.tune import Tuned

Measures = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Trained:
    """A model with the encoding that its train records gave."""

    encoding: Encoding
    fitted: Fitted
    train_rows: int

    def measure(self, test: pd.DataFrame, weights: NDArray[np.float64]) -> Measures:
        """Every measure on the test records that have a target, one value a line of `weights`."""
        examples = self.encoding.examples(test)
        return measure_all(self.encoding, test, examples, self.fitted.predict(examples.features), weights)


def train_on(records: pd.DataFrame, schema: Schema, tuned: Tuned, seed: int) -> Trained | str:
    """An XGBoost of all records that have a target, encoded by themselves; or why there can be none."""
    encoding = fit_encoding(records, schema)
    examples = encoding.examples(records)
    reason = why_not_learnt(schema, examples, "train ")
    if reason is not None:
        return reason
    problem = Problem(encoding.categorical, len(encoding.classes), 1, seed)
    return Trained(encoding, XGBoost().fit(problem, tuned.parameters, tuned.trees, examples, None), len(examples))


def measure_all(
    encoding: Encoding,
    records: pd.DataFrame,
    test: Examples,
    answer: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> Measures:
    """Every measure of the predictions `answer`; one value a line of `weights`.

    A class of the test rows that the train rows never had has the probability 0.
    """
    if not encoding.classes:
        return regression(test.target, answer, weights)
    truth, unseen = true_classes(encoding, records)
    return classification(truth, np.pad(answer, ((0, 0), (0, unseen))), weights)


def true_classes(encoding: Encoding, records: pd.DataFrame) -> tuple[NDArray[np.int64], int]:
    """Codes of the classes of the records that have one, and how many classes the encoding has never seen."""
    labels = records[encoding.schema.target].dropna().astype("str")
    unseen = sorted(set(labels) - set(encoding.classes))
    return look_up(labels, encoding.classes + unseen, unknown=-1).astype(np.int64), len(unseen)


def why_not_learnt(schema: Schema, examples: Examples, which: str = "") -> str | None:
    """Why no model can be fitted to the examples; None where one can."""
    if not varies(examples.target):
        single = "" if schema.task == "classification" else " in single precision"
        records = f"the {len(examples)} {which}records with a target"
        return f"{records} have less than two values of '{schema.target}'{single}"
    if not any(varies(feature) for feature in examples.features.T):
        return f"no feature of the {which}records varies in single precision"
    return None


def varies(values: NDArray[np.float64]) -> bool:
    """Whether the boosters, which compute in single precision, can tell two values apart."""
    return len(np.unique(values.astype(np.float32))) > 1


def metric_name(learner: str, measure: str, log_target: bool) -> str:
    return f"{learner}_{measure}_log" if log_target else f"{learner}_{measure}"


def higher_is_better(metric: str) -> bool:
    return "rmse" not in metric


def measure_names(schema: Schema) -> tuple[str, ...]:
    return ("auc", "accuracy", "macro_f1") if schema.task == "classification" else ("rmse", "r2")


def main_measure(schema: Schema) -> str:
    return "auc" if schema.task == "classification" else "rmse"


def measured(
    metric: str, values: NDArray[np.float64], protocol: str, version: int, n: int, details: dict[str, Any]
) -> Score:
    """The score of a measure's values, the first of the test rows themselves, the others of bootstrap draws."""
    value, error = value_and_error(values)
    note = {"reason": "the measure is not defined on these test rows"} if np.isnan(value) else {}
    return Score(metric, value, error, higher_is_better(metric), protocol, version, n, details | note)


def undefined(metric: str, reason: str, protocol: str, version: int, n: int) -> Score:
    return Score(metric, np.nan, np.nan, higher_is_better(metric), protocol, version, n, {"reason": reason})
