"""A Gaussian mixture of one column with as many components as it needs, by variational inference.

Source: Blei & Jordan 2006, "Variational inference for Dirichlet process mixtures", with the stick-breaking
weights of section 3 cut off after `most` components; the updates of means and precisions are equations 10.60
to 10.63 of Bishop 2006. Priors are those of scikit-learn's BayesianGaussianMixture, which CTGAN's authors use
(weights concentrated at 0.001, means as sure as one record, the variance of the column at one degree of
freedom). In one dimension records of one value count together, so that the cost does not grow with the records.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

Array = NDArray[np.float64]

CONCENTRATION = 0.001
MOST_ROUNDS = 100
# share of the records that may still move between components when it ends
TOLERANCE = 1e-5
# a column with more values is summed up in twice so many intervals
INTERVALS = 1000
STARTS = 4


@dataclass(frozen=True)
class GaussianMixture:
    """Components of a column; (components,) each, weights sum to one."""

    means: Array
    deviations: Array
    weights: Array

    @classmethod
    def learn(cls, values: Array, most: int, seed: int) -> GaussianMixture:
        """From the values (rows,) of a column, of which at least two differ."""
        points, counts = summed_up(values)
        centres = clusters(points, counts, min(most, len(points)), np.random.default_rng(seed))
        nearest = np.abs(points[:, None] - centres).argmin(axis=1)
        shares = np.equal(nearest[:, None], np.arange(len(centres))).astype(np.float64)
        # a component's sums are of the powers of the points, its logarithm is a parabola: two products a round
        powers = np.stack([np.ones_like(points), points, points**2])
        rows, first, second = powers @ counts
        middle = first / rows
        variance = max(second / rows - middle**2, 1e-12) * rows / (rows - 1)
        weighted = powers * counts
        before = np.full(len(centres), np.inf)
        for _ in range(MOST_ROUNDS):
            size, first, second = weighted @ shares
            average = first / np.maximum(size, 1e-10)
            scatter = np.maximum(second - size * average**2, 0)
            means = (middle + first) / (1 + size)
            variances = (variance + scatter + size / (1 + size) * (average - middle) ** 2) / (1 + size)
            later = size[::-1].cumsum()[::-1] - size
            taken, left = 1 + size, CONCENTRATION + later
            # expected logarithms of the sticks' lengths and of the precisions
            both = digamma(taken + left)
            stick = digamma(taken) - both + np.concatenate([[0], np.cumsum(digamma(left) - both)[:-1]])
            precision = digamma((1 + size) / 2) + np.log(2 / (1 + size)) - np.log(variances)
            constant = stick + (precision - 1 / (1 + size) - means**2 / variances) / 2
            logarithm = powers.T @ np.stack([constant, means / variances, -0.5 / variances])
            shares = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            if np.abs(size - before).max() < TOLERANCE * rows:
                break
            before = size
        kept = taken / (taken + left)
        weights = kept * np.concatenate([[1], np.cumprod(1 - kept)[:-1]])
        return cls(means, np.sqrt(variances), weights / weights.sum())


def summed_up(values: Array) -> tuple[Array, Array]:
    """The values that differ, ascending, and how many rows have each; means of intervals where there are many.

    Edges are quantiles, which resolve where the records are, and evenly spaced, which resolve the tails.
    """
    points, counts = np.unique(values, return_counts=True)
    if len(points) > 2 * INTERVALS:
        spread = np.linspace(points[0], points[-1], INTERVALS + 1)
        edges = np.union1d(np.quantile(values, np.linspace(0, 1, INTERVALS + 1)), spread)
        place = np.searchsorted(edges, points)
        sums, weight = np.bincount(place, points * counts), np.bincount(place, counts)
        points, counts = (sums[weight > 0] / weight[weight > 0]), weight[weight > 0]
    return points, counts.astype(np.float64)


def clusters(points: Array, counts: Array, most: int, rng: np.random.Generator) -> Array:
    """Centres (most,) of k-means on ascending points: k-means++ and Lloyd's rounds, the best of some starts."""
    found = [lloyd(points, counts, plus_plus(points, counts, most, rng)) for _ in range(STARTS)]
    return min(found, key=lambda pair: pair[1])[0]


def plus_plus(points: Array, counts: Array, most: int, rng: np.random.Generator) -> Array:
    """Centres far from each other: every next one is drawn by its squared distance from those before."""
    chance = counts.copy()
    distance = np.full(len(points), np.inf)
    centres = []
    for _ in range(most):
        heap = chance.cumsum()
        centres.append(points[np.searchsorted(heap, rng.random() * heap[-1], side="right").clip(max=len(points) - 1)])
        distance = np.minimum(distance, (points - centres[-1]) ** 2)
        chance = counts * distance
    return np.array(centres)


def lloyd(points: Array, counts: Array, centres: Array) -> tuple[Array, float]:
    """Centres that are the means of what is nearest to them, and the squared distance that is left."""
    heap, moment = (np.concatenate([[0], part.cumsum()]) for part in (counts, counts * points))
    for _ in range(MOST_ROUNDS):
        centres = np.sort(centres)
        between = np.searchsorted(points, (centres[1:] + centres[:-1]) / 2)
        ends = np.concatenate([[0], between, [len(points)]])
        weight = np.diff(heap[ends])
        moved = np.where(weight > 0, np.diff(moment[ends]) / np.maximum(weight, 1e-300), centres)
        if np.allclose(moved, centres, rtol=0, atol=1e-9):
            break
        centres = moved
    left = counts @ np.abs(points[:, None] - centres).min(axis=1) ** 2
    return centres, float(left)
