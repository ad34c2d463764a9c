"""`bench ls`: runs of the store, and the cells of a run."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import options
from bench.cli.data import print_table

if TYPE_CHECKING:
    import duckdb

RUNS = """
    SELECT run_id, any_value(started_at), any_value(profile), count(DISTINCT cell_id), any_value(cells),
           count(DISTINCT cell_id) FILTER (status = 'failed'), coalesce(sum(wall_seconds), 0)
    FROM runs LEFT JOIN (SELECT run_id, cell_id, status, wall_seconds FROM leaderboard_stages) USING (run_id)
    GROUP BY run_id ORDER BY 2
"""
CELLS = """
    SELECT cell_id, dataset, variant, generator, split_seed, seed,
           coalesce(string_agg(stage || ' failed: ' || phase, ', ') FILTER (status = 'failed' AND phase <> 'upstream'),
                    'done'),
           sum(wall_seconds)
    FROM leaderboard_stages WHERE run_id = ?
    GROUP BY ALL ORDER BY dataset, variant, split_seed, seed, generator
"""
SCORES = "SELECT cell_id, metric, value FROM leaderboard_scores WHERE run_id = ? AND protocol = 'harness'"
SHOWN_SCORES = 3


def ls(
    run: Annotated[str | None, typer.Argument(help="A run; its cells are listed, with status and scores.")] = None,
    results: options.Results = options.DEFAULT_RESULTS,
) -> None:
    """The runs of the store, or the cells of one run; seconds are those that the stages took when computed."""
    from bench import store
    from bench.shards import DATABASE

    with store.connect(results / DATABASE, read_only=True) as connection:
        if run is None:
            list_runs(connection)
        else:
            list_cells(connection, run)


def list_runs(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [
        [run_id, f"{started:%Y-%m-%d %H:%M} UTC", profile, f"{done}/{cells}", str(failed), f"{seconds:.1f}"]
        for run_id, started, profile, done, cells, failed, seconds in connection.execute(RUNS).fetchall()
    ]
    print_table(["run", "started", "profile", "cells", "failed", "seconds"], rows)


def list_cells(connection: duckdb.DuckDBPyConnection, run: str) -> None:
    from bench.errors import unknown_name
    from leaderboards.columns import MAIN

    known = [run_id for (run_id,) in connection.execute("SELECT run_id FROM runs").fetchall()]
    if run not in known:
        raise unknown_name("run", run, known)
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for cell_id, metric, value in connection.execute(SCORES, [run]).fetchall():
        scores[cell_id][metric] = value
    rows = []
    for cell_id, dataset, variant, generator, split_seed, seed, status, seconds in connection.execute(
        CELLS, [run]
    ).fetchall():
        main = [f"{MAIN[name]} {scores[cell_id][name]:.4g}" for name in MAIN if scores[cell_id].get(name) is not None]
        shown = ", ".join(main[:SHOWN_SCORES])
        rows.append([dataset, variant, generator, str(split_seed), str(seed), status, f"{seconds:.1f}", shown])
    print_table(["dataset", "data", "generator", "split seed", "seed", "status", "seconds", "scores"], rows)
