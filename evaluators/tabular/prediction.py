"""How good predictions are on real test rows, with standard errors by bootstrap over those rows.

Every metric takes weights of shape (draws, rows) and returns one value a draw, so that the whole
bootstrap (Efron 1979) is a few matrix products and, for AUC, one sort.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# A sum of squares below this share of those it is the difference of is due to rounding.
ROUNDING = 1e-12


def bootstrap_weights(rows: int, draws: int, seed: int) -> Array:
    """How often each row was drawn; shape (1 + draws, rows), the first line all ones (the sample itself)."""
    rng = np.random.default_rng(seed)
    weights = np.ones((1 + draws, rows))
    for draw in range(1, 1 + draws):
        weights[draw] = np.bincount(rng.integers(rows, size=rows), minlength=rows)
    return weights


def value_and_error(values: Array) -> tuple[float, float]:
    """The sample's own value, and the standard deviation over the draws in which it is defined."""
    draws = values[1:][~np.isnan(values[1:])]
    return float(values[0]), float(draws.std(ddof=1)) if len(draws) > 1 else np.nan


def auc(positive: NDArray[np.bool_], score: Array, weights: Array) -> Array:
    """Area under the ROC curve (Mann-Whitney, ties count half); NaN where a draw has one class only.

    Args:
        positive: shape (rows,).
        score: higher for the positive class; shape (rows,).
        weights: shape (draws, rows).
    """
    order = np.argsort(score, kind="stable")
    ties = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    hits = np.add.reduceat(np.where(positive[order], weights[:, order], 0.0), ties, axis=1)
    misses = np.add.reduceat(np.where(positive[order], 0.0, weights[:, order]), ties, axis=1)
    below = np.cumsum(misses, axis=1) - misses / 2
    with np.errstate(invalid="ignore"):
        return (hits * below).sum(axis=1) / (hits.sum(axis=1) * misses.sum(axis=1))


def macro_auc(truth: NDArray[np.int64], probabilities: Array, weights: Array) -> Array:
    """Binary AUC for two classes, else the mean over the classes of the test rows, one against the rest."""
    if probabilities.shape[1] == 2:
        return auc(truth == 1, probabilities[:, 1], weights)
    present = np.unique(truth)
    return np.mean([auc(truth == c, probabilities[:, c], weights) for c in present], axis=0)


def accuracy(truth: NDArray[np.int64], predicted: NDArray[np.int64], weights: Array) -> Array:
    """Share of right predictions."""
    return weights @ (truth == predicted) / weights.sum(axis=1)


def macro_f1(truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, weights: Array) -> Array:
    """Mean of F1 over the classes that a draw holds or that are predicted in it."""
    total = np.zeros(len(weights))
    count = np.zeros(len(weights))
    for label in range(classes):
        true, guess = truth == label, predicted == label
        size = weights @ true + weights @ guess
        total += np.divide(2 * (weights @ (true & guess)), size, out=np.zeros_like(size), where=size > 0)
        count += size > 0
    return total / count


def root_mean_squared_error(truth: Array, predicted: Array, weights: Array) -> Array:
    return np.sqrt(weights @ (truth - predicted) ** 2 / weights.sum(axis=1))


def r_squared(truth: Array, predicted: Array, weights: Array) -> Array:
    """1 - residual / total sum of squares; NaN where a draw's target is constant."""
    size = weights.sum(axis=1)
    centred = truth - truth.mean()
    squares = weights @ centred**2
    total = squares - (weights @ centred) ** 2 / size
    residual = weights @ (truth - predicted) ** 2
    varies = total > ROUNDING * squares
    return 1 - np.divide(residual, total, out=np.full_like(total, np.nan), where=varies)


def classification(truth: NDArray[np.int64], probabilities: Array, weights: Array) -> dict[str, Array]:
    """The measures of a classification by name; truth (rows,), probabilities (rows, classes)."""
    predicted = probabilities.argmax(axis=1)
    return {
        "auc": macro_auc(truth, probabilities, weights),
        "accuracy": accuracy(truth, predicted, weights),
        "macro_f1": macro_f1(truth, predicted, probabilities.shape[1], weights),
    }


def regression(truth: Array, predicted: Array, weights: Array) -> dict[str, Array]:
    """The measures of a regression by name; both of shape (rows,)."""
    return {
        "rmse": root_mean_squared_error(truth, predicted, weights),
        "r2": r_squared(truth, predicted, weights),
    }
