"""Logistic regression on tables: the linear classifier of the two-sample test.

Numbers are standardised, a missing one is the mean and sets an indicator, categories are one-hot, as in the
logistic detection of SDMetrics (which fills missing numbers and has no indicator for labels).
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from evaluators.tabular.encode import Examples
from evaluators.tabular.models import Fitted, Problem

# Rarer categories share one column: with thousands of labels the classifier would learn their rows by heart.
MOST_CATEGORIES = 256
ITERATIONS = 1000


class Logistic:
    """L2-regularised (C = 1), fitted by L-BFGS."""

    name = "logistic"
    defaults: ClassVar[dict[str, Any]] = {"C": 1.0}

    def fit(
        self, problem: Problem, parameters: dict[str, Any], trees: int, train: Examples, validation: Examples | None
    ) -> Fitted:
        """Fit two classes; `trees` and `validation` are for others."""
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - heavy, and only needed here
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

        design = Design(problem.categorical, train.features)
        model = LogisticRegression(**parameters, max_iter=ITERATIONS, random_state=problem.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(design(train.features), train.target)
        return Fitted(lambda features: model.predict_proba(design(features)), 0, np.nan)


class Design:
    """Features as the columns of a linear model, learnt from the rows that it is fitted on.

    Args:
        categorical: positions of the features that are codes.
        features: shape (rows, features); NaN for a missing number.
    """

    def __init__(self, categorical: list[int], features: NDArray[np.float64]) -> None:
        self.columns: list[tuple[float, float] | NDArray[np.float64]] = []
        for place, values in enumerate(features.T):
            if place in categorical:
                codes, counts = np.unique(values, return_counts=True)
                self.columns.append(np.sort(codes[np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]]))
            else:
                present = values[~np.isnan(values)]
                spread = float(present.std()) if len(present) else 0.0
                self.columns.append((float(present.mean()) if len(present) else 0.0, spread if spread > 0 else 1.0))

    def __call__(self, features: NDArray[np.float64]) -> sparse.csr_array:
        """Shape (rows, columns of the model)."""
        rows = np.arange(len(features))
        blocks = []
        for values, column in zip(features.T, self.columns, strict=True):
            if isinstance(column, tuple):
                missing = np.isnan(values)
                scaled = np.where(missing, 0.0, (values - column[0]) / column[1])
                blocks.append(sparse.csr_array(np.column_stack([scaled, missing])))
                continue
            position = np.minimum(np.searchsorted(column, values), len(column) - 1)
            # one more column for whatever is not among them
            position = np.where(column[position] == values, position, len(column))
            blocks.append(sparse.csr_array((np.ones(len(rows)), (rows, position)), shape=(len(rows), len(column) + 1)))
        return sparse.hstack(blocks, format="csr")
