"""One place opens the database; ingesting may be repeated."""

import json
import subprocess
import sys

import duckdb
import pytest

from bench import shards, store
from bench.errors import BenchError
from bench.store import database


def stage(key, value=1.0, *, at="2026-01-01T00:00:00", status="done"):
    scores = [
        {
            "metric": "mean",
            "value": value,
            "stderr": None,
            "higher_is_better": True,
            "protocol": "harness",
            "version": 1,
            "n": 9,
            "details": {"of": [1, 2]},
        }
    ]
    return {
        "key": key,
        "stage": "mean",
        "status": status,
        "finished_at": at,
        "wall_seconds": 1.0,
        "cpu_seconds": None,
        "peak_memory_bytes": None,
        "device": "cpu",
        "phase": None if status == "done" else "raised",
        "error": None,
        "details": {},
        "scores": scores if status == "done" else [],
    }


def write(results, run, cell, *stages, generator="smote"):
    """Shards of a run with one cell more."""
    folder = shards.runs_folder(results) / run
    record = {"run_id": run, "started_at": "2026-01-01T00:00:00", "profile": "demo", "spec": {"a": 1}, "command": "c"}
    shards.write_json(
        folder / "run.json", {**record, "host": {}, "versions": {}, "git_commit": None, "cells": len(stages)}
    )
    known = {"cell_id": cell, "dataset": "adult", "variant": "demo", "family": "tabular", "dataset_digest": "d"}
    known |= {"split": "harness", "split_seed": 0, "generator": generator, "config": {}, "config_hash": "h"}
    known |= {"seed": 0, "profile": "demo"}
    shards.write_json(folder / f"{cell}.json", {"cell": known, "stages": list(stages)})


@pytest.fixture
def connection(results):
    shards.prepare(results)
    with store.connect(results / "bench.duckdb") as connection:
        yield connection


def values(connection, query="SELECT run_id, value FROM leaderboard_scores WHERE generator <> 'holdout' ORDER BY ALL"):
    return connection.execute(query).fetchall()


def test_shards_become_rows_once(connection, results):
    write(results, "run1", "cell1", stage("k1", 2.5))
    assert store.ingest(connection, results) == 1
    assert store.ingest(connection, results) == 0
    assert values(connection) == [("run1", 2.5)]
    assert json.loads(connection.execute("SELECT details FROM scores").fetchone()[0]) == {"of": [1, 2]}
    assert connection.execute("SELECT cells, spec ->> 'a' FROM runs").fetchall() == [(1, "1")]


@pytest.mark.parametrize("name", ["run.json", "cell2.json"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[: len(raw) // 2],
        lambda raw: b"",
        lambda raw: b"{}",
        lambda raw: b"[]",
        lambda raw: b"\xff" + raw,
        lambda raw: raw.replace(b'"2026-01-01T00:00:00"', b'"soon"'),
    ],
)
def test_a_damaged_shard_is_named_and_nothing_is_stored_until_it_is_gone(connection, results, name, damage):
    write(results, "run1", "cell1", stage("k1", 2.5))
    write(results, "run2", "cell2", stage("k2", 3.5))
    path = shards.runs_folder(results) / "run2" / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BenchError, match=rf"'{path}' is damaged \(.+\); delete it and run again") as error:
        store.ingest(connection, results)
    assert "\n" not in str(error.value)
    assert values(connection) == []
    path.unlink()
    assert store.ingest(connection, results) == 1
    assert values(connection) == [("run1", 2.5)]


def test_a_store_that_cannot_be_written_keeps_its_shards_for_the_next_time(connection, results, monkeypatch):
    write(results, "run1", "cell1", stage("k1", 2.5))

    def fail(connection, table, columns, rows):
        if table == "scores":
            raise duckdb.IOException("Could not write file: No space left on device\nand more")
        insert(connection, table, columns, rows)

    module = sys.modules["bench.store.ingest"]  # the package exports a function of that name
    insert = module.insert
    monkeypatch.setattr(module, "insert", fail)
    with pytest.raises(BenchError, match="No space left on device") as caught:
        store.ingest(connection, results)
    assert "\n" not in str(caught.value)
    assert values(connection, "SELECT count(*) FROM stages") == [(0,)]
    monkeypatch.undo()
    assert store.ingest(connection, results) == 1


@pytest.mark.parametrize("order", [("run1", "run2"), ("run2", "run1")])
def test_a_second_try_replaces_the_first_in_whatever_order_they_come(connection, results, order):
    tries = {
        "run1": stage("k1", status="failed"),
        "run2": stage("k1", 3.0, at="2026-01-02T00:00:00"),
    }
    for run in order:
        write(results, run, "cell1", tries[run])
        store.ingest(connection, results)
    assert values(connection) == [("run1", 3.0), ("run2", 3.0)]
    assert values(connection, "SELECT status FROM stages") == [("done",)]


def test_a_stage_that_two_cells_share_stands_in_both(connection, results):
    write(results, "run1", "cell1", stage("k1", 1.0))
    write(results, "run2", "cell2", stage("k1", 1.0))
    store.ingest(connection, results)
    assert values(connection) == [("run1", 1.0), ("run2", 1.0)]


def test_the_reference_is_that_of_the_same_run_and_newer_code_is_current(connection, results):
    for run, day, value, reference in (("run1", 1, 1.0, 10.0), ("run2", 2, 2.0, 20.0)):
        at = f"2026-01-0{day}T00:00:00"
        write(results, run, f"cell{day}", stage(f"k{day}", value, at=at))
        write(results, run, f"held{day}", stage(f"h{day}", reference, at=at), generator="holdout")
    store.ingest(connection, results)
    query = "SELECT run_id, value, reference, current FROM leaderboard_scores WHERE generator = 'smote' ORDER BY run_id"
    assert values(connection, query) == [("run1", 1.0, 10.0, False), ("run2", 2.0, 20.0, True)]


@pytest.mark.parametrize("value", ["NULL", "'nan'", "'inf'", "'-inf'"])
def test_what_is_no_finite_number_is_not_defined(connection, results, value):
    write(results, "run1", "cell1", stage("k1", 1.0))
    write(results, "run1", "cell2", stage("k2", 3.0), generator="holdout")
    store.ingest(connection, results)
    connection.execute(f"UPDATE scores SET value = {value}, stderr = {value}")
    rows = connection.execute("SELECT value, stderr, reference FROM leaderboard_scores").fetchall()
    assert rows == [(None, None, None)] * 2


def test_an_older_database_is_brought_forward_also_by_a_reader(results, monkeypatch):
    shards.prepare(results)
    path = results / "bench.duckdb"
    with store.connect(path) as connection:
        connection.execute("INSERT INTO run_cells VALUES ('kept', 'cell')")
    monkeypatch.setattr(database, "VERSION", 4)
    steps = {2: "ALTER TABLE run_cells ADD COLUMN year INTEGER", 3: "UPDATE run_cells SET year = 2024"}
    monkeypatch.setattr(database, "MIGRATIONS", steps)
    with store.connect(path, read_only=True) as connection:
        assert connection.execute("SELECT run_id, year FROM run_cells").fetchall() == [("kept", 2024)]
        assert connection.execute("SELECT schema_version FROM meta").fetchall() == [(4,)]


def test_a_database_of_version_1_keeps_its_scores(results):
    shards.prepare(results)
    path = results / "bench.duckdb"
    write(results, "run1", "cell1", stage("k1", 1.0))
    with store.connect(path) as connection:
        store.ingest(connection, results)
        connection.execute("""
            DROP VIEW leaderboard_runs; DROP VIEW leaderboard_cells; DROP TABLE published;
            CREATE TABLE published (paper VARCHAR, "table" VARCHAR, method VARCHAR, dataset VARCHAR, metric VARCHAR,
                                    value DOUBLE, split VARCHAR, certainty VARCHAR, source VARCHAR);
            UPDATE meta SET schema_version = 1
        """)
    with store.connect(path, read_only=True) as connection:
        assert values(connection) == [("run1", 1.0)]
        runs = connection.execute("SELECT run_id, planned, ended FROM leaderboard_runs").fetchall()
        assert runs == [("run1", 1, 1)]
        assert connection.execute("SELECT cell_id, current FROM leaderboard_cells").fetchall() == [("cell1", True)]
        assert "protocol" in {name for name, *_ in connection.execute("DESCRIBE published").fetchall()}


def test_a_migration_that_fails_changes_nothing(results, monkeypatch):
    shards.prepare(results)
    path = results / "bench.duckdb"
    with store.connect(path) as connection:
        connection.execute("INSERT INTO run_cells VALUES ('kept', 'cell')")
    monkeypatch.setattr(database, "VERSION", 4)
    monkeypatch.setattr(database, "MIGRATIONS", {2: "DROP TABLE run_cells CASCADE", 3: "no sql"})
    with pytest.raises(duckdb.Error):
        store.connect(path)
    monkeypatch.undo()
    with store.connect(path, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM run_cells").fetchall() == [(1,)]


def test_a_database_of_a_newer_version_is_refused(results):
    shards.prepare(results)
    path = results / "bench.duckdb"
    with store.connect(path) as connection:
        connection.execute("UPDATE meta SET schema_version = 99")
    with pytest.raises(BenchError, match="schema version 99"):
        store.connect(path)


@pytest.mark.parametrize("table", ["mine (a INTEGER)", "meta (key VARCHAR)"])
def test_a_database_of_something_else_is_refused_and_left_as_it_is(tmp_path, table):
    path = tmp_path / "bench.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE {table}")
    for read_only in (True, False):
        with pytest.raises(BenchError, match="is a database of something else"):
            store.connect(path, read_only=read_only)
    with duckdb.connect(str(path)) as connection:
        assert len(connection.execute("SHOW TABLES").fetchall()) == 1


def test_a_file_held_by_another_process_is_named_with_its_holder(results, monkeypatch):
    shards.prepare(results)
    path = results / "bench.duckdb"
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.2)
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(path)!r}); print('held', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BenchError, match=f"held by process {holder.pid}") as caught:
            store.connect(path)
        assert "\n" not in str(caught.value)
    finally:
        holder.communicate("\n")
    store.connect(path).close()


def test_what_is_no_database_and_what_is_not_there_is_said_in_one_line(tmp_path):
    (tmp_path / "text.duckdb").write_text("not a database" * 1000)
    with pytest.raises(BenchError, match="cannot be opened as a store") as caught:
        store.connect(tmp_path / "text.duckdb")
    assert "\n" not in str(caught.value)
    with pytest.raises(BenchError, match="does not exist"):
        store.connect(tmp_path / "none.duckdb", read_only=True)
