"""Standard errors by the delete-a-group jackknife (Kott 2001, Journal of Official Statistics 17(4)).

Counts and sums are additive over rows, so the statistic without one group of rows comes from the
total minus the group's part: no statistic is computed twice from the rows. Arrays of such values
have the total first, then the value without each group: shape (1 + groups, ...).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GROUPS = 20


def assign_groups(rows: int, seed: int) -> NDArray[np.int64]:
    """A random group for each row, sizes equal up to one; shape (rows,). Fewer rows, fewer groups."""
    return np.random.default_rng(seed).permutation(rows) % min(GROUPS, rows)


def group_counts(codes: NDArray[np.int64], size: int, group: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each code in 0..size-1 stands in each group; shape (groups, size)."""
    groups = int(group.max()) + 1
    return np.bincount(group * size + codes, minlength=groups * size).reshape(groups, size)


def with_and_without(parts: NDArray) -> NDArray:
    """The sum over groups, then the sum without each group; (groups, ...) -> (1 + groups, ...)."""
    total = parts.sum(axis=0, keepdims=True)
    return np.concatenate([total, total - parts])


def jackknife_error(values: NDArray[np.float64]) -> float:
    """Standard error of a statistic; shape (1 + groups,).

    NaN where the statistic is not defined without some group, which is always so for a single row.
    """
    without = values[1:]
    groups = len(without)
    return float(np.sqrt((groups - 1) / groups * np.sum((without - without.mean()) ** 2)))
