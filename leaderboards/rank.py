"""Order of the generators of a table, and when a difference between two of them is real.

Paired by split and seed where two pairs exist, with a percentile bootstrap over pairs (Efron and
Tibshirani 1993, chapter 13). Resampling two or three pairs cannot reach beyond the pairs, so alone it
calls up to half of all equal generators different; the interval is therefore never narrower than
Student's for the mean difference (docs/decisions/010-when-a-difference-is-real.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from scipy import stats

from leaderboards.aggregate import ROUNDING, Row, Summary, Table
from leaderboards.columns import Column, losses, ranked

LEVEL = 0.95
RESAMPLES = 4000
SENTINEL_ORDER = ["ceiling", "floor", "reference"]


def interval(first: Summary, second: Summary, *, seed: int = 0) -> tuple[float, float]:
    """95 % confidence interval of mean(first) - mean(second); NaN where no error can be stated.

    With fewer than two common (split seed, seed) pairs: ± 1.96 times the combined standard errors. Two differences that
    are equal have no spread to take an error from: scores in steps, such as shares of few problems, meet by chance.
    """
    differences = paired(first, second)
    tail = (1 - LEVEL) / 2
    if len(differences) < 2:
        half = stats.norm.ppf(1 - tail) * np.hypot(first.stderr, second.stderr)
        middle = first.mean - second.mean
        return float(middle - half), float(middle + half)
    draws = np.random.default_rng(seed).integers(len(differences), size=(RESAMPLES, len(differences)))
    resampled = np.quantile(differences[draws].mean(axis=1), [tail, 1 - tail])
    low, high = student(differences)
    if np.isnan(low):
        return low, high
    return float(min(resampled[0], low)), float(max(resampled[1], high))


def paired(first: Summary, second: Summary) -> np.ndarray:
    """Differences on common (split seed, seed) pairs, shape (pairs,)."""
    return (first.values - second.values).dropna().to_numpy()


def student(differences: np.ndarray) -> tuple[float, float]:
    """Student's interval of the mean of two or more differences; NaN where there are two that are equal."""
    if len(differences) == 2 and np.isclose(*differences, rtol=ROUNDING, atol=0):
        return float("nan"), float("nan")
    half = quantile(len(differences)) * differences.std(ddof=1) / np.sqrt(len(differences))
    middle = differences.mean()
    return float(middle - half), float(middle + half)


@cache
def quantile(count: int) -> float:
    return float(stats.t.ppf((1 + LEVEL) / 2, count - 1))


def direction(first: Summary, second: Summary) -> int:
    """1 where the interval of mean(first) - mean(second) lies above zero, -1 below, 0 where it does not leave it out.

    It is that of the common pairs: the means of all cells may lie the other way round where cells are missing.
    """
    noise = ROUNDING * max(abs(first.mean), abs(second.mean))
    differences = paired(first, second)
    if len(differences) > 1 and not side(student(differences), noise):
        return 0  # resampling only widens
    return side(interval(first, second), noise)


def side(ends: tuple[float, float], noise: float) -> int:
    return int(ends[0] > noise) - int(ends[1] < -noise)


def rank(table: Table) -> Table:
    """The table with its rows in order and the best value of every ranked column marked.

    Competitors come by mean rank over the ranked columns, those with a failed cell after all
    others, then the sentinels, which do not compete.
    """
    columns = ranked(table.columns, table.family)
    competitors = [row for row in table.rows if row.sentinel is None]
    order = np.lexsort(
        (
            [row.name for row in competitors],
            mean_ranks(competitors, columns),
            [bool(row.failures) for row in competitors],
        )
    )
    best = {column: best_row(competitors, column) for column in columns}
    rows = [
        replace(row, best=frozenset(column for column in columns if best[column] is row))
        for row in (competitors[place] for place in order)
    ]
    sentinels = [row for row in table.rows if row.sentinel is not None]
    sentinels.sort(key=lambda row: (SENTINEL_ORDER.index(row.sentinel or ""), row.name))
    return replace(table, rows=rows + sentinels)


def mean_ranks(rows: Sequence[Row], columns: Sequence[Column]) -> np.ndarray:
    """Mean over columns of the rank inside a column, 1 the best, ties shared; shape (len(rows),).

    Generators without a measured value share the last ranks of that column: the floor, which stands
    in for a failed cell, is the best of all in a metric of single columns.
    """
    if not rows or not columns:
        return np.zeros(len(rows))
    ranks = []
    for column in columns:
        values = [measured(row, column) for row in rows]
        ranks.append(stats.rankdata([np.inf if value is None else turned(value, column).mean for value in values]))
    return np.mean(ranks, axis=0)


def measured(row: Row, column: Column) -> Summary | None:
    """The row's summary where it has a mean and no cell of it is imputed."""
    summary = row.summaries.get(column)
    return None if summary is None or summary.imputed or np.isnan(summary.mean) else summary


def compare(first: Row, second: Row, column: Column) -> int:
    """1 where the first is really better, -1 where the second is, else 0; without a measured value one is worse."""
    mine, other = measured(first, column), measured(second, column)
    if mine is None or other is None:
        return (mine is not None) - (other is not None)
    return direction(turned(other, column), turned(mine, column))


def turned(summary: Summary, column: Column) -> Summary:
    """The same with losses in place of values: less is better."""
    own = losses(column.metric, column.higher_is_better, summary.values)
    return replace(summary, values=own, mean=float(own.mean(skipna=False)))


def best_row(rows: Sequence[Row], column: Column) -> Row | None:
    """The generator that is really better than the runner-up; imputed values come after measured ones."""
    found = [(row, turned(row.summaries[column], column)) for row in rows if column in row.summaries]
    valued = [(row, own) for row, own in found if not np.isnan(own.mean)]
    valued.sort(key=lambda pair: (pair[1].imputed, pair[1].mean))
    if len(valued) < 2:
        return None
    (row, leader), (_, runner_up) = valued[:2]
    return row if not leader.imputed and direction(leader, runner_up) < 0 else None
