"""Whether a run is worse than its baseline: one-sided p values of paired differences, corrected for their number.

A difference counts only where the bootstrap and Student's test agree, so its p value is the larger of both (as in
docs/decisions/010-when-a-difference-is-real.md):

- the percentile bootstrap over pairs (Efron and Tibshirani 1993, chapter 13), exact where there are few pairs: all
  ways to draw n of n pairs are enumerated. It never blocks where all pairs agree in sign, however strict the level;
- Student's, with the noise of one cell taken in two ways, each tested at half the level (Bonferroni), because nobody
  tells the gate what has changed: from the spread of the paired differences, which is small where equal seeds
  still give equal models and only what comes after them changed; and from the spread over seeds inside a split seed
  on both sides, known with twice the degrees of freedom, for runs that are independent even at equal seeds. Where
  no split seed has two seeds there is the first way only.

Correction for the number of comparisons: Holm (1979), which needs no independence among them.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations_with_replacement
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 20_000
# Up to here the ways to draw n of n pairs are few enough to be enumerated (24,310 for nine).
ENUMERATED = 9
# Differences below this part of the values are rounding noise.
ROUNDING = 1e-9

Values = NDArray[np.float64]


def p_worse(baseline: Values, run: Values, splits: NDArray[np.int64]) -> Values:
    """The p value of the hypothesis that the run's mean loss is not above the baseline's.

    Args:
        baseline, run: losses (smaller is better) of the same cells, shape (pairs, comparisons), at least two pairs.
        splits: the split seed of each pair, shape (pairs,).

    Returns:
        One p value a comparison, shape (comparisons,).
    """
    differences = run - baseline
    middle = differences.mean(axis=0)
    ways = noises(baseline, run, splits)
    with np.errstate(divide="ignore", invalid="ignore"):
        tests = [np.where(stderr > 0, stats.t.sf(middle / stderr, freedom), middle <= 0) for stderr, freedom in ways]
    student = np.minimum(len(ways) * np.min(tests, axis=0), 1)
    means, chances = resampled_means(differences)
    larger = np.maximum(student, (chances[:, None] * (means <= 0)).sum(axis=0))
    # differences of rounding alone would be as significant as any: their own noise is as small
    return np.where(np.isclose(run, baseline, rtol=ROUNDING, atol=0).all(axis=0), 1.0, larger)


def interval(baseline: Values, run: Values, splits: NDArray[np.int64], level: float) -> tuple[Values, Values]:
    """Two-sided confidence interval of mean(run) - mean(baseline): the wider of bootstrap and Student's.

    Args:
        baseline, run, splits: as of `p_worse`, in any direction.
        level: the share of errors, 0.05 for a 95 % interval; not corrected for the number of comparisons.

    Returns:
        Lower and upper ends, each of shape (comparisons,).
    """
    differences = run - baseline
    middle = differences.mean(axis=0)
    ways = noises(baseline, run, splits)
    half = np.min([stats.t.isf(level / 2 / len(ways), freedom) * stderr for stderr, freedom in ways], axis=0)
    means, chances = resampled_means(differences)
    order = np.argsort(means, axis=0)
    reached = chances[order].cumsum(axis=0)
    low, high = (
        np.take_along_axis(means, np.take_along_axis(order, (reached < tail - ROUNDING).sum(axis=0)[None], 0), 0)[0]
        for tail in (level / 2, 1 - level / 2)
    )
    return np.minimum(low, middle - half), np.maximum(high, middle + half)


def noises(baseline: Values, run: Values, splits: NDArray[np.int64]) -> list[tuple[Values, int]]:
    """Standard error of every mean difference, shape (comparisons,), and its degrees of freedom.

    From the paired differences, then, where a split seed has two pairs, from the spread over seeds on both sides.
    """
    pairs = len(run)
    differences = run - baseline
    # two equal differences have no spread to take an error from: scores in steps meet by chance
    meet = np.isclose(*differences, rtol=ROUNDING, atol=0) & (differences[0] != 0) if pairs == 2 else np.False_
    ways = [(np.where(meet, np.inf, stats.sem(differences, axis=0)), pairs - 1)]
    same = splits[:, None] == np.unique(splits)
    freedom = 2 * (pairs - same.shape[1])
    if freedom:
        average = same @ (same / same.sum(axis=0)).T
        squares = sum(((side - average @ side) ** 2).sum(axis=0) for side in (baseline, run))
        ways.append((np.where(meet & (squares == 0), np.inf, np.sqrt(2 * squares / freedom / pairs)), freedom))
    return ways


def resampled_means(differences: Values) -> tuple[Values, Values]:
    """Means of resampled pairs, shape (ways, comparisons), and the chance of each way, shape (ways,).

    They are drawn from a fixed seed where they are too many to be enumerated.
    """
    counts, chances = draws(len(differences))
    return counts @ differences / len(differences), chances


@lru_cache(maxsize=8)
def draws(count: int) -> tuple[Values, Values]:
    """How often each of `count` pairs is drawn, shape (ways, count), and the chance of each way."""
    if count <= ENUMERATED:
        ways = np.array(
            [np.bincount(one, minlength=count) for one in combinations_with_replacement(range(count), count)]
        )
        orders = [factorial(count) / prod(factorial(times) for times in way) for way in ways.tolist()]
        return ways.astype(float), np.array(orders) / float(count) ** count
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    return drawn.astype(float), np.full(RESAMPLES, 1 / RESAMPLES)


def holm(p_values: Values) -> Values:
    """The p values corrected for their number: step-down, never falling, at most 1."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(1, np.maximum.accumulate(p_values[order] * factors))
    return corrected
