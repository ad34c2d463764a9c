"""All pairwise Pearson correlations of a table from sums over rows, with and without groups of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluators.jackknife import with_and_without
from evaluators.tabular.codes import within_unit

# A variance below this share of the mean square is rounding, not variation.
ROUNDING = 1e-12


def correlations(values: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Correlation of every pair of columns over the rows where both are present.

    Args:
        values: shape (rows, columns), NaN where a value is missing.
        group: of each row; shape (rows,).

    Returns:
        Shape (1 + groups, columns, columns): with all rows, then without each group; NaN where a
        column is constant over the rows of a pair, or where there are fewer than two of them.
    """
    present = ~np.isnan(values)
    count = present.sum(axis=0)
    filled = np.where(present, within_unit(values), 0.0)
    # centred and scaled by the whole column first, so that sums of squares lose no digits
    filled = np.where(present, filled - filled.sum(axis=0) / np.maximum(count, 1), 0.0)
    scale = np.abs(filled).max(axis=0, initial=0.0)
    filled /= np.where(scale > 0, scale, 1.0)
    mask = present.astype(np.float64)
    parts = []
    for index in range(int(group.max()) + 1):
        rows = group == index
        x, m = filled[rows], mask[rows]
        parts.append(np.stack([m.T @ m, x.T @ m, (x * x).T @ m, x.T @ x]))
    n, sums, squares, products = np.moveaxis(with_and_without(np.stack(parts)), 1, 0)
    n = np.maximum(n, 1.0)
    transposed = sums.swapaxes(1, 2)
    variance = squares - sums**2 / n
    variance = np.where(variance > ROUNDING * squares, variance, 0.0)
    spread = np.sqrt(variance) * np.sqrt(variance.swapaxes(1, 2))
    covariance = products - sums * transposed / n
    return np.clip(np.divide(covariance, spread, out=np.full_like(spread, np.nan), where=spread > 0), -1.0, 1.0)
