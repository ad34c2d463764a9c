"""Logistic and ridge regression as a learner beside the gradient-boosting libraries.

Numbers are standardised, a missing one is replaced by the mean with an indicator of its own, and
categories are one-hot; one that was never seen is all zeros. All of it is learnt from the train part.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from optuna.trial import BaseTrial
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from evaluators.tabular.encode import Examples
from evaluators.tabular.models import Fitted, Problem

ITERATIONS = 200
LEAST_PROBABILITY = 1e-15


class Linear:
    """Logistic regression, or ridge regression for numbers; `strength` is that of the L2 penalty.

    Logistic: sum of the log losses + strength / 2 |w|²; ridge: sum of the squares + strength |w|².
    """

    name = "linear"
    defaults: ClassVar[dict[str, Any]] = {"strength": 1.0}

    def suggest(self, trial: BaseTrial) -> dict[str, Any]:
        return {"strength": trial.suggest_float("strength", 1e-4, 1e4, log=True)}

    def fit(
        self, problem: Problem, parameters: dict[str, Any], trees: int, train: Examples, validation: Examples | None
    ) -> Fitted:
        """As for the other learners; there are no trees, so `trees` is not used and 0 of them are returned."""
        table = design(problem, train.features.shape[1])
        if problem.classes:
            model = LogisticRegression(C=1 / parameters["strength"], max_iter=ITERATIONS)
        else:
            model = Ridge(alpha=parameters["strength"], random_state=problem.seed)
        model.fit(table.fit_transform(train.features), train.target)

        def predict(features: NDArray[np.float64]) -> NDArray[np.float64]:
            if not problem.classes:
                return model.predict(table.transform(features))
            answer = np.zeros((len(features), problem.classes))
            answer[:, model.classes_.astype(np.int64)] = model.predict_proba(table.transform(features))
            return answer

        return Fitted(predict, 0, np.nan if validation is None else loss(predict(validation.features), validation))


def design(problem: Problem, features: int) -> ColumnTransformer:
    """Encoded features -> design matrix, sparse where that saves memory."""
    numeric = [place for place in range(features) if place not in problem.categorical]
    fill = SimpleImputer(add_indicator=True, keep_empty_features=True)
    return make_column_transformer(
        (make_pipeline(fill, StandardScaler()), numeric),
        (OneHotEncoder(handle_unknown="ignore"), problem.categorical),
    )


def loss(answer: NDArray[np.float64], examples: Examples) -> float:
    """Log loss of probabilities (rows, classes), root mean squared error of numbers (rows,)."""
    if answer.ndim == 1:
        return float(np.sqrt(np.mean((answer - examples.target) ** 2)))
    right = answer[np.arange(len(examples)), examples.target.astype(np.int64)]
    return float(-np.mean(np.log(np.maximum(right, LEAST_PROBABILITY))))
