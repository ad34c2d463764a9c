"""Machine-learning efficiency: XGBoost and CatBoost trained on synthetic rows, tested on real ones.

Protocol `harness`: codes, hyper-parameters and the number of trees come from the synthetic rows
alone; the chosen model is refitted on all of them and tested once on the real test rows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from bench.records import Dataset, Schema
from evaluators.base import Evaluator, Score
from evaluators.tabular.encode import Encoding, Examples, fit_encoding, look_up
from evaluators.tabular.models import CatBoost, Learner, Problem, XGBoost
from evaluators.tabular.prediction import bootstrap_weights, classification, regression, value_and_error
from evaluators.tabular.tune import split, tune

LEARNERS: tuple[Learner, ...] = (XGBoost(), CatBoost())


@dataclass(frozen=True)
class MachineLearningEfficiencyConfig:
    """How much is spent on tuning.

    Args:
        trials: fits of each library in search of hyper-parameters.
        validation_fraction: share of the synthetic rows that trials are compared on.
        maximum_trees: rounds of boosting at most.
        bootstrap_draws: resamples of the test rows for a standard error.
        threads: of one fit.
    """

    trials: int = 12
    validation_fraction: float = 0.2
    maximum_trees: int = 500
    bootstrap_draws: int = 200
    threads: int = 1


class MachineLearningEfficiency(Evaluator):
    """Train on synthetic, test on real.

    Classification: `{library}_auc` (binary, else one against the rest, macro), `{library}_accuracy`,
    `{library}_macro_f1`. Regression: `{library}_rmse`, `{library}_r2`; with the suffix `_log` where
    the schema asks for the logarithm of the target, clipped to 1..20000. A table without a target
    has no such scores. Rows without a target are left out.

    The standard error is that of drawing the test rows; the fitted model is taken as given.
    """

    Config = MachineLearningEfficiencyConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        if data.schema.target is None:
            return []
        encoding = fit_encoding(synthetic, data.schema)
        examples, test = encoding.examples(synthetic), encoding.examples(data.test)
        train, validation = split(examples, len(encoding.classes), self.config.validation_fraction, seed)
        reason = why_undefined(data.schema, examples, validation, test)
        if reason is not None:
            return [
                Score(name, np.nan, np.nan, higher_is_better(name), "harness", 1, len(synthetic), {"reason": reason})
                for name in metrics(data.schema)
            ]
        problem = Problem(encoding.categorical, len(encoding.classes), self.config.threads, seed)
        weights = bootstrap_weights(len(test), self.config.bootstrap_draws, seed)
        scores = []
        with progress.task("mle", len(LEARNERS) * (self.config.trials + 1), "fits") as task:
            for learner in LEARNERS:
                tuned = tune(
                    learner,
                    problem,
                    train,
                    validation,
                    trials=self.config.trials,
                    maximum_trees=self.config.maximum_trees,
                    task=task,
                )
                fitted = learner.fit(problem, tuned.parameters, tuned.trees, examples, None)
                task.advance()
                details = asdict(tuned) | {"train_rows": len(examples), "test_rows": len(test)}
                answer = fitted.predict(test.features)
                for measure, values in measure_all(encoding, data.test, test, answer, weights).items():
                    name = metric_name(learner, measure, data.schema)
                    value, error = value_and_error(values)
                    note = {"reason": f"{measure} is not defined on these test rows"} if np.isnan(value) else {}
                    scores.append(
                        Score(name, value, error, higher_is_better(name), "harness", 1, len(synthetic), details | note)
                    )
        return scores

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        return data.train


def measure_all(
    encoding: Encoding,
    records: pd.DataFrame,
    test: Examples,
    answer: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """Every measure of the predictions `answer`; one value a line of `weights`.

    A class of the test rows that the synthetic rows never had has the probability 0.
    """
    if not encoding.classes:
        return regression(test.target, answer, weights)
    labels = records[encoding.schema.target].dropna().astype("str")
    unseen = sorted(set(labels) - set(encoding.classes))
    truth = look_up(labels, encoding.classes + unseen, unknown=-1).astype(np.int64)
    return classification(truth, np.pad(answer, ((0, 0), (0, len(unseen)))), weights)


def why_undefined(schema: Schema, examples: Examples, validation: Examples, test: Examples) -> str | None:
    if len(test) == 0:
        return "there are no test records with a target"
    if len(np.unique(examples.target)) < 2:
        return f"the {len(examples)} synthetic records with a target have less than two values of '{schema.target}'"
    if all(len(np.unique(feature)) < 2 for feature in examples.features.T):
        return "no feature of the synthetic records varies"
    if len(validation) == 0:
        return f"{len(examples)} synthetic records, too few distinct ones to tune on a part of them"
    return None


def metrics(schema: Schema) -> list[str]:
    """The names of all scores of a table."""
    measures = ("auc", "accuracy", "macro_f1") if schema.task == "classification" else ("rmse", "r2")
    return [metric_name(learner, measure, schema) for learner in LEARNERS for measure in measures]


def metric_name(learner: Learner, measure: str, schema: Schema) -> str:
    return f"{learner.name}_{measure}_log" if schema.log_target else f"{learner.name}_{measure}"


def higher_is_better(metric: str) -> bool:
    return "rmse" not in metric
