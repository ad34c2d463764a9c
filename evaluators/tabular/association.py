"""Association of pairs that are not both numeric: Cramér's V, and the correlation ratio.

Both in the form that is corrected for their upward bias, which grows with the number of categories and falls
with the number of rows: without it a small table looks more associated than a large one of the same truth.
V after Bergsma 2013 (Journal of the Korean Statistical Society 42(3)), the ratio after Kelley 1935
(PNAS 21(9), "An unbiased correlation ratio measure").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluators.jackknife import group_counts, with_and_without
from evaluators.tabular.codes import within_unit

# A sum of squares below this share of the uncentred one is rounding, not variation.
ROUNDING = 1e-12


def cramers_v(
    first: NDArray[np.int64], second: NDArray[np.int64], sizes: tuple[int, int], group: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Bias-corrected Cramér's V of two columns of codes; 0 where one of them is constant.

    Args:
        first, second: codes in 0..sizes[i]-1; shape (rows,).
        sizes: how many codes there are.
        group: of each row; shape (rows,).

    Returns:
        Shape (1 + groups,): with all rows, then without each group.
    """
    margins = [
        with_and_without(group_counts(codes, size, group)) for codes, size in zip((first, second), sizes, strict=True)
    ]
    # only cells that hold a row add to the sum, and there are no more of them than rows
    used, cell = np.unique(first * sizes[1] + second, return_inverse=True)
    counts = with_and_without(group_counts(cell, len(used), group)).astype(np.float64)
    expected = margins[0][:, used // sizes[1]].astype(np.float64) * margins[1][:, used % sizes[1]]
    share = np.divide(counts**2, expected, out=np.zeros_like(counts), where=expected > 0)
    mean_square = share.sum(axis=1) - 1  # chi-square over the number of rows
    rows = np.maximum(margins[0].sum(axis=1) - 1.0, 1.0)
    excess = [np.maximum((margin > 0).sum(axis=1) - 1.0, 0.0) for margin in margins]
    corrected = np.maximum(mean_square - excess[0] * excess[1] / rows, 0.0)
    most = np.minimum(*(one - one**2 / rows for one in excess))
    ratio = np.divide(corrected, most, out=np.zeros_like(corrected), where=most > ROUNDING)
    return np.sqrt(np.minimum(ratio, 1.0))


def correlation_ratio(
    values: NDArray[np.float64], codes: NDArray[np.int64], size: int, group: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Bias-corrected correlation ratio of a number on a category, over the rows that have the number.

    Args:
        values: NaN where missing; shape (rows,).
        codes: in 0..size-1; shape (rows,).
        size: how many codes there are.
        group: of each row; shape (rows,).

    Returns:
        Shape (1 + groups,): with all rows, then without each group; 0 where the number is constant, and
        where there are no more rows than categories.
    """
    groups = int(group.max()) + 1
    there = ~np.isnan(values)
    # centred and scaled first, so that sums of squares lose no digits
    present = within_unit(values[there])
    present = present - present.sum() / max(len(present), 1)
    spread = np.abs(present).max(initial=0.0)
    present = present / (spread if spread > 0 else 1.0)
    place = group[there] * size + codes[there]
    sums = [
        # without any row numpy counts in integers
        with_and_without(np.bincount(place, weight, minlength=groups * size).astype(np.float64).reshape(groups, size))
        for weight in (np.ones_like(present), present, present**2)
    ]
    counts, totals, squares = (np.round(sums[0]), *sums[1:])
    rows = counts.sum(axis=1)
    level = totals.sum(axis=1) ** 2 / np.maximum(rows, 1)
    whole = squares.sum(axis=1) - level
    inside = squares.sum(axis=1) - np.divide(totals**2, counts, out=np.zeros_like(totals), where=counts > 0).sum(axis=1)
    free = rows - (counts > 0).sum(axis=1)
    defined = (free > 0) & (whole > ROUNDING * squares.sum(axis=1))
    unexplained = np.divide(inside * (rows - 1), whole * free, out=np.ones_like(whole), where=defined)
    return np.sqrt(np.clip(1 - unexplained, 0.0, 1.0))
