"""Correlation: how far the joint distribution of every pair of columns, and of triples, is from the real one.

Pair trends: numeric pairs by Pearson's correlation, all others by total variation distance of joint
frequencies (the column-pair trends of SDMetrics, the correlation error of TabSyn, Zhang et al. 2024, sec. 4).
Beside them measures of association that need no bins: Spearman's correlation, Cramér's V, correlation ratio.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from bench.records import Dataset, Schema
from evaluators.base import Evaluator, Score
from evaluators.jackknife import assign_groups, group_counts, jackknife_error, with_and_without
from evaluators.tabular.associations import (
    Associations,
    category_associations,
    heat_map,
    mixed_associations,
    rank_associations,
)
from evaluators.tabular.codes import (
    Codes,
    bin_edges,
    category_codes,
    closed_bin_codes,
    joint_codes,
    numbers,
    open_bin_codes,
)
from evaluators.tabular.density import total_variation
from evaluators.tabular.pearson import correlations
from evaluators.tabular.projection import project
from evaluators.tabular.three_way import three_way_errors

TREND, SPEARMAN, CRAMER, RATIO, THREE_WAY = (
    "pair_trend_error_percent",
    "spearman_error_percent",
    "cramers_v_error_percent",
    "correlation_ratio_error_percent",
    "three_way_error_percent",
)
# protocol of the pair trends -> version
PROTOCOLS = {"harness": 1, "sdmetrics-0.11": 2}
Array = NDArray[np.float64]
# errors of pairs, each of shape (1 + groups,); NaN where undefined
PairErrors = dict[tuple[str, str], Array]


@dataclass(frozen=True)
class CorrelationConfig:
    """Nothing to choose."""


class Correlation(Evaluator):
    """Errors of pairs and triples of columns against the train rows, target included.

    `pair_trend_error_percent`: a numeric pair has the error |rho_real - rho_synthetic| / 2, any other pair
    the total variation distance of its joint frequencies, numeric sides cut into 10 equal-width bins. The
    score is 100 times the mean over pairs. A missing category is a category of its own in both protocols.

    | protocol        | `harness`                              | `sdmetrics-0.11`                       |
    |-----------------|----------------------------------------|----------------------------------------|
    | bin edges       | of the real column, outer bins open    | of either column, its maximum apart    |
    | missing number  | a bin of its own; no part in rho       | in the bin of the maximum; none in rho |
    | rho undefined   | is 0                                   | the pair is left out of the mean       |

    `spearman_error_percent` is 100 times the mean of |rho_real - rho_synthetic| / 2 over numeric pairs, rho
    being Spearman's; `cramers_v_error_percent` 100 times the mean of |V_real - V_synthetic| over pairs without
    a number; `correlation_ratio_error_percent` 100 times the mean of |eta_real - eta_synthetic| over a number
    and a column that is none. V and eta are corrected for bias (`association.py`), so that tables of different
    sizes can be compared. `three_way_error_percent` is 100 times the mean total variation distance of triples
    (all, or `MOST_TRIPLES` by the seed), cut as in `harness`; it grows with the number of cells that a
    sample leaves empty, so read it beside its reference.

    The details of every score on pairs hold the matrix of its errors, None where there is none; those of the
    pair trends under `harness` also what two pictures need, the `associations` themselves (`associations.py`)
    and a `projection` of train, held-out and synthetic rows (`projection.py`). The standard
    error is that of drawing the synthetic rows; the train rows and all bin edges are taken as given. The
    edges of `sdmetrics-0.11` hang on the extreme values of the synthetic rows, so for heavy tails its
    standard error is too small.
    """

    Config = CorrelationConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        n, schema = len(synthetic), data.schema
        if len(data.train) == 0 or n == 0:
            reason = f"{len(data.train)} real and {n} synthetic records; there must be some of both"
            every = [(TREND, name, version) for name, version in PROTOCOLS.items()]
            every += [(metric, "harness", 1) for metric in (SPEARMAN, CRAMER, RATIO, THREE_WAY)]
            return [
                Score(metric, np.nan, np.nan, False, protocol, version, n, {"reason": reason})
                for metric, protocol, version in every
            ]
        group = assign_groups(n, seed)
        real_numbers = {name: numbers(data.train[name]) for name in schema.numeric}
        synthetic_numbers = {name: numbers(synthetic[name]) for name in schema.numeric}
        others = [name for name in schema.names if name not in schema.numeric]
        categories = {name: category_codes(data.train[name], synthetic[name]) for name in others}
        scores = []
        with progress.task("correlation", len(PROTOCOLS) + 5, "measures") as task:
            for protocol, version in PROTOCOLS.items():
                cut = harness_bins if protocol == "harness" else sdmetrics_bins
                cuts = {name: cut(real_numbers[name], synthetic_numbers[name]) for name in schema.numeric}
                codes = {name: (categories | cuts)[name] for name in schema.names}
                errors = contingency_errors(schema, codes, group)
                errors |= linear_errors(real_numbers, synthetic_numbers, group, undefined=protocol != "harness")
                scores.append(pair_score(TREND, errors, schema.names, schema.names, n, protocol, version))
                task.advance()
                if protocol == "harness":
                    trends = errors
                    triples = three_way_errors(codes, group, seed)
                    task.advance()
            ranked = rank_associations(real_numbers, synthetic_numbers, group)
            scores.append(pair_score(SPEARMAN, rank_errors(ranked), schema.numeric, schema.numeric, n))
            task.advance()
            between = category_associations(categories, group)
            scores.append(pair_score(CRAMER, changes(between), others, others, n))
            task.advance()
            mixed = mixed_associations(real_numbers, synthetic_numbers, categories, group)
            scores.append(pair_score(RATIO, changes(mixed), schema.numeric, others, n))
            task.advance()
            scores.append(triple_score(triples, n))
            scores[0].details["associations"] = heat_map(ranked | between | mixed, schema.names, trends)
            scores[0].details["projection"] = project(schema, data.train, data.test, synthetic, seed)
            task.advance()
        return scores


def pair_score(
    metric: str,
    errors: PairErrors,
    rows: Sequence[str],
    columns: Sequence[str],
    n: int,
    protocol: str = "harness",
    version: int = 1,
) -> Score:
    """The mean over the pairs in percent, NaN with a reason where there is none."""
    defined = [error for error in errors.values() if not np.isnan(error[0])]
    details = {
        "rows": list(rows),
        "columns": list(columns),
        "error_percent": [[entry(errors, row, column) for column in columns] for row in rows],
    }
    if not defined:
        details["reason"] = "no pair of such columns has a value" if errors else "the table has no pair of such columns"
        return Score(metric, np.nan, np.nan, False, protocol, version, n, details)
    percent = 100 * np.mean(defined, axis=0)
    return Score(metric, float(percent[0]), jackknife_error(percent), False, protocol, version, n, details)


def entry(errors: PairErrors, row: str, column: str) -> float | None:
    """An element of the matrix, rounded: a picture needs no more digits, and a wide table has many of them."""
    error = errors.get((row, column), errors.get((column, row)))
    return None if error is None or np.isnan(error[0]) else round(100 * float(error[0]), 6)


def triple_score(errors: Mapping[tuple[str, ...], Array], n: int) -> Score:
    details: dict[str, object] = {"triples": [[*names, 100 * float(error[0])] for names, error in errors.items()]}
    if not errors:
        details["reason"] = "the table has fewer than three columns"
        return Score(THREE_WAY, np.nan, np.nan, False, "harness", 1, n, details)
    percent = 100 * np.mean(list(errors.values()), axis=0)
    return Score(THREE_WAY, float(percent[0]), jackknife_error(percent), False, "harness", 1, n, details)


def harness_bins(real: Array, synthetic: Array) -> Codes:
    edges = bin_edges(real)
    return open_bin_codes(real, edges), open_bin_codes(synthetic, edges), len(edges)


def sdmetrics_bins(real: Array, synthetic: Array) -> Codes:
    edges = bin_edges(real)
    return closed_bin_codes(real, edges), closed_bin_codes(synthetic, bin_edges(synthetic)), len(edges) + 1


def contingency_errors(schema: Schema, codes: Mapping[str, Codes], group: NDArray[np.int64]) -> PairErrors:
    """Total variation distance of the joint frequencies of every pair that is not numeric."""
    errors = {}
    for first, second in combinations(schema.columns, 2):
        if first.numeric and second.numeric:
            continue
        real, synthetic, size = joint_codes(codes[first.name], codes[second.name])
        counts = with_and_without(group_counts(synthetic, size, group))
        errors[first.name, second.name] = total_variation(np.bincount(real, minlength=size), counts)
    return errors


def linear_errors(
    real: Mapping[str, Array], synthetic: Mapping[str, Array], group: NDArray[np.int64], undefined: bool
) -> PairErrors:
    """Half the absolute difference of Pearson's correlations; one that is not defined stays so, or is 0."""
    if len(real) < 2:
        return {}
    real_table, table = (np.column_stack(list(values.values())) for values in (real, synthetic))
    real_rho = correlations(real_table, np.zeros(len(real_table), dtype=np.int64))[0]
    rho = correlations(table, group)
    if not undefined:
        real_rho, rho = np.nan_to_num(real_rho), np.nan_to_num(rho)
    return halved(list(real), np.abs(rho - real_rho))


def rank_errors(found: Associations) -> PairErrors:
    """Half the absolute difference of Spearman's correlations, 0 where one is not defined."""
    return {pair: np.abs(np.nan_to_num(values) - np.nan_to_num(real)) / 2 for pair, (real, values) in found.items()}


def changes(found: Associations) -> PairErrors:
    """Absolute difference of measures in 0..1."""
    return {pair: np.abs(values - real) for pair, (real, values) in found.items()}


def halved(names: Sequence[str], differences: Array) -> PairErrors:
    """Half of each difference of coefficients in -1..1; shape (1 + groups, columns, columns)."""
    return {(first, second): differences[:, i, j] / 2 for (i, first), (j, second) in combinations(enumerate(names), 2)}
