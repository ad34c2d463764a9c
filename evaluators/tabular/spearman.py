"""All pairwise Spearman rank correlations of a table, with and without groups of rows.

Ranks are those among the rows that stay (ties share their mean rank), so every value is the coefficient of
the remaining rows, not one of ranks that others have shifted.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray


def rank_correlations(values: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Spearman's correlation of every pair of columns over the rows where both are present.

    Args:
        values: shape (rows, columns), NaN where a value is missing.
        group: of each row; shape (rows,).

    Returns:
        Shape (1 + groups, columns, columns): with all rows, then without each group; NaN where a
        column is constant over the rows of a pair, or where there are fewer than two of them.
    """
    groups, width = int(group.max()) + 1, values.shape[1]
    result = np.full((1 + groups, width, width), np.nan)
    gaps = np.isnan(values)
    whole = np.flatnonzero(~gaps.any(axis=0))
    result[:, whole[:, None], whole] = complete(values[:, whole], group, groups)
    for first, second in combinations(range(width), 2):
        pair = [first, second]
        there = ~gaps[:, pair].any(axis=1)
        if not there.all():
            result[:, first, second] = complete(values[np.ix_(there, pair)], group[there], groups)[:, 0, 1]
            result[:, second, first] = result[:, first, second]
    return result


def complete(values: NDArray[np.float64], group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """The same for columns without missing values."""
    codes = [np.unique(column, return_inverse=True)[1] for column in values.T]
    counts = [np.bincount(code) for code in codes]
    result = np.full((1 + groups, len(codes), len(codes)), np.nan)
    for index in range(1 + groups):
        kept = group != index - 1
        centred = np.empty((len(codes), int(kept.sum())))
        for place, (code, count) in enumerate(zip(codes, counts, strict=True)):
            left = count - np.bincount(code[~kept], minlength=len(count))
            # the mean rank of a value, less the mean of all ranks: rows below it and half of those beside it
            centred[place] = (left.cumsum() - left / 2 - left.sum() / 2)[code[kept]]
        products = centred @ centred.T
        spread = np.sqrt(np.diag(products))
        spread = spread[:, None] * spread
        np.divide(products, spread, out=result[index], where=spread > 0)
    return np.clip(result, -1.0, 1.0)
