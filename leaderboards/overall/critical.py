"""Whether mean ranks over datasets differ at all, and which of them.

Demsar 2006, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, section 3.2.2:
Friedman's test (with the correction for ties of Conover 1999, section 5.8) in the form of Iman and
Davenport 1980, then Nemenyi's critical difference of mean ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.05
# With five datasets mean ranks must lie two thirds of the whole range apart, with four three quarters.
FEWEST_DATASETS = 5
FEWEST_GENERATORS = 3
# Demsar's limits of the approximation by a distribution; at or below them ranks are permuted.
FEW_DATASETS, FEW_GENERATORS = 10, 5
PERMUTATIONS = 10_000


@dataclass(frozen=True)
class CriticalDifference:
    """Friedman's test over datasets and Nemenyi's critical difference at level .05.

    Args:
        generators: by mean rank, best first.
        mean_ranks: mean over datasets of the rank inside the dataset, 1 the best.
        difference: by at least this much two mean ranks must differ to be called different.
        statistic: Iman and Davenport's F; infinite where all datasets agree.
        p_value: of the hypothesis that all generators are equal.
        cliques: largest groups of two or more that cannot be told apart; all in one where p is above .05.
        datasets: how many.
        permuted: the p value comes from permuted ranks, not from the F distribution.
    """

    generators: list[str]
    mean_ranks: list[float]
    difference: float
    statistic: float
    p_value: float
    cliques: list[list[str]]
    datasets: int
    permuted: bool

    def differ(self, first: str, second: str) -> bool:
        """Whether two generators are told apart."""
        return not any(first in clique and second in clique for clique in self.cliques)


def critical_difference(generators: Sequence[str], ranks: np.ndarray, *, seed: int = 0) -> CriticalDifference | None:
    """None with fewer than five datasets or three generators.

    Args:
        generators: names, shape (g,).
        ranks: ranks inside each dataset, ties shared; shape (datasets, g).
        seed: of the permutations.
    """
    datasets, count = ranks.shape
    if datasets < FEWEST_DATASETS or count < FEWEST_GENERATORS:
        return None
    permuted = datasets <= FEW_DATASETS or count <= FEW_GENERATORS
    chi_square = friedman(ranks)
    statistic = iman_davenport(chi_square, datasets, count)
    if permuted:
        p_value = permutation_p_value(ranks, seed)
    else:
        p_value = float(stats.f.sf(statistic, count - 1, (count - 1) * (datasets - 1)))
    difference = nemenyi(datasets, count)
    order = np.argsort(ranks.mean(axis=0), kind="stable")
    names = [generators[place] for place in order]
    means = ranks.mean(axis=0)[order].tolist()
    groups = cliques(names, means, difference) if p_value < LEVEL else [names]
    return CriticalDifference(names, means, difference, statistic, p_value, groups, datasets, permuted)


def friedman(ranks: np.ndarray) -> float:
    """Friedman's chi square, corrected for ties; 0 where everything is tied.

    Args:
        ranks: ranks inside each dataset, shape (datasets, g).
    """
    datasets, count = ranks.shape
    middle = (count + 1) / 2
    spread = np.square(ranks - middle).sum()
    if spread == 0:
        return 0.0
    return float((count - 1) * np.square(ranks.sum(axis=0) - datasets * middle).sum() / spread)


def iman_davenport(chi_square: float, datasets: int, generators: int) -> float:
    """F statistic with (g - 1) and (g - 1)(datasets - 1) degrees of freedom."""
    rest = datasets * (generators - 1) - chi_square
    # all datasets agree: rounding leaves a little more or less than nothing
    return float((datasets - 1) * chi_square / rest) if rest > 1e-9 * datasets else float("inf")


def permutation_p_value(ranks: np.ndarray, seed: int) -> float:
    """Share of permutations inside datasets whose Friedman statistic is as large, the given ranks counted as one."""
    rng = np.random.default_rng(seed)
    sums = np.zeros((PERMUTATIONS, ranks.shape[1]))
    for dataset in ranks:
        sums += rng.permuted(np.broadcast_to(dataset, sums.shape), axis=1)

    def spread(totals: np.ndarray) -> np.ndarray:
        # the other terms of the statistic are the same in every permutation
        return np.square(totals - totals.mean(axis=-1, keepdims=True)).sum(axis=-1)

    as_large = spread(sums) >= spread(ranks.sum(axis=0)) * (1 - 1e-9)
    return float((1 + as_large.sum()) / (1 + PERMUTATIONS))


def nemenyi(datasets: int, generators: int) -> float:
    """Critical difference of mean ranks at level .05 (Demsar 2006, section 3.2.2)."""
    quantile = stats.studentized_range.ppf(1 - LEVEL, generators, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(generators * (generators + 1) / (6 * datasets)))


def cliques(names: Sequence[str], means: Sequence[float], difference: float) -> list[list[str]]:
    """Largest groups of two or more neighbours whose mean ranks lie within less than the difference.

    Args:
        names: by mean rank.
        means: ascending, shape (g,).
        difference: the critical difference.
    """
    found: list[list[str]] = []
    reached = 0
    for start, mean in enumerate(means):
        end = int(np.searchsorted(means, mean + difference - 1e-9))
        if end - start > 1 and end > reached:
            found.append(list(names[start:end]))
        reached = max(reached, end)
    return found
