"""Density: how far the distribution of every single column is from the real one.

Numeric columns by the two-sample Kolmogorov-Smirnov statistic, all others by total variation
distance (the column shapes of SDMetrics, the density error of TabSyn, Zhang et al. 2024, sec. 4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from bench.records import Column, Dataset
from evaluators.base import Evaluator, Score
from evaluators.jackknife import assign_groups, group_counts, jackknife_error, with_and_without
from evaluators.tabular.codes import category_codes, numbers
from evaluators.tabular.column_plots import plot_data

SHAPE, MISSING = "column_shape_error_percent", "missing_rate_error_percent"
SCORES = ((SHAPE, "harness"), (SHAPE, "sdmetrics-0.11"), (MISSING, "harness"))


@dataclass(frozen=True)
class DensityConfig:
    """Nothing to choose."""


class Density(Evaluator):
    """Column-shape error and missing-rate error against the train rows, target included.

    `column_shape_error_percent` is 100 times the mean over columns of the KS statistic or the total
    variation distance. Missing numbers are dropped. In the protocol `harness` a missing category is a
    category of its own, and a numeric column without a single value on exactly one side counts as an
    error of 1; in `sdmetrics-0.11` missing categories are dropped as well, and a column without a single
    value on either side is left out of the mean. `missing_rate_error_percent` is 100 times the mean over
    columns of the absolute difference of the missing rates.

    The details of the shape error under `harness` hold what plots of the columns need (`column_plots.py`).
    The standard error is that of drawing the synthetic rows; the train rows are taken as given.
    """

    Config = DensityConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        n = len(synthetic)
        if len(data.train) == 0 or n == 0:
            reason = f"{len(data.train)} real and {n} synthetic records; there must be some of both"
            return [Score(name, np.nan, np.nan, False, rule, 1, n, {"reason": reason}) for name, rule in SCORES]
        group = assign_groups(n, seed)
        errors: dict[tuple[str, str], dict[str, NDArray[np.float64]]] = {key: {} for key in SCORES}
        with progress.task("density", len(data.schema.columns), "columns") as task:
            for column in data.schema.columns:
                name = column.name
                real, generated = data.train[name], synthetic[name]
                errors[SHAPE, "harness"][name], errors[SHAPE, "sdmetrics-0.11"][name] = shape_errors(
                    column, real, generated, group
                )
                errors[MISSING, "harness"][name] = missing_rate_error(real, generated, group)
                task.advance()
        scores = [mean_score(*key, values, n) for key, values in errors.items()]
        scores[0].details["plots"] = plot_data(data.schema, data.train, synthetic)
        return scores


def mean_score(metric: str, protocol: str, errors: dict[str, NDArray[np.float64]], n: int) -> Score:
    """The mean in percent over the columns that have an error; every error has the shape (1 + groups,)."""
    defined = {name: error for name, error in errors.items() if not np.isnan(error[0])}
    details = {"columns": {name: 100 * float(error[0]) for name, error in defined.items()}}
    if not defined:
        details["reason"] = "no column has values on both sides"
        return Score(metric, np.nan, np.nan, False, protocol, 1, n, details)
    percent = 100 * np.mean(list(defined.values()), axis=0)
    return Score(metric, float(percent[0]), jackknife_error(percent), False, protocol, 1, n, details)


def shape_errors(
    column: Column, real: pd.Series, synthetic: pd.Series, group: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """KS statistic or total variation distance under both protocols; with all rows and without each group.

    Returns:
        `harness` and `sdmetrics-0.11`, each of shape (1 + groups,); NaN where the latter has no value.
    """
    if column.numeric:
        error = kolmogorov_smirnov(numbers(real), numbers(synthetic), group)
        empty = real.isna().all() or synthetic.isna().all()
        return error, np.full_like(error, np.nan) if empty else error
    real_codes, synthetic_codes, size = category_codes(real, synthetic)
    real_counts = np.bincount(real_codes, minlength=size)
    counts = with_and_without(group_counts(synthetic_codes, size, group))
    present = np.ones(size, dtype=bool)
    present[real_codes[real.isna().to_numpy()]] = False
    present[synthetic_codes[synthetic.isna().to_numpy()]] = False
    error = total_variation(real_counts, counts)
    if not present.any():
        return error, np.full_like(error, np.nan)
    return error, total_variation(real_counts[present], counts[:, present])


def total_variation(real: NDArray[np.int64], synthetic: NDArray[np.int64]) -> NDArray[np.float64]:
    """Half the L1 distance of frequencies; counts of shape (size,) and (..., size) -> (...)."""
    with np.errstate(invalid="ignore"):  # no row is left without the only group
        frequency = synthetic / synthetic.sum(axis=-1, keepdims=True)
        return (
            0.5 * np.abs(frequency - real / real.sum()).sum(axis=-1) if real.size else np.full(len(synthetic), np.nan)
        )


def kolmogorov_smirnov(
    real: NDArray[np.float64], synthetic: NDArray[np.float64], group: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Largest distance of the two empirical distribution functions; (1 + groups,)."""
    real = real[~np.isnan(real)]
    if len(real) == 0 or np.isnan(synthetic).all():
        undefined = len(real) == 0 and np.isnan(synthetic).all()
        return np.full(2 + group.max(), 0.0 if undefined else 1.0)
    # np.unique puts one NaN last, where any value is missing
    grid, codes = np.unique(np.concatenate([real, synthetic]), return_inverse=True)
    size = len(grid) - int(np.isnan(grid[-1]))
    real_steps = np.bincount(codes[: len(real)], minlength=size).cumsum() / len(real)
    steps = with_and_without(group_counts(codes[len(real) :], len(grid), group)[:, :size]).cumsum(axis=1)
    with np.errstate(invalid="ignore"):  # all values may stand in one group
        return np.abs(steps / steps[:, -1:] - real_steps).max(axis=1)


def missing_rate_error(real: pd.Series, synthetic: pd.Series, group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Absolute difference of the shares of missing values; (1 + groups,)."""
    counts = with_and_without(group_counts(synthetic.isna().to_numpy(dtype=np.int64), 2, group))
    with np.errstate(invalid="ignore"):
        return np.abs(counts[:, 1] / counts.sum(axis=1) - real.isna().mean())
