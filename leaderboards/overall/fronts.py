"""Pareto fronts: quality against what it costs, in seconds and in privacy.

A point is on the front if no other is at least as good in both and better in one. Quality is the mean
rank over ranked metrics and datasets, as the metrics have no common unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from leaderboards.aggregate import Row, Table
from leaderboards.columns import loss
from leaderboards.overall.blocks import Block
from leaderboards.rank import measured

PRIVACY = "dcr_share_percent"
RANK_HEADING = "mean rank"


@dataclass(frozen=True)
class Point:
    """Where a generator stands: less is better in both."""

    generator: str
    x: float
    y: float
    on_front: bool


@dataclass(frozen=True)
class Front:
    """One trade-off, less is better on both axes.

    Args:
        title: what is weighed against what.
        x_heading: with the unit.
        y_heading: with the unit.
        points: generators with both values, in order of x.
        logarithmic: x spans orders of magnitude.
        left_out: generators without one of the two values.
    """

    title: str
    x_heading: str
    y_heading: str
    points: list[Point]
    logarithmic: bool
    left_out: list[str]


def fronts(block: Block, mean_ranks: Sequence[float]) -> list[Front]:
    """Quality against seconds, and against privacy where every dataset has a share of closest records.

    Args:
        block: what is compared.
        mean_ranks: over datasets, in the order of the block's generators.
    """
    made = [front("quality against seconds", "seconds to fit and sample", block, seconds, mean_ranks, geometric_mean)]
    if all(any(column.metric == PRIVACY for column in table.columns) for table in block.tables):
        heading = "DCR share, percentage points from 50"
        made.append(front("quality against privacy", heading, block, leak, mean_ranks, np.mean))
    return made


def front(
    title: str,
    heading: str,
    block: Block,
    value: Callable[[Table, Row], float],
    mean_ranks: Sequence[float],
    over_datasets: Callable[[np.ndarray], float],
) -> Front:
    x = [
        float(over_datasets(np.array([value(*pair) for pair in zip(block.tables, block.rows[name], strict=True)])))
        for name in block.generators
    ]
    places = np.column_stack([x, mean_ranks]).reshape(-1, 2)
    on_front = non_dominated(places)
    valued = np.isfinite(places).all(axis=1)
    points = [
        Point(name, float(place[0]), float(place[1]), bool(mark))
        for name, place, mark, there in zip(block.generators, places, on_front, valued, strict=True)
        if there
    ]
    points.sort(key=lambda point: (point.x, point.y, point.generator))
    left_out = [name for name, there in zip(block.generators, valued, strict=True) if not there]
    return Front(title, heading, RANK_HEADING, points, over_datasets is geometric_mean, left_out)


def non_dominated(points: np.ndarray) -> np.ndarray:
    """Whether no other point is at least as small in every coordinate and smaller in one.

    Args:
        points: shape (n, coordinates); one with a value that is not finite is neither on the front nor dominates.

    Returns:
        shape (n,), boolean; equal points are on the front together.
    """
    valued = np.isfinite(points).all(axis=1)
    first, second = points[:, None], points[None]
    dominates = (first <= second).all(axis=2) & (first < second).any(axis=2) & valued[:, None]
    return valued & ~dominates.any(axis=0)


def seconds(_: Table, row: Row) -> float:
    # below a millisecond a clock tells little, and zero has no logarithm
    return float(np.maximum(row.fit_seconds + row.sample_seconds, 1e-3))


def leak(table: Table, row: Row) -> float:
    """Distance of the share of records closer to train than to held-out rows from what fresh records have."""
    column = next(column for column in table.columns if column.metric == PRIVACY)
    found = measured(row, column)
    return np.nan if found is None else loss(PRIVACY, column.higher_is_better, found.mean)


def geometric_mean(values: np.ndarray) -> float:
    """Each dataset weighs the same, whatever its size."""
    return float(np.exp(np.log(values).mean()))
