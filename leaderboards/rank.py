"""Order of the generators of a table, and when a difference between two of them is real.

Paired by split and seed where two pairs exist, with a percentile bootstrap over pairs (Efron and
Tibshirani 1993, chapter 13). Resampling two or three pairs cannot reach beyond the pairs, so alone it
calls up to half of all equal generators different; the interval is therefore never narrower than
Student's for the mean difference (docs/decisions/010-when-a-difference-is-real.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from leaderboards.aggregate import Row, Summary, Table
from leaderboards.columns import Column, ranked

LEVEL = 0.95
RESAMPLES = 4000
SENTINEL_ORDER = ["ceiling", "floor", "reference"]


def interval(first: Summary, second: Summary, *, seed: int = 0) -> tuple[float, float]:
    """95 % confidence interval of mean(first) - mean(second); NaN where no error can be stated.

    With fewer than two common (split seed, seed) pairs: ± 1.96 times the combined standard errors.
    """
    differences = (first.values - second.values).dropna().to_numpy()
    tail = (1 - LEVEL) / 2
    if len(differences) < 2:
        half = stats.norm.ppf(1 - tail) * np.hypot(first.stderr, second.stderr)
        middle = first.mean - second.mean
        return float(middle - half), float(middle + half)
    draws = np.random.default_rng(seed).integers(len(differences), size=(RESAMPLES, len(differences)))
    low, high = np.quantile(differences[draws].mean(axis=1), [tail, 1 - tail])
    half = stats.t.ppf(1 - tail, len(differences) - 1) * stats.sem(differences)
    middle = differences.mean()
    return float(min(low, middle - half)), float(max(high, middle + half))


def differs(first: Summary, second: Summary) -> bool:
    """Whether the interval of the difference leaves zero out by more than rounding noise."""
    low, high = interval(first, second)
    noise = 1e-9 * max(abs(first.mean), abs(second.mean))
    return low > noise or high < -noise


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

    A generator without a value takes the last rank of that column.
    """
    if not rows or not columns:
        return np.zeros(len(rows))
    ranks = []
    for column in columns:
        means = [row.summaries[column].mean if column in row.summaries else np.nan for row in rows]
        losses = np.array(means) * (-1 if column.higher_is_better else 1)
        ranks.append(stats.rankdata(np.where(np.isnan(losses), np.inf, losses)))
    return np.mean(ranks, axis=0)


def best_row(rows: Sequence[Row], column: Column) -> Row | None:
    """The generator that is really better than the runner-up; imputed values come after measured ones."""
    sign = -1 if column.higher_is_better else 1
    valued = [row for row in rows if column in row.summaries and not np.isnan(row.summaries[column].mean)]
    valued.sort(key=lambda row: (row.summaries[column].imputed, sign * row.summaries[column].mean))
    if len(valued) < 2:
        return None
    leader, runner_up = (row.summaries[column] for row in valued[:2])
    return valued[0] if not leader.imputed and differs(leader, runner_up) else None
