"""Where every number comes from: the cells, stages and runs behind it, JSON-able, each thing once.

The page embeds this and shows it when a value is clicked. A value is addressed by the numbers of its
table, row and column; a time by table, row and stage.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import duckdb
import pandas as pd

from leaderboards.aggregate import GROUP, PAIR, ROW, Row, Table, read

IDENTITY = ", ".join(["cell_id", *GROUP, *ROW, *PAIR])
SCORES = f"""
    SELECT DISTINCT {IDENTITY}, evaluator, metric, protocol, version, value, stderr, n, imputed FROM leaderboard_scores
"""
STAGES = f"""
    SELECT DISTINCT {IDENTITY}, stage, status, phase, error, finished_at, wall_seconds, cpu_seconds,
           peak_memory_bytes, device, details ->> 'returned' AS returned, details ->> 'attempts' AS attempts
    FROM leaderboard_stages
"""
CONFIGS = "SELECT cell_id, config FROM leaderboard_cells"
# A stage that was found finished stands in the cells of later runs as well, which may be other cells: they cover all of
# its stages. It is told by when it ended.
STAGE = [*GROUP, *ROW, *PAIR, "stage", "finished_at"]
MEMBERS = f"SELECT DISTINCT {', '.join(STAGE)}, cell_id, run_id FROM leaderboard_stages"
RUNS = """
    SELECT run_id, started_at, profile, command, host, versions, git_commit FROM leaderboard_runs
    ORDER BY started_at, run_id
"""


class Pool:
    """Values that many things share, each stored once and named by its place."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.places: dict[str, int] = {}

    def place(self, value: Any) -> int | None:
        """Where the value stands; None for None."""
        if value is None:
            return None
        text = json.dumps(value, sort_keys=True)
        if text not in self.places:
            self.places[text] = len(self.values)
            self.values.append(value)
        return self.places[text]


class Evidence:
    """What stands behind the values of some tables.

    Args:
        connection: an open store.
        run_id: only the cells of this run; None for the whole store.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, run_id: str | None) -> None:
        self.pool = Pool()
        self.scores = read(connection, SCORES, run_id)
        self.stages = read(connection, STAGES, run_id)
        self.runs = connection.execute(RUNS).df()
        self.configs = {cell: parsed(config) for cell, config in connection.execute(CONFIGS).fetchall()}
        members = connection.execute(MEMBERS).df().merge(self.stages[STAGE].drop_duplicates())
        self.members = members.groupby("cell_id")["run_id"].unique().to_dict()
        self.holders = members.groupby(STAGE)["run_id"].unique().to_dict()
        named = set(members["run_id"])
        self.runs = self.runs[self.runs["run_id"].isin(named)]
        known = self.runs["run_id"].tolist()
        # a store may name runs whose row is not there: shards copied without their run
        self.run_places = {run: place for place, run in enumerate([*known, *sorted(named - set(known))])}
        self.started = dict(zip(known, self.runs["started_at"], strict=True))
        self.cells: dict[str, int] = {}
        self.group_scores = dict(iter(self.scores.groupby(GROUP)))
        ordered = self.stages.sort_values([*PAIR, "finished_at", "stage"])
        self.row_stages = dict(iter(ordered.groupby(GROUP + ROW)))

    def scores_of(self, table: Table) -> pd.DataFrame:
        return self.group_scores.get(key(table), self.scores.iloc[:0])

    def stages_of(self, table: Table, row: Row) -> pd.DataFrame:
        """All stages of the cells of a row, by split seed and seed in the order in which they ended."""
        return self.row_stages[(*key(table), row.generator, row.config_hash)]

    def evaluators(self, table: Table) -> dict[str, str]:
        """Metric -> the evaluator that gives it."""
        own = self.scores_of(table)
        return dict(zip(own["metric"], own["evaluator"], strict=True))

    def to_dict(self, tables: Sequence[Table]) -> dict[str, Any]:
        """JSON-able, without NaN: shared values, runs, cells, and for each table the cells of its rows and values."""
        groups = [self.group(table) for table in tables]
        runs = [[run, *[None] * 6] for run in self.run_places]
        for place, run in enumerate(self.runs.itertuples(index=False)):
            runs[place][1:] = [
                str(run.started_at)[:19],
                self.pool.place(run.profile),
                self.pool.place(run.command),
                self.pool.place(parsed(run.host)),
                self.pool.place(parsed(run.versions)),
                self.pool.place(given(run.git_commit)),
            ]
        order = sorted(self.cells, key=self.cells.__getitem__)
        by_cell = dict(iter(self.stages.groupby("cell_id")))
        cells = [self.cell(by_cell[cell]) for cell in order]
        return {"pool": self.pool.values, "runs": runs, "cells": cells, "tables": groups}

    def group(self, table: Table) -> dict[str, Any]:
        evaluators = self.evaluators(table)
        columns = [
            [column.heading, column.metric, column.protocol, column.version, evaluators.get(column.metric, "")]
            for column in table.columns
        ]
        found = defaultdict(list)
        for one in self.scores_of(table).itertuples(index=False):
            place = (one.generator, one.config_hash, one.metric, one.protocol, one.version)
            found[place].append(one)
        rows = []
        for row in table.rows:
            cells = {
                (one.split_seed, one.seed): self.place(one.cell_id)
                for one in self.stages_of(table, row).itertuples(index=False)
            }
            values = []
            for column in table.columns:
                summary = row.summaries.get(column)
                measured = {
                    (one.split_seed, one.seed): one
                    for one in found[row.generator, row.config_hash, column.metric, column.protocol, column.version]
                }
                values.append(
                    None
                    if summary is None
                    else [score(cells[pair], value, measured.get(pair)) for pair, value in summary.values.items()]
                )
            rows.append([row.name, list(cells.values()), values])
        title = [table.dataset, table.variant, table.profile, table.split, table.dataset_digest]
        return {"title": title, "columns": columns, "rows": rows}

    def place(self, cell: str) -> int:
        return self.cells.setdefault(cell, len(self.cells))

    def cell(self, stages: pd.DataFrame) -> list[Any]:
        first = stages.iloc[0]
        cell = first["cell_id"]
        return [
            cell,
            int(first["split_seed"]),
            int(first["seed"]),
            self.pool.place(self.configs.get(cell)),
            sorted(self.run_places[run] for run in self.members[cell]),
            {
                one.stage: [
                    one.status,
                    self.pool.place(given(one.phase)),
                    self.pool.place(given(one.error)),
                    str(one.finished_at)[:19],
                    number(one.wall_seconds),
                    number(one.cpu_seconds),
                    number(one.peak_memory_bytes),
                    self.pool.place(one.device),
                    *self.computed_by(one),
                    whole(one.returned),
                    whole(one.attempts),
                ]
                for one in stages.sort_values(["finished_at", "stage"]).itertuples(index=False)
            },
        ]

    def computed_by(self, stage: Any) -> tuple[int, int]:
        """The run in which a stage ended: of those that hold it, the last that began before.

        Returns:
            Its place, and 0; where all began later, the place of the first and 1: it found the stage finished, and
            who computed it is not in this store.
        """
        runs = sorted(self.holders[tuple(getattr(stage, name) for name in STAGE)], key=self.run_places.__getitem__)
        before = [run for run in runs if run in self.started and self.started[run] <= stage.finished_at]
        unknown = [run for run in runs if run not in self.started]
        found = not (before or unknown)
        return self.run_places[before[-1] if before else (unknown or runs)[0]], int(found)


def key(table: Table) -> tuple[str, ...]:
    return tuple(getattr(table, field) for field in GROUP)


def score(cell: int, value: float, measured: Any) -> list[Any]:
    """Cell, value, standard error, n, and whether the value stands in for a failed cell."""
    failed = measured is None or (measured.value != value and not pd.isna(value))
    if failed:
        return [cell, number(value), None, None, 1]
    return [cell, number(value), number(measured.stderr), int(measured.n), int(measured.imputed)]


def number(value: Any) -> float | int | None:
    """As short as it is exact to nine figures; None where there is none or it has no end."""
    if pd.isna(value) or not math.isfinite(value):
        return None
    short = float(f"{value:.9g}")
    return int(short) if short.is_integer() and abs(short) < 2**53 else short


def whole(text: Any) -> int | None:
    try:
        return int(float(text))
    except (TypeError, ValueError, OverflowError):
        return None


def given(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)


def parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=str)  # NaN is no JSON
    except (TypeError, ValueError):
        return text
