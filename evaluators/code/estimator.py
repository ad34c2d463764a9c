"""The unbiased estimator of pass@k and its error over problems.

Source: Chen et al. 2021 (arXiv 2107.03374), equation 1: pass@k = E[1 - C(n - c, k) / C(n, k)] over problems, of
which c of n samples are correct; as a product, as the binomials overflow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000


def pass_at_k(correct: NDArray[np.int64], samples: int, k: int) -> NDArray[np.float64]:
    """Probability that at least one of k of the samples is correct, for every problem.

    Args:
        correct: how many samples are correct, shape (problems,).
        samples: how many there are of every problem, at least k.
        k: how many are looked at.
    """
    if not 1 <= k <= samples:
        raise ValueError(f"pass@{k} cannot be estimated from {samples} samples")
    # C(n - c, k) / C(n, k) = product of 1 - c / i over i = n - k + 1 ... n; the factor of n - c < i is not above 0
    factors = 1.0 - correct[:, None] / np.arange(samples - k + 1, samples + 1)
    return 1.0 - np.prod(np.maximum(factors, 0.0), axis=1)


def bootstrap_error(values: NDArray[np.float64], seed: int) -> float:
    """Standard error of the mean by drawing the problems anew; NaN for fewer than two."""
    if len(values) < 2:
        return float("nan")
    drawn = np.random.default_rng(seed).integers(len(values), size=(RESAMPLES, len(values)))
    return float(values[drawn].mean(axis=1).std(ddof=1))
