"""How strongly the columns of a table hang together, pair by pair, on real and on synthetic rows.

Spearman's correlation (with its sign) of two numbers, Cramér's V of two categories, the correlation ratio of
a number on a category (`spearman.py`, `association.py`). The scores are made of their differences, a heat
map of the values themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.tabular.association import correlation_ratio, cramers_v
from evaluators.tabular.codes import Codes
from evaluators.tabular.spearman import rank_correlations

# Columns of a heat map: more of them are not legible, and their matrices grow with the square.
MOST_COLUMNS = 40
Array = NDArray[np.float64]
Pair = tuple[str, str]
# of each pair the real value, and the synthetic ones with all rows and without each group: shape (1 + groups,)
Associations = dict[Pair, tuple[float, Array]]


def rank_associations(
    real: Mapping[str, Array], synthetic: Mapping[str, Array], group: NDArray[np.int64]
) -> Associations:
    """Spearman's correlation of every numeric pair, NaN where it is not defined."""
    if len(real) < 2:
        return {}
    real_table, table = (np.column_stack(list(values.values())) for values in (real, synthetic))
    known = rank_correlations(real_table, one_group(len(real_table)))[0]
    found = rank_correlations(table, group)
    return {
        (first, second): (float(known[i, j]), found[:, i, j])
        for (i, first), (j, second) in combinations(enumerate(real), 2)
    }


def category_associations(categories: Mapping[str, Codes], group: NDArray[np.int64]) -> Associations:
    """Cramér's V of every pair of categories."""
    found = {}
    for (first, a), (second, b) in combinations(categories.items(), 2):
        sizes = a[2], b[2]
        known = cramers_v(a[0], b[0], sizes, one_group(len(a[0])))[0]
        found[first, second] = float(known), cramers_v(a[1], b[1], sizes, group)
    return found


def mixed_associations(
    real: Mapping[str, Array], synthetic: Mapping[str, Array], categories: Mapping[str, Codes], group: NDArray[np.int64]
) -> Associations:
    """The correlation ratio of every number on every category."""
    found = {}
    for number, category in product(real, categories):
        real_codes, codes, size = categories[category]
        known = correlation_ratio(real[number], real_codes, size, one_group(len(real_codes)))[0]
        found[number, category] = float(known), correlation_ratio(synthetic[number], codes, size, group)
    return found


def one_group(rows: int) -> NDArray[np.int64]:
    return np.zeros(rows, dtype=np.int64)


def heat_map(found: Associations, names: Sequence[str], errors: Mapping[Pair, Array]) -> dict[str, Any]:
    """The associations as matrices, JSON-able and of bounded size.

    Args:
        found: of every pair of `names`, in either order.
        names: of the columns, in the order of the table.
        errors: pair trend error of every pair; its first element is that of all rows.

    Returns:
        `columns`, at most `MOST_COLUMNS` of them, those with the largest error of a pair, in the order of the
        table; how many were `left_out`; and the symmetric matrices `real` and `synthetic`, None where a
        value is not defined and on the diagonal, which says nothing.
    """
    worst = dict.fromkeys(names, -1.0)
    for pair, error in errors.items():
        for name in pair:
            worst[name] = max(worst[name], float(error[0]))
    chosen = set(sorted(names, key=worst.__getitem__, reverse=True)[:MOST_COLUMNS])
    columns = [name for name in names if name in chosen]
    real, synthetic = ([[None] * len(columns) for _ in columns] for _ in range(2))
    for (i, first), (j, second) in combinations(enumerate(columns), 2):
        known, values = found.get((first, second)) or found[second, first]
        real[i][j] = real[j][i] = rounded(known)
        synthetic[i][j] = synthetic[j][i] = rounded(values[0])
    return {"columns": columns, "left_out": len(names) - len(columns), "real": real, "synthetic": synthetic}


def rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 3)
