"""Three-way marginals: total variation distance of the joint frequencies of three columns at a time.

The measure of the NIST differential privacy challenges (Ridgeway et al. 2021, NIST Technical Note 2151:
k-marginal scores with k = 3 on a sample of triples).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from evaluators.jackknife import group_counts, with_and_without
from evaluators.tabular.codes import Codes, joint_codes
from evaluators.tabular.density import total_variation

MOST_TRIPLES = 100


def choose_triples(names: Sequence[str], most: int, seed: int) -> list[tuple[str, ...]]:
    """All triples of names in their order where there are at most `most`, else so many different ones by chance."""
    if comb(len(names), 3) <= most:
        return list(combinations(names, 3))
    rng = np.random.default_rng(seed)
    chosen: dict[tuple[int, ...], None] = {}
    while len(chosen) < most:
        chosen[tuple(sorted(rng.choice(len(names), 3, replace=False).tolist()))] = None
    return [tuple(names[place] for place in triple) for triple in sorted(chosen)]


def three_way_errors(
    codes: Mapping[str, Codes], group: NDArray[np.int64], seed: int
) -> dict[tuple[str, ...], NDArray[np.float64]]:
    """Total variation distance of triples of columns, each of shape (1 + groups,)."""
    errors = {}
    for triple in choose_triples(list(codes), MOST_TRIPLES, seed):
        first, second, third = (codes[name] for name in triple)
        real, synthetic, size = joint_codes(joint_codes(first, second), third)
        counts = with_and_without(group_counts(synthetic, size, group))
        errors[triple] = total_variation(np.bincount(real, minlength=size), counts)
    return errors
