"""Shards of the results folder -> rows of the store. May be repeated: what is stored already is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bench.errors import BenchError
from bench.shards import runs_folder, to_json

RUN = ("run_id", "started_at", "profile", "spec", "command", "host", "versions", "git_commit", "cells")
CELL = (
    "cell_id",
    "dataset",
    "variant",
    "family",
    "dataset_digest",
    "split",
    "split_seed",
    "generator",
    "config",
    "config_hash",
    "seed",
    "profile",
)
STAGE = (
    "stage_key",
    "cell_id",
    "stage",
    "status",
    "phase",
    "error",
    "finished_at",
    "wall_seconds",
    "cpu_seconds",
    "peak_memory_bytes",
    "device",
    "details",
)
SCORE = (
    "stage_key",
    "cell_id",
    "evaluator",
    "metric",
    "protocol",
    "version",
    "value",
    "stderr",
    "higher_is_better",
    "n",
    "imputed",
    "details",
)


def ingest(connection: duckdb.DuckDBPyConnection, results: Path) -> int:
    """Store every run and finished cell of the results folder that is not stored yet.

    Returns:
        How many cells were added.

    Raises:
        BenchError: the database cannot be written, or a shard is damaged; the shards stay for the next time.
    """
    runs = {run_id for (run_id,) in connection.execute("SELECT run_id FROM runs").fetchall()}
    cells = set(connection.execute("SELECT run_id, cell_id FROM run_cells").fetchall())
    added = 0
    connection.begin()
    try:
        for shard in sorted(runs_folder(results).glob("*/run.json")):
            run_id = shard.parent.name
            if run_id not in runs:
                with named_where_damaged(shard):
                    insert(connection, "runs", RUN, [json.loads(shard.read_text(encoding="utf-8"))])
            for cell in sorted(shard.parent.glob("*.json")):
                if cell.name != shard.name and not cell.name.startswith(".") and (run_id, cell.stem) not in cells:
                    with named_where_damaged(cell):
                        ingest_cell(connection, run_id, json.loads(cell.read_text(encoding="utf-8")))
                    added += 1
        connection.commit()
    except (duckdb.Error, BenchError) as error:
        with suppress(duckdb.Error):  # a full disk fails the rollback as well, and DuckDB then does it when opened
            connection.rollback()
        if isinstance(error, BenchError):
            raise
        reason = str(error).splitlines()[0]
        raise BenchError(f"the store of '{results}' cannot be written ({reason}); run again to try again") from error
    return added


@contextmanager
def named_where_damaged(shard: Path) -> Iterator[None]:
    """Say which file it is that holds no JSON, JSON of another form, or values that no column of the store takes."""
    try:
        yield
    except (ValueError, KeyError, TypeError, duckdb.DataError, duckdb.IntegrityError) as error:
        first, _, _ = str(error).partition("\n")
        raise BenchError(f"'{shard}' is damaged ({type(error).__name__}: {first}); delete it and run again") from error


def ingest_cell(connection: duckdb.DuckDBPyConnection, run_id: str, shard: dict[str, Any]) -> None:
    cell_id = shard["cell"]["cell_id"]
    insert(connection, "cells", CELL, [shard["cell"]])
    insert(connection, "run_cells", ("run_id", "cell_id"), [{"run_id": run_id, "cell_id": cell_id}])
    stored = dict(
        connection.execute("SELECT stage_key, finished_at FROM stages WHERE cell_id = ?", [cell_id]).fetchall()
    )
    stages, scores = [], []
    for stage in shard["stages"]:
        key = stage["key"]
        # a stage that was tried again in a later run replaces the earlier try, and never the other way
        if key in stored and stored[key] >= datetime.fromisoformat(stage["finished_at"]):
            continue
        if key in stored:
            for table in ("scores", "stages"):
                connection.execute(f"DELETE FROM {table} WHERE cell_id = ? AND stage_key = ?", [cell_id, key])
        known = {"cell_id": cell_id, "stage_key": key}
        stages.append({**stage, **known})
        scores += [{**score, **known, "evaluator": stage["stage"], "imputed": False} for score in stage["scores"]]
    insert(connection, "stages", STAGE, stages)
    insert(connection, "scores", SCORE, scores)


def insert(
    connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], rows: list[dict[str, Any]]
) -> None:
    """Add rows; one that is there already stays as it is."""
    if not rows:
        return
    names = ", ".join(columns)
    # all rows in one statement: a statement a row takes DuckDB longer than everything else together
    given = pa.Table.from_pylist([{column: as_value(row[column]) for column in columns} for row in rows])
    connection.register("given", given)
    connection.execute(f"INSERT OR IGNORE INTO {table} ({names}) SELECT {names} FROM given")
    connection.unregister("given")


def as_value(value: Any) -> Any:
    return to_json(value) if isinstance(value, (dict, list)) else value
