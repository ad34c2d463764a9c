"""What programs and tool definitions share: uniqueness, copies, and the shape of their lengths."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from bench.records import Dataset, Schema
from evaluators.base import Evaluator, Score
from evaluators.jackknife import assign_groups, jackknife_error
from evaluators.shares import record_numbers, repeats, share_score
from evaluators.tabular.density import kolmogorov_smirnov


class TextValidity(Evaluator):
    """Base of the validity of records that hold text.

    `{validity_metric}`: as the subclass says. `unique_percent`: share of distinct records, which
    falls with the size of the sample. `copy_percent`: share of records that equal a train record.
    `length_shape_error_percent`: 100 times the KS statistic of the lengths in characters (of all
    text and JSON columns together) against the held-out test records.

    Standard errors are binomial, for the length by jackknife; uniqueness has none, as it is no
    property of single records.
    """

    validity_metric: ClassVar[str]

    def is_valid(self, schema: Schema, records: pd.DataFrame) -> NDArray[np.bool_]:
        """Which records are valid; shape (rows,)."""
        raise NotImplementedError

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        return self.scores(data, synthetic, self.is_valid(data.schema, synthetic), seed)

    def scores(self, data: Dataset, synthetic: pd.DataFrame, valid: NDArray[np.bool_], seed: int) -> list[Score]:
        """The scores named above, given which records are valid, shape (rows,)."""
        real, generated = record_numbers(data.train, synthetic)
        unique = share_score("unique_percent", ~repeats(generated), True)
        return [
            share_score(self.validity_metric, valid, True),
            replace(unique, stderr=np.nan),
            share_score("copy_percent", np.isin(generated, real), False),
            length_score(data, synthetic, seed),
        ]

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        """Validation records where there are any: the lengths of test records are compared with their own."""
        return data.validation if len(data.validation) else data.test


def length_score(data: Dataset, synthetic: pd.DataFrame, seed: int) -> Score:
    metric, n = "length_shape_error_percent", len(synthetic)
    if n == 0 or len(data.test) == 0:
        reason = f"{len(data.test)} test and {n} synthetic records; there must be some of both"
        return Score(metric, np.nan, np.nan, False, "harness", 1, n, {"reason": reason})
    real, generated = lengths(data.schema, data.test), lengths(data.schema, synthetic)
    percent = 100 * kolmogorov_smirnov(real, generated, assign_groups(n, seed))
    details = {"median_length": float(np.median(generated)), "median_length_test": float(np.median(real))}
    return Score(metric, float(percent[0]), jackknife_error(percent), False, "harness", 1, n, details)


def lengths(schema: Schema, records: pd.DataFrame) -> NDArray[np.float64]:
    """Characters of the text and JSON columns of every record; a missing text has none. Shape (rows,)."""
    total = np.zeros(len(records))
    for column in schema.columns:
        if column.kind in ("text", "json"):
            total += records[column.name].str.len().to_numpy(dtype="float64", na_value=0)
    return total
