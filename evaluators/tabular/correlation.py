"""Correlation: how far the joint distribution of every pair of columns is from the real one.

Numeric pairs by Pearson's correlation, all others by total variation distance of joint frequencies
(the column-pair trends of SDMetrics, the correlation error of TabSyn, Zhang et al. 2024, sec. 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from bench.records import Dataset, Schema
from evaluators.base import Evaluator, Score
from evaluators.jackknife import assign_groups, group_counts, jackknife_error, with_and_without
from evaluators.tabular.codes import bin_edges, category_codes, closed_bin_codes, compact, numbers, open_bin_codes
from evaluators.tabular.density import total_variation
from evaluators.tabular.pearson import correlations

METRIC = "pair_trend_error_percent"
PROTOCOLS = ("harness", "sdmetrics-0.11")
# real codes, synthetic codes, how many there are
Codes = tuple[NDArray[np.int64], NDArray[np.int64], int]


@dataclass(frozen=True)
class CorrelationConfig:
    """Nothing to choose."""


class Correlation(Evaluator):
    """Pair-trend error against the train rows over all pairs of columns, target included.

    A numeric pair has the error |rho_real - rho_synthetic| / 2, any other pair the total variation
    distance of its joint frequencies, numeric sides cut into 10 equal-width bins. The score is 100
    times the mean over pairs. A missing category is a category of its own in both protocols.

    | protocol        | `harness`                              | `sdmetrics-0.11`                       |
    |-----------------|----------------------------------------|----------------------------------------|
    | bin edges       | of the real column, outer bins open    | of either column, its maximum apart    |
    | missing number  | a bin of its own; no part in rho       | in the bin of the maximum; 0 for rho   |
    | constant column | rho is 0                               | numeric pairs left out of the mean     |

    The standard error is that of drawing the synthetic rows; the train rows and all bin edges are
    taken as given. The edges of `sdmetrics-0.11` hang on the extreme values of the synthetic rows,
    so for heavy tails its standard error is too small.
    """

    Config = CorrelationConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        n, schema = len(synthetic), data.schema
        reason = why_undefined(len(schema.columns), len(data.train), n)
        if reason is not None:
            return [Score(METRIC, np.nan, np.nan, False, name, 1, n, {"reason": reason}) for name in PROTOCOLS]
        group = assign_groups(n, seed)
        real_numbers = {name: numbers(data.train[name]) for name in schema.numeric}
        synthetic_numbers = {name: numbers(synthetic[name]) for name in schema.numeric}
        categories = {
            name: category_codes(data.train[name], synthetic[name])
            for name in schema.names
            if name not in schema.numeric
        }
        scores = []
        with progress.task("correlation", len(PROTOCOLS), "protocols") as task:
            for protocol in PROTOCOLS:
                cut = harness_bins if protocol == "harness" else sdmetrics_bins
                codes = categories | {name: cut(real_numbers[name], synthetic_numbers[name]) for name in schema.numeric}
                errors = contingency_errors(schema, codes, group)
                errors |= pearson_errors(real_numbers, synthetic_numbers, group, protocol)
                scores.append(mean_score(errors, protocol, n))
                task.advance()
        return scores


def why_undefined(columns: int, real: int, synthetic: int) -> str | None:
    if columns < 2:
        return "the table has one column; a pair needs two"
    if real == 0 or synthetic == 0:
        return f"{real} real and {synthetic} synthetic records; there must be some of both"
    return None


def mean_score(errors: Mapping[tuple[str, str], NDArray[np.float64]], protocol: str, n: int) -> Score:
    """The mean over pairs in percent; every error has the shape (1 + groups,), empty where undefined."""
    details = {"pairs": [[*pair, 100 * float(error[0]) if len(error) else None] for pair, error in errors.items()]}
    defined = [error for error in errors.values() if len(error)]
    if not defined:
        details["reason"] = "a column of every pair is constant"
        return Score(METRIC, np.nan, np.nan, False, protocol, 1, n, details)
    percent = 100 * np.mean(defined, axis=0)
    return Score(METRIC, float(percent[0]), jackknife_error(percent), False, protocol, 1, n, details)


def harness_bins(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> Codes:
    edges = bin_edges(real)
    return open_bin_codes(real, edges), open_bin_codes(synthetic, edges), len(edges)


def sdmetrics_bins(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> Codes:
    edges = bin_edges(real)
    return closed_bin_codes(real, edges), closed_bin_codes(synthetic, bin_edges(synthetic)), len(edges) + 1


def contingency_errors(
    schema: Schema, codes: Mapping[str, Codes], group: NDArray[np.int64]
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Total variation distance of the joint frequencies of every pair that is not numeric."""
    errors = {}
    for first, second in combinations(schema.columns, 2):
        if first.numeric and second.numeric:
            continue
        real, synthetic, size = compact(*joint_codes(codes[first.name], codes[second.name]))
        counts = with_and_without(group_counts(synthetic, size, group))
        errors[first.name, second.name] = total_variation(np.bincount(real, minlength=size), counts)
    return errors


def joint_codes(first: Codes, second: Codes) -> Codes:
    return first[0] * second[2] + second[0], first[1] * second[2] + second[1], first[2] * second[2]


def pearson_errors(
    real: Mapping[str, NDArray[np.float64]],
    synthetic: Mapping[str, NDArray[np.float64]],
    group: NDArray[np.int64],
    protocol: str,
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Half the absolute difference of the correlations of every numeric pair."""
    if len(real) < 2:
        return {}
    a, b = np.column_stack(list(real.values())), np.column_stack(list(synthetic.values()))
    undefined = np.zeros(a.shape[1], dtype=bool)
    if protocol == "sdmetrics-0.11":
        undefined = constant(a) | constant(b)
        a, b = np.nan_to_num(a), np.nan_to_num(b)
    real_rho = correlations(a, np.zeros(len(a), dtype=np.int64))[0]
    errors = 0.5 * np.abs(correlations(b, group) - real_rho)
    return {
        (first, second): errors[:, i, j] if not (undefined[i] or undefined[j]) else np.empty(0)
        for (i, first), (j, second) in combinations(enumerate(real), 2)
    }


def constant(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which columns have exactly one value beside missing ones; shape (columns,)."""
    low = np.nanmin(values, axis=0, initial=np.inf)
    return low == np.nanmax(values, axis=0, initial=-np.inf)
