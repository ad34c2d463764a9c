"""What synthetic programs are made of against held-out real ones: node types, and sizes.

Only programs that parse are compared, on both sides, so that these scores and the share that parses say
different things.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluators.base import Score
from evaluators.code.syntax import Syntax
from evaluators.jackknife import assign_groups, jackknife_error, with_and_without
from evaluators.tabular.density import kolmogorov_smirnov

SHOWN = 10


def shape_scores(real: Sequence[Syntax], synthetic: Sequence[Syntax], seed: int) -> list[Score]:
    """`ast_node_error_percent`, `statements_shape_error_percent`, `nesting_shape_error_percent`.

    Args:
        real: of held-out programs.
        synthetic: of generated ones.
        seed: of the groups of the jackknife.
    """
    real, synthetic = ([one for one in part if one.parses] for part in (real, synthetic))
    if not real or not synthetic:
        reason = f"{len(real)} test and {len(synthetic)} synthetic records parse; there must be some of both"
        names = ("ast_node", "statements_shape", "nesting_shape")
        details = {"reason": reason}
        return [Score(f"{name}_error_percent", np.nan, np.nan, False, "harness", 1, 0, details) for name in names]
    group = assign_groups(len(synthetic), seed)
    return [
        node_score(real, synthetic, group),
        size_score("statements", real, synthetic, group),
        size_score("nesting", real, synthetic, group),
    ]


def node_score(real: Sequence[Syntax], synthetic: Sequence[Syntax], group: NDArray[np.int64]) -> Score:
    """100 times the total variation distance of the frequencies of node types, all nodes pooled.

    The jackknife leaves out programs, not nodes, because the nodes of a program belong together.
    """
    kinds = sorted({kind for one in (*real, *synthetic) for kind in one.nodes})
    number = {kind: position for position, kind in enumerate(kinds)}
    parts = np.zeros((int(group.max()) + 1, len(kinds)))
    for part, one in zip(group, synthetic, strict=True):
        for kind, count in one.nodes.items():
            parts[part, number[kind]] += count
    expected = np.array([sum(one.nodes[kind] for one in real) for kind in kinds], dtype=float)
    found = with_and_without(parts)
    if expected.sum() == 0 or found[0].sum() == 0:
        reason = "the test or the synthetic records hold no statement, only comments"
        return Score("ast_node_error_percent", np.nan, np.nan, False, "harness", 1, len(synthetic), {"reason": reason})
    expected /= expected.sum()
    with np.errstate(invalid="ignore"):  # all nodes in one group: no standard error
        frequencies = found / found.sum(axis=1, keepdims=True)
    percent = 50 * np.abs(frequencies - expected).sum(axis=1)
    difference = frequencies[0] - expected
    largest = np.argsort(-np.abs(difference), kind="stable")[:SHOWN]
    details = {"difference_percent": {kinds[i]: float(100 * difference[i]) for i in largest}}
    error = jackknife_error(percent)
    return Score("ast_node_error_percent", float(percent[0]), error, False, "harness", 1, len(synthetic), details)


def size_score(size: str, real: Sequence[Syntax], synthetic: Sequence[Syntax], group: NDArray[np.int64]) -> Score:
    """100 times the KS statistic of a size of the programs."""
    expected, found = (np.array([getattr(one, size) for one in part], dtype=float) for part in (real, synthetic))
    percent = 100 * kolmogorov_smirnov(expected, found, group)
    details = {f"median_{size}": float(np.median(found)), f"median_{size}_test": float(np.median(expected))}
    metric, n = f"{size}_shape_error_percent", len(synthetic)
    return Score(metric, float(percent[0]), jackknife_error(percent), False, "harness", 1, n, details)
