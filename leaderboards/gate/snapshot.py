"""What the gate knows of one run: where it comes from, and its stages and scores as rows of one frame.

A row with a metric is a score, one without is a stage. What single columns contribute to a mean over columns or pairs
stands beside it, under names of its own: damage to one column of fifteen drowns in the mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import duckdb
import pandas as pd

from bench.errors import BenchError, unknown_name
from leaderboards.columns import MAIN_PROTOCOL

# Metric under the protocol `harness` -> what it is called for one column: its own error, or the mean over its pairs.
SHAPE, TREND = "column_shape_error_percent", "pair_trend_error_percent"
ONE_COLUMN = {SHAPE: "single_column_shape_error_percent", TREND: "single_column_pair_trend_error_percent"}

CELL = {
    "dataset": "string",
    "variant": "string",
    "family": "string",
    "dataset_digest": "string",
    "split": "string",
    "split_seed": "int64",
    "generator": "string",
    "config": "string",
    "config_hash": "string",
    "seed": "int64",
    "profile": "string",
}
OUTCOME = {"stage": "string", "status": "string", "error": "string"}
SCORE = {
    "metric": "string",
    "protocol": "string",
    "version": "Int64",
    "column": "string",
    "value": "float64",
    "stderr": "float64",
    "higher_is_better": "boolean",
    "n": "Int64",
    "imputed": "boolean",
}
ROW = {**CELL, **OUTCOME, **SCORE}

NEWEST = "SELECT run_id FROM leaderboard_runs ORDER BY started_at DESC, run_id DESC LIMIT 1"
RUN = """
    SELECT run_id, started_at, profile, spec, command, host, versions, git_commit, planned, ended
    FROM leaderboard_runs WHERE run_id = ?
"""
STAGES = f"""
    SELECT {", ".join(f"c.{name}" for name in CELL)}, t.stage, t.status,
           CASE WHEN t.status = 'failed' THEN concat_ws(': ', t.phase, t.error) END AS error
    FROM leaderboard_stages t JOIN leaderboard_cells c USING (cell_id) WHERE t.run_id = ?
"""
SCORES = f"""
    SELECT {", ".join(f"c.{name}" for name in CELL)}, s.evaluator AS stage, 'done' AS status, s.metric, s.protocol,
           s.version, s.value, s.stderr, s.higher_is_better, s.n, s.imputed,
           CASE WHEN s.protocol = '{MAIN_PROTOCOL}' AND s.metric IN ('{SHAPE}', '{TREND}')
                THEN json_object('columns', s.details -> 'columns', 'error_percent', s.details -> 'error_percent')
           END AS details
    FROM leaderboard_scores s JOIN leaderboard_cells c USING (cell_id) WHERE s.run_id = ?
"""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One run.

    Args:
        facts: run_id, started_at, profile, spec, command, host, versions, git_commit, planned, ended.
        rows: one row a stage and one a score, with the columns `ROW`.
    """

    facts: dict[str, Any]
    rows: pd.DataFrame

    @property
    def stages(self) -> pd.DataFrame:
        return self.rows[self.rows["metric"].isna()]

    @property
    def scores(self) -> pd.DataFrame:
        return self.rows[self.rows["metric"].notna()]

    @property
    def spec(self) -> dict[str, Any]:
        return dict(self.facts["spec"])

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.spec.get("settings", {}))

    @property
    def metrics(self) -> set[str]:
        return set(self.rows["metric"].dropna())

    @property
    def gaps(self) -> list[str]:
        """What no gate will miss with this run as its baseline."""
        ended, planned = self.facts["ended"], self.facts["planned"]
        failed = int((self.stages["status"] == "failed").sum())
        found = [f"only {ended} of the {planned} cells that it planned have ended"] if (planned or 0) > ended else []
        return found + ([f"{failed} of its stages failed"] if failed else [])

    @property
    def name(self) -> str:
        words = [f"{self.facts['started_at'][:16]} UTC"]
        if commit := self.facts.get("git_commit"):
            words.append(f"commit {commit[:10]}{'+' * commit.endswith('+')}")
        return f"{self.facts['run_id']} ({', '.join(words)})"


def newest(connection: duckdb.DuckDBPyConnection) -> str:
    """The run of the store that was started last.

    Raises:
        BenchError: there is none.
    """
    found = connection.execute(NEWEST).fetchone()
    if found is None:
        raise BenchError("the store holds no run yet; 'bench run' makes one")
    return str(found[0])


def snapshot(connection: duckdb.DuckDBPyConnection, run_id: str | None = None) -> Snapshot:
    """A run of the store; the newest one without a name.

    Raises:
        BenchError: the run is not known, or none of its cells has ended.
    """
    run_id = newest(connection) if run_id is None else run_id
    cursor = connection.execute(RUN, [run_id])
    names = [column[0] for column in cursor.description or ()]
    found = cursor.fetchone()
    if found is None:
        known = [name for (name,) in connection.execute("SELECT run_id FROM leaderboard_runs").fetchall()]
        raise unknown_name("run", run_id, known)
    facts = dict(zip(names, found, strict=True))
    facts["started_at"] = facts["started_at"].isoformat(timespec="seconds")
    facts |= {name: json.loads(facts[name]) for name in ("spec", "host", "versions")}
    stages = connection.execute(STAGES, [run_id]).df()
    if stages.empty:
        raise BenchError(f"no cell of run '{run_id}' has ended; run it again with the same command to go on")
    scores = connection.execute(SCORES, [run_id]).df()
    return Snapshot(facts, typed([stages, scores.drop(columns="details"), single_columns(scores)]))


def single_columns(scores: pd.DataFrame) -> pd.DataFrame:
    """A score for every column that has a part in a mean; it has no standard error."""
    rows = []
    for score in scores[scores["details"].notna()].to_dict("records"):
        parts = column_parts(score["metric"], json.loads(score.pop("details")))
        known = {**score, "metric": ONE_COLUMN[score["metric"]], "stderr": None}
        rows += [{**known, "column": name, "value": value} for name, value in parts.items()]
    return pd.DataFrame(rows, columns=[*scores.drop(columns="details"), "column"])


def column_parts(metric: str, details: Mapping[str, Any]) -> dict[str, float]:
    """Column -> its error, from the details of a shape error or of a pair trend error."""
    if metric == SHAPE:
        return dict(details.get("columns") or {})
    found = {}
    for name, errors in zip(details.get("columns") or (), details.get("error_percent") or (), strict=True):
        defined = [error for error in errors if error is not None]
        if defined:
            found[name] = fmean(defined)
    return found


def typed(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows with the columns and types of `ROW`, in an order that does not hang on the store's."""
    whole = [part.reindex(columns=list(ROW)).astype(ROW) for part in parts]
    order = ["dataset", "generator", "config_hash", "split_seed", "seed", "stage", "metric", "protocol", "column"]
    rows = pd.concat(whole, ignore_index=True).sort_values(order, na_position="first", kind="stable")
    return rows.reset_index(drop=True)
