"""Validity of tabular records: legal values, observed ranges, duplicates and copies of train rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from bench.records import Column, Dataset
from evaluators.base import Evaluator, Score
from evaluators.shares import record_numbers, repeats, share_score
from evaluators.tabular.codes import numbers


@dataclass(frozen=True)
class TabularValidityConfig:
    """Nothing to choose."""


class TabularValidity(Evaluator):
    """Shares of records in percent, each read against the same share of held-out real rows.

    `valid_percent`: every category occurs in train, integers are whole, and nothing is missing in a
    column that train never misses. `in_range_percent`: every number that is present lies inside the
    range of train. `duplicate_percent`: the record repeats an earlier one of the sample, which grows
    with the size of the sample. `copy_percent`: the record equals a train row in every column.

    The standard error is binomial; duplicates have none, as they are no property of single records.
    """

    Config = TabularValidityConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        columns = data.schema.columns
        illegal = {c.name: illegal_values(c, data.train[c.name], synthetic[c.name]) for c in columns}
        outside = {c.name: outside_range(data.train[c.name], synthetic[c.name]) for c in columns if c.numeric}
        real, generated = record_numbers(data.train, synthetic)
        return [
            share_score("valid_percent", ~any_column(illegal, len(synthetic)), True, counts(illegal)),
            share_score("in_range_percent", ~any_column(outside, len(synthetic)), True, counts(outside)),
            replace(share_score("duplicate_percent", repeats(generated), False), stderr=np.nan),
            share_score("copy_percent", np.isin(generated, real), False),
        ]


def illegal_values(column: Column, real: pd.Series, synthetic: pd.Series) -> NDArray[np.bool_]:
    """Which values the column does not allow; shape (rows,)."""
    missing = synthetic.isna().to_numpy()
    if column.kind == "real":
        wrong = np.zeros(len(synthetic), dtype=bool)
    elif column.kind == "integer":
        wrong = numbers(synthetic) % 1 != 0
    else:
        wrong = ~synthetic.isin(real.dropna().unique()).to_numpy(dtype=bool)
    return np.where(missing, not real.isna().any(), wrong)


def outside_range(real: pd.Series, synthetic: pd.Series) -> NDArray[np.bool_]:
    """Which values lie outside the range of train; a missing value does not. Shape (rows,)."""
    observed, values = numbers(real), numbers(synthetic)
    observed = observed[~np.isnan(observed)]
    low, high = observed.min(initial=np.inf), observed.max(initial=-np.inf)
    return (values < low) | (values > high)


def any_column(flags: dict[str, NDArray[np.bool_]], rows: int) -> NDArray[np.bool_]:
    return np.any([np.zeros(rows, dtype=bool), *flags.values()], axis=0)


def counts(flags: dict[str, NDArray[np.bool_]]) -> dict[str, dict[str, int]]:
    """Score details: how many records fail because of a column."""
    return {"failing_records": {name: int(flag.sum()) for name, flag in flags.items()}}
