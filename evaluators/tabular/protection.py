"""The two privacy scores of SDMetrics, by its own rules, so that its numbers can be compared with ours.

Distances are those of its module `dcr_utils`, exact on all rows: 1 a mismatch, numbers in units of
their range in whatever rows are searched (not always in train) and at most 1, mean over the columns.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import Task
from bench.records import Schema
from evaluators.base import Score
from evaluators.tabular.closeness import Neighbours, Sides
from evaluators.tabular.codes import numbers
from evaluators.tabular.nearest import nearest
from evaluators.tabular.points import SDMETRICS, Array, encode
from evaluators.tabular.readings import known, quantile_and_error, undefined

# Only the median of random rows is asked for.
RANDOM_ROWS = 2000


def overfitting_protection(
    schema: Schema, test: pd.DataFrame, synthetic: pd.DataFrame, found: Neighbours, task: Task
) -> Score:
    """`DCROverfittingProtection`: 2 (1 - share of rows closer to train than to the holdout), 1 at most.

    All train against all held-out rows, each with ranges of their own, and a tie speaks for the
    holdout; with a holdout smaller than train it is therefore lower for rows of the true distribution.
    """
    points, reference = encode(schema, test, synthetic, test)
    holdout = nearest(points, reference, SDMETRICS, 1, task)[0][:, 0] / len(schema.columns)
    closer = found.train[:, 0] < holdout
    n, share = len(closer), float(closer.mean())
    value = min(2 * (1 - share), 1.0)
    # at the upper end the score does not move
    error = 2 * closer.std(ddof=1) / np.sqrt(n) if n > 1 and value < 1 else 0.0 if n > 1 else np.nan
    details = {"closer_to_training": share, "closer_to_holdout": 1 - share, "holdout_rows": len(test)}
    return Score("dcr_overfitting_protection", value, float(error), True, "sdmetrics", 1, n, details)


def baseline_protection(schema: Schema, train: pd.DataFrame, sides: Sides, found: Neighbours, seed: int) -> Score:
    """`DCRBaselineProtection`: median distance to train over that of rows of random values, 1 at most.

    SDMetrics draws as many random rows as there are synthetic ones; here they are `RANDOM_ROWS` at most.
    """
    n = len(found.train)
    random = random_rows(schema, train, min(n, RANDOM_ROWS), seed)
    points, reference = encode(schema, train, random, train)
    distance = nearest(points, reference, SDMETRICS, 1, Task())[0][:, 0] / len(schema.columns)
    above, above_error = quantile_and_error(found.train[:, 0], 0.5)
    below, below_error = quantile_and_error(distance, 0.5)
    if below == 0:
        reason = "rows of random values are copies of train rows, so their distance is no baseline"
        return undefined("dcr_baseline_protection", "sdmetrics", True, n, reason)
    value = above / below
    error = value * np.hypot(above_error / above, below_error / below) if 0 < value < 1 else 0.0
    median = quantile_and_error(found.reference[:, 0], 0.5)[0]
    details = {
        "median_distance_synthetic": above,
        "median_distance_random": below,
        "random_rows": len(random),
        "holdout": known(min(median / below, 1.0)),
    }
    return Score("dcr_baseline_protection", min(value, 1.0), float(error), True, "sdmetrics", 1, n, details)


def random_rows(schema: Schema, train: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Every column by itself: uniform over its range or its labels, as often missing as in train."""
    rng = np.random.default_rng(seed)
    frame = {}
    for column in schema.columns:
        there = train[column.name].dropna()
        if len(there) == 0:
            frame[column.name] = train[column.name].iloc[np.zeros(rows, dtype=int)].reset_index(drop=True)
            continue
        values = pd.Series(draw(numbers(there), column.kind, rows, rng)) if column.numeric else None
        if values is None:
            values = pd.Series(rng.choice(there.unique(), size=rows))
        gaps = rng.random(rows) < train[column.name].isna().mean()
        frame[column.name] = values.astype(train[column.name].dtype).mask(gaps)
    return pd.DataFrame(frame)


def draw(values: Array, kind: str, rows: int, rng: np.random.Generator) -> Array | NDArray[np.int64]:
    low, high = values.min(), values.max()
    if kind == "integer":
        drawn = np.floor(rng.uniform(low, high + 1, size=rows)).clip(low, high)
        # the largest integers are 2**63 as floats, which no integer holds
        whole = np.minimum(drawn, np.nextafter(2.0**63, 0)).astype(np.int64)
        return np.where(drawn < 2.0**63, whole, np.iinfo(np.int64).max)
    return rng.uniform(low, high, size=rows)
