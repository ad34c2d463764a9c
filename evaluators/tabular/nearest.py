"""Exact nearest neighbours of mixed rows, by blocks and on all cores.

Both sides are cut into blocks of similar rows, as the leaves of a k-d tree (Bentley 1975). A query
meets the blocks in the order of a lower bound of its distances, and no block whose bound is not below
the neighbours that it has already; inside a block, numbers are compared only where the categories
alone do not say that a pair is too far apart. Bounds are rounded like distances, column by column in
the same order, so that skipping never changes a result. Memory is that of the points and of some
blocks a thread, whatever the numbers of rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.progress import Task
from evaluators.tabular.points import Array, Metric, Points, add_cost, mismatches, number_costs, paired_distances

# Smaller blocks are skipped more often, larger ones cost less Python; measured on the tables of the harness.
QUERY_ROWS, BLOCK_ROWS = 256, 512
# Rows by which the column that a block is cut along is chosen.
SAMPLE_ROWS = 512
# Up to this share of the pairs, numbers are gathered pair by pair.
SPARSE = 0.2
# Balls between two of these quantiles of their radii are searched together.
RADIUS_LEVELS = (0.5, 0.75, 0.9, 0.97)

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Blocks:
    """A set of points cut into blocks of similar rows.

    Args:
        points: in the order of the blocks.
        order: where each of them stood; shape (rows,).
        edges: where each block starts, and the number of rows; shape (blocks + 1,).
        low, high: smallest and largest number of every block, without limit where one is missing;
            shape (numeric columns, blocks).
        first, last: smallest and largest code; shape (categories, blocks).
    """

    points: Points
    order: Indices
    edges: Indices
    low: Array
    high: Array
    first: NDArray[np.unsignedinteger]
    last: NDArray[np.unsignedinteger]

    def __len__(self) -> int:
        return len(self.edges) - 1

    def block(self, number: int) -> slice:
        return slice(int(self.edges[number]), int(self.edges[number + 1]))


def cut(points: Points, metric: Metric, size: int) -> Blocks:
    """Blocks of at most `size` rows."""
    leaves = list(split(points, metric, size))
    order = np.concatenate([*leaves, np.empty(0, dtype=np.int64)])
    edges = np.cumsum([0, *(len(leaf) for leaf in leaves)])
    arranged = points[order]
    starts = edges[:-1]
    low = np.minimum.reduceat(arranged.numbers, starts, axis=1)
    high = np.maximum.reduceat(arranged.numbers, starts, axis=1)
    return Blocks(
        arranged,
        order,
        edges,
        # both are NaN where a number is missing, and the block says nothing about the others
        np.where(np.isnan(low), -np.inf, low),
        np.where(np.isnan(high), np.inf, high),
        np.minimum.reduceat(arranged.codes, starts, axis=1),
        np.maximum.reduceat(arranged.codes, starts, axis=1),
    )


def split(points: Points, metric: Metric, size: int) -> Iterator[Indices]:
    """Row numbers of each leaf, from halving along the column in which two rows differ most."""
    todo = [np.arange(len(points))]
    while todo:
        rows = todo.pop()
        if len(rows) <= size:
            yield rows
            continue
        column = widest(points[rows[:: -(-len(rows) // SAMPLE_ROWS)]], metric)
        middle = len(rows) // 2
        if column < len(points.numbers):
            rows = rows[np.argpartition(points.numbers[column, rows], middle)]
        else:
            codes = points.codes[column - len(points.numbers), rows]
            inside = np.argsort(codes, kind="stable")
            rows, codes = rows[inside], codes[inside]
            change = np.flatnonzero(np.diff(codes)) + 1
            # between two labels, where that is near the middle
            near = change[np.abs(change - middle) <= len(rows) // 4]
            middle = int(near[np.argmin(np.abs(near - middle))]) if len(near) else middle
        todo += [rows[middle:], rows[:middle]]


def widest(sample: Points, metric: Metric) -> int:
    """The column that adds most to the distance of two rows; numbers come first."""
    present = ~np.isnan(sample.numbers)
    count = np.maximum(present.sum(axis=1), 1)
    mean = np.where(present, sample.numbers, 0.0).sum(axis=1) / count
    square = np.where(present, sample.numbers - mean[:, None], 0.0) ** 2
    spread = square.sum(axis=1) / len(sample) * sample.scale**2
    number_cost = 2 * spread if metric.difference == "squared" else np.sqrt(spread)
    code_cost = [
        metric.mismatch * (1 - np.sum((np.unique(codes, return_counts=True)[1] / len(sample)) ** 2))
        for codes in sample.codes
    ]
    return int(np.argmax([*number_cost, *code_cost]))


def lower_bounds(queries: Points, blocks: Blocks, metric: Metric) -> Array:
    """No row of a block is closer to a query than this; shape (queries, blocks)."""
    total = np.zeros((len(queries), len(blocks)))
    for value, low, high, scale in zip(queries.numbers, blocks.low, blocks.high, queries.scale, strict=True):
        gap = np.fmax(low - value[:, None], value[:, None] - high)
        add_cost(np.fmax(gap, 0.0), scale, metric, total)
    count = np.zeros(total.shape, dtype=np.int64)
    for code, first, last in zip(queries.codes, blocks.first, blocks.last, strict=True):
        count += (code[:, None] < first) | (code[:, None] > last)
    total += metric.mismatch * count
    return total


def near_distances(queries: Points, block: Points, metric: Metric, limit: Array) -> Array:
    """Distances of shape (queries, rows), infinite where the categories alone exceed the `limit` of a pair."""
    base = metric.mismatch * mismatches(queries, block)
    near = base <= limit
    if np.count_nonzero(near) > SPARSE * near.size:
        return number_costs(queries, block, metric) + base
    found = np.full(near.shape, np.inf)
    a, b = np.nonzero(near)
    found[a, b] = paired_distances(queries[a], block[b], metric)
    return found


def nearest(queries: Points, reference: Points, metric: Metric, k: int, task: Task) -> tuple[Array, Indices]:
    """The k smallest distances of every query, ascending, and the row of the reference at each.

    A query that is itself a row of the reference finds itself, at distance 0.

    Returns:
        Both of shape (queries, k); infinite and -1 where the reference has fewer than k rows.
    """
    found = np.full((len(queries), k), np.inf)
    rows = np.full((len(queries), k), -1)
    if len(queries) == 0 or len(reference) == 0:
        return found, rows
    blocks = cut(reference, metric, BLOCK_ROWS)

    def search(part: Points, asked: Indices) -> None:
        best, at = np.full((len(part), k), np.inf), np.full((len(part), k), -1)
        bounds = lower_bounds(part, blocks, metric)
        least = bounds.min(axis=0)
        for number in np.argsort(least, kind="stable"):
            if least[number] >= best[:, -1].max():
                break
            open_rows = np.flatnonzero(bounds[:, number] < best[:, -1])
            if len(open_rows) == 0:
                continue
            place = blocks.block(number)
            distance = near_distances(part[open_rows], blocks.points[place], metric, best[open_rows, -1:])
            better = distance.min(axis=1) < best[open_rows, -1]
            if better.any():
                keep_best(best, at, open_rows[better], distance[better], blocks.order[place])
        ascending = np.argsort(best, axis=1, kind="stable")
        found[asked] = np.take_along_axis(best, ascending, axis=1)
        rows[asked] = np.take_along_axis(at, ascending, axis=1)

    in_blocks(queries, metric, search, task)
    return found, rows


def keep_best(best: Array, at: Indices, rows: Indices, distance: Array, names: Indices) -> None:
    """Merge new distances of some rows into their k smallest, in place; the k-th smallest stands last."""
    k = best.shape[1]
    together = np.concatenate([best[rows], distance], axis=1)
    choice = np.argpartition(together, k - 1, axis=1)[:, :k]
    labels = np.concatenate([at[rows], np.broadcast_to(names, distance.shape)], axis=1)
    best[rows] = np.take_along_axis(together, choice, axis=1)
    at[rows] = np.take_along_axis(labels, choice, axis=1)


def balls_around(queries: Points, centres: Points, radii: Array, metric: Metric, task: Task) -> Indices:
    """In how many of the closed balls around the centres each query lies; radii (centres,) -> (queries,)."""
    count = np.zeros(len(queries), dtype=np.int64)
    if len(queries) == 0 or len(centres) == 0:
        return count
    # one outlier with a large ball would else keep the whole block around it from being skipped
    kind = np.searchsorted(np.quantile(radii, RADIUS_LEVELS), radii)
    parts = []
    for number in np.unique(kind):
        rows = np.flatnonzero(kind == number)
        blocks = cut(centres[rows], metric, BLOCK_ROWS)
        radius = radii[rows][blocks.order]
        parts.append((blocks, radius, np.maximum.reduceat(radius, blocks.edges[:-1])))

    def search(part: Points, asked: Indices) -> None:
        for blocks, radius, largest in parts:
            reach = lower_bounds(part, blocks, metric) <= largest
            for number in np.flatnonzero(reach.any(axis=0)):
                open_rows = np.flatnonzero(reach[:, number])
                place = blocks.block(number)
                distance = near_distances(part[open_rows], blocks.points[place], metric, radius[place])
                count[asked[open_rows]] += np.count_nonzero(distance <= radius[place], axis=1)

    in_blocks(queries, metric, search, task)
    return count


def in_blocks(queries: Points, metric: Metric, search: Callable[[Points, Indices], None], task: Task) -> None:
    """Search for blocks of similar queries, one thread a core; `search` gets the points and their places."""
    asked = cut(queries, metric, QUERY_ROWS)

    def work(number: int) -> int:
        place = asked.block(number)
        search(asked.points[place], asked.order[place])
        return place.stop - place.start

    with ThreadPoolExecutor(cores()) as pool:
        for done in pool.map(work, range(len(asked))):
            task.advance(done)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
