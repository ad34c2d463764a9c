"""The two gradient-boosting libraries behind one interface: a search space, a fit, a prediction.

Both take categories natively, one-hot up to `ONE_HOT` of them. Trees are added until the loss on
the validation part (log loss, or root mean squared error) has not fallen for `PATIENCE` rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import catboost
import numpy as np
import pandas as pd
import xgboost
from numpy.typing import NDArray
from optuna.trial import BaseTrial

from evaluators.tabular.encode import Examples

ONE_HOT = 64
PATIENCE = 20

Predict = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Problem:
    """What is to be learnt.

    Args:
        categorical: positions of the categorical features.
        classes: number of classes; 0 for a regression.
        threads: of one fit.
        seed: of one fit.
    """

    categorical: list[int]
    classes: int
    threads: int
    seed: int


@dataclass(frozen=True)
class Fitted:
    """A model.

    Args:
        predict: features -> probabilities (rows, classes), or numbers (rows,).
        trees: how many rounds of boosting it has.
        loss: on the validation part; NaN without one.
    """

    predict: Predict
    trees: int
    loss: float


class Learner(Protocol):
    """A library of models."""

    name: ClassVar[str]
    defaults: ClassVar[dict[str, Any]]

    def suggest(self, trial: BaseTrial) -> dict[str, Any]:
        """Parameters of one trial."""

    def fit(
        self, problem: Problem, parameters: dict[str, Any], trees: int, train: Examples, validation: Examples | None
    ) -> Fitted:
        """Fit up to `trees` rounds, stopped early where there is a validation part."""


class XGBoost:
    """Chen and Guestrin 2016, histogram method."""

    name = "xgboost"
    defaults: ClassVar[dict[str, Any]] = {
        "learning_rate": 0.1,
        "max_depth": 6,
        "min_child_weight": 1.0,
        "subsample": 1.0,
        "colsample_bytree": 1.0,
        "reg_lambda": 1.0,
    }

    def suggest(self, trial: BaseTrial) -> dict[str, Any]:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.3, log=True),
            "max_depth": trial.suggest_int("max_depth", 3, 10),
            "min_child_weight": trial.suggest_float("min_child_weight", 1.0, 20.0, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.5, 1.0),
            "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 10.0, log=True),
        }

    def fit(
        self, problem: Problem, parameters: dict[str, Any], trees: int, train: Examples, validation: Examples | None
    ) -> Fitted:
        objective = {0: "reg:squarederror", 2: "binary:logistic"}.get(problem.classes, "multi:softprob")
        settings = parameters | {
            "objective": objective,
            "eval_metric": {0: "rmse", 2: "logloss"}.get(problem.classes, "mlogloss"),
            "tree_method": "hist",
            "max_cat_to_onehot": ONE_HOT,
            "nthread": problem.threads,
            "seed": problem.seed,
            "verbosity": 0,
        }
        if objective == "multi:softprob":
            settings["num_class"] = problem.classes
        matrix = self._matrix(problem, train.features, train.target)
        watched, stopping = [], None
        if validation is not None:
            watched = [(self._matrix(problem, validation.features, validation.target), "validation")]
            stopping = PATIENCE
        booster = xgboost.train(
            settings, matrix, trees, evals=watched, early_stopping_rounds=stopping, verbose_eval=False
        )
        if validation is not None:
            trees = booster.best_iteration + 1

        def predict(features: NDArray[np.float64]) -> NDArray[np.float64]:
            answer = booster.predict(self._matrix(problem, features), iteration_range=(0, trees))
            answer = answer.astype(np.float64)
            return np.column_stack([1 - answer, answer]) if problem.classes == 2 else answer

        return Fitted(predict, trees, booster.best_score if validation is not None else np.nan)

    def _matrix(
        self, problem: Problem, features: NDArray[np.float64], target: NDArray[np.float64] | None = None
    ) -> xgboost.DMatrix:
        types = ["c" if i in problem.categorical else "q" for i in range(features.shape[1])]
        return xgboost.DMatrix(features, target, feature_types=types, enable_categorical=True, nthread=problem.threads)


class CatBoost:
    """Prokhorenkova et al. 2018; target statistics of single categories only, for speed."""

    name = "catboost"
    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 0.1, "depth": 6, "l2_leaf_reg": 3.0}

    def suggest(self, trial: BaseTrial) -> dict[str, Any]:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.3, log=True),
            "depth": trial.suggest_int("depth", 4, 8),
            "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 1.0, 10.0, log=True),
        }

    def fit(
        self, problem: Problem, parameters: dict[str, Any], trees: int, train: Examples, validation: Examples | None
    ) -> Fitted:
        model = catboost.CatBoost(
            parameters
            | {
                "loss_function": {0: "RMSE", 2: "Logloss"}.get(problem.classes, "MultiClass"),
                "iterations": trees,
                "one_hot_max_size": ONE_HOT,
                "max_ctr_complexity": 1,
                "thread_count": problem.threads,
                "random_seed": problem.seed,
                "allow_writing_files": False,
                "logging_level": "Silent",
            }
        )
        pool = self._pool(problem, train.features, train.target)
        watched = None if validation is None else self._pool(problem, validation.features, validation.target)
        model.fit(pool, eval_set=watched, early_stopping_rounds=None if validation is None else PATIENCE)
        kind = "Probability" if problem.classes else "RawFormulaVal"
        loss = np.nan if validation is None else next(iter(model.get_best_score()["validation"].values()))

        def predict(features: NDArray[np.float64]) -> NDArray[np.float64]:
            return model.predict(self._pool(problem, features), prediction_type=kind, thread_count=problem.threads)

        return Fitted(predict, model.tree_count_, loss)

    def _pool(
        self, problem: Problem, features: NDArray[np.float64], target: NDArray[np.float64] | None = None
    ) -> catboost.Pool:
        frame = pd.DataFrame(features)
        # codes must be whole numbers by type
        frame = frame.astype(dict.fromkeys(problem.categorical, np.int64))
        return catboost.Pool(frame, target, cat_features=problem.categorical, thread_count=problem.threads)
