"""Attribute inference: whether the synthetic rows give away a value of a person whose other values are known.

The attacker takes the synthetic row that is closest in all other columns and guesses its value, as
the inference attack of Anonymeter does (Giomi et al. 2023, arXiv 2211.10459, sec. 3). What works on
held-out rows as well is knowledge of the population; the leak is what works better on train rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import Task
from bench.records import Column, Schema
from evaluators.base import Score
from evaluators.tabular.codes import category_codes, numbers
from evaluators.tabular.nearest import nearest
from evaluators.tabular.points import TABSYN, encode
from evaluators.tabular.readings import reading, share_and_error, undefined

METRIC = "attribute_inference_advantage_percent"
LEAKS = "guessed better for train rows than for held-out rows: leaks values of single records"
SAFE = "guessed no better for train rows than for held-out rows"
TENTHS = 10


def attribute_inference(
    schema: Schema,
    sensitive: str,
    train: pd.DataFrame,
    holdout: pd.DataFrame,
    synthetic: pd.DataFrame,
    rows: int,
    task: Task,
) -> Score:
    """Percentage of right guesses for train rows minus that for as many held-out rows.

    Train and holdout come in a random order. A number is guessed right in the same tenth of the train
    values (fewer parts where values repeat); a missing value is a value.

    Raises:
        BenchError: the schema has no such column.
    """
    target = schema[sensitive]
    known = Schema(tuple(column for column in schema.columns if column.name != sensitive))
    size, n = min(len(train), len(holdout), rows), len(synthetic)
    if not known.columns:
        return undefined(METRIC, "harness", False, n, f"there is no column beside '{sensitive}'")
    if size == 0 or n == 0:
        reason = f"{len(train)} train, {len(holdout)} test and {n} synthetic records; there must be some of each"
        return undefined(METRIC, "harness", False, n, reason)
    asked = train.iloc[:size], holdout.iloc[:size]
    members, outsiders, table = encode(known, train, *asked, synthetic)
    truth, offered = answers(target, train[sensitive], pd.concat([part[sensitive] for part in asked]), synthetic)
    right = []
    for points, true in zip((members, outsiders), np.split(truth, 2), strict=True):
        right.append(offered[nearest(points, table, TABSYN, 1, task)[1][:, 0]] == true)
    (inside, inside_error), (outside, outside_error) = (share_and_error(flags) for flags in right)
    error = float(np.hypot(inside_error, outside_error))
    usual = np.bincount(offered).argmax()
    details = {
        "sensitive": sensitive,
        "train_percent": inside,
        "holdout_percent": outside,
        "most_frequent_value_percent": 100 * float((truth == usual).mean()),
        "rows": size,
        "reading": reading(inside - outside, error, LEAKS, SAFE),
    }
    return Score(METRIC, inside - outside, error, False, "harness", 1, n, details)


def answers(
    column: Column, train: pd.Series, truth: pd.Series, synthetic: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """True and offered values as codes that are equal where a guess is right."""
    if not column.numeric:
        return category_codes(truth, synthetic[column.name])[:2]
    values = numbers(train)
    edges = np.unique(np.nanquantile(values, np.arange(1, TENTHS) / TENTHS)) if not np.isnan(values).all() else []
    codes = []
    for part in (numbers(truth), numbers(synthetic[column.name])):
        codes.append(np.where(np.isnan(part), TENTHS, np.searchsorted(edges, part, side="right")))
    return codes[0], codes[1]
