"""Which metrics a leaderboard shows and ranks by, and how they are headed and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from bench.errors import unknown_name

MAIN = {
    "column_shape_error_percent": "shape error %",
    "pair_trend_error_percent": "trend error %",
    "xgboost_auc": "xgboost AUC",
    "xgboost_rmse_log": "xgboost log RMSE",
    "xgboost_rmse": "xgboost RMSE",
    "catboost_auc": "catboost AUC",
    "catboost_rmse_log": "catboost log RMSE",
    "catboost_rmse": "catboost RMSE",
    "c2st_xgboost_auc": "C2ST AUC",
    "dcr_share_percent": "DCR share %",
    "pass_at_1_percent": "pass@1 %",
    "pass_at_10_percent": "pass@10 %",
    "selection_accuracy_percent": "API chosen %",
    "held_out_selection_accuracy_percent": "held-out API chosen %",
    "call_accuracy_percent": "call right %",
    "judge_grade_points": "judge points",
    "judge_win_rate_percent": "judge wins %",
    "length_shape_error_percent": "length error %",
    "ast_node_error_percent": "AST error %",
    "parse_percent": "parses %",
    "run_percent": "runs %",
    "valid_percent": "valid %",
    "raw_valid_percent": "raw valid %",
    "unique_percent": "unique %",
    "duplicate_percent": "duplicate %",
    "copy_percent": "copy %",
    "near_copy_percent": "near copy %",
}
# The best value of these lies inside their range, and beyond it is worse again: a classifier that takes synthetic for
# real has met copies, an attacker turns a wrong guess round, and records likelier than real ones lack variety.
IDEALS = {
    "c2st_xgboost_auc": 0.5,
    "c2st_logistic_auc": 0.5,
    "dcr_share_percent": 50.0,
    "membership_distance_auc": 0.5,
    "membership_density_auc": 0.5,
    "log_likelihood_gap_nats": 0.0,
}
# Validity of tables is near 100 for everything that samples from a schema; for text it is the task. Privacy is weighed
# against quality (overall/fronts.py) and not mixed into it.
RANKED_TABULAR = frozenset(
    name for name in MAIN if name.endswith(("_error_percent", "boost_auc", "boost_rmse", "boost_rmse_log"))
)
RANKED_TEXT = RANKED_TABULAR | {
    *("parse_percent", "valid_percent", "unique_percent"),
    *(
        "pass_at_1_percent",
        "selection_accuracy_percent",
        "held_out_selection_accuracy_percent",
        "call_accuracy_percent",
    ),
}
MAIN_PROTOCOL = "harness"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Column:
    """One metric under one protocol: numbers of two rules or two versions never meet in a column."""

    metric: str
    protocol: str
    version: int
    higher_is_better: bool

    @property
    def name(self) -> str:
        name = MAIN.get(self.metric) or self.metric.replace("_percent", " %").replace("_", " ")
        return name if self.protocol == MAIN_PROTOCOL else f"{name} ({self.protocol})"

    @property
    def arrow(self) -> str:
        """Which way is better: up, down, or towards a number."""
        if self.metric in IDEALS:
            return f"→ {IDEALS[self.metric]:g}"
        return "↑" if self.higher_is_better else "↓"

    @property
    def heading(self) -> str:
        return f"{self.name} {self.arrow}"

    def write(self, value: float) -> str:
        return f"{value:.2f}" if self.metric.endswith("_percent") or abs(value) >= 100 else f"{value:.4f}"


Values = TypeVar("Values", pd.Series, np.ndarray)


def loss(metric: str, higher_is_better: bool, value: float) -> float:
    """A value turned so that less is better; for a metric with an ideal its distance from it."""
    if metric in IDEALS:
        return abs(value - IDEALS[metric])
    return -value if higher_is_better else value


def losses(metric: str, higher_is_better: bool, values: Values) -> Values:
    """The values of one mean turned so that less is better, and so that their mean is the loss of the mean.

    For a metric with an ideal they are distances from it on the side of the mean: noise around the ideal cancels out.
    """
    if metric in IDEALS:
        distances = values - IDEALS[metric]
        return -distances if distances.mean() < 0 else distances
    return -values if higher_is_better else values


def choose(scores: pd.DataFrame, metrics: Sequence[str] = ()) -> list[Column]:
    """The columns of one table, each in the newest version of its protocol.

    Args:
        scores: the scores of one table.
        metrics: names, shown under every protocol; `all` for everything; empty for the main metrics,
            each under the protocol `harness` where it has been computed so.
    """
    newest = scores.sort_values("version").drop_duplicates(["metric", "protocol"], keep="last")
    newest = newest.sort_values(["metric", "protocol"])
    found = [
        Column(*row) for row in newest[["metric", "protocol", "version", "higher_is_better"]].itertuples(index=False)
    ]
    return select(found, metrics)


def select(found: Sequence[Column], metrics: Sequence[str] = ()) -> list[Column]:
    """Of all columns of a table, sorted by metric and protocol, those that `choose` describes."""
    if ALL in metrics:
        return list(found)
    if metrics:
        return [column for name in dict.fromkeys(metrics) for column in found if column.metric == name]
    columns = []
    for name in MAIN:
        same = [column for column in found if column.metric == name]
        columns += sorted(same, key=lambda column: column.protocol != MAIN_PROTOCOL)[:1]
    return columns


def ranked(columns: Sequence[Column], family: str) -> list[Column]:
    """The columns that decide the order: the family's quality metrics, or all where none is shown."""
    names = RANKED_TABULAR if family == "tabular" else RANKED_TEXT
    return [column for column in columns if column.metric in names] or list(columns)


def check_metrics(scores: pd.DataFrame, metrics: Sequence[str]) -> None:
    """Refuse a metric that the store does not hold.

    Raises:
        BenchError: suggests the nearest name.
    """
    known = {*scores["metric"].unique(), ALL}
    for name in metrics:
        if name not in known:
            raise unknown_name("metric", name, known)
