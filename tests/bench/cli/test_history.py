import json
import sys

import pytest

from bench import api, store
from bench.cli.main import main
from bench.shards import DATABASE

SHAPE = "column_shape_error_percent"
RUN = {
    "started_at": "2026-01-01T00:00:00",
    "profile": "demo",
    "spec": {},
    "command": "bench run",
    "host": {},
    "versions": {},
    "git_commit": None,
    "cells": 1,
}


@pytest.fixture
def call(monkeypatch, capsys):
    def run(*arguments: object):
        monkeypatch.setattr(sys, "argv", ["bench", "history", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return stopped.value.code or 0, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two real runs of the same command: the second one finds everything finished."""
    folder = tmp_path_factory.mktemp("results")
    for _ in range(2):
        api.run(
            ["smote"], ["magic"], evaluators=["density"], settings={"records": 200}, results=folder, sentinels=False
        )
    return folder


def test_two_runs_of_the_same_command_are_one_observation(call, results):
    code, out, _ = call(SHAPE, "--results", results, "--generator", "smote", "--protocol", "harness", "--format", "md")
    assert code == 0
    assert "## smote on magic" in out
    assert "over 2 runs" in out
    assert "reused" in out
    assert "1 whole observation" in out


@pytest.mark.parametrize(
    ("form", "start"), [("terminal", SHAPE), ("md", "## "), ("csv", "metric,"), ("html", "<!doctype"), ("svg", "<svg")]
)
def test_out_writes_a_file_and_makes_its_folder(call, results, tmp_path, form, start):
    target = tmp_path / "new" / f"history.{form}"
    code, out, _ = call(SHAPE, "--results", results, "--format", form, "--out", target)
    assert (code, out) == (0, "")
    assert target.read_text(encoding="utf-8").startswith(start)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["colum_shape_error_percent"], f"did you mean '{SHAPE}'"),
        ([SHAPE, "--dataset", "magik"], "did you mean 'magic'"),
        ([SHAPE, "--generator", "smote,smot"], "did you mean 'smote'"),
    ],
)
def test_bad_input_ends_in_one_line(call, results, arguments, message):
    code, out, error = call(*arguments, "--results", results)
    assert (code, out) == (2, "")
    assert message in error
    assert error.count("\n") == 1


def test_no_store_and_an_empty_one(call, tmp_path):
    code, _, error = call(SHAPE, "--results", tmp_path)
    assert (code, error.count("\n")) == (2, 1)
    assert "does not exist" in error
    store.connect(tmp_path / DATABASE).close()
    code, _, error = call(SHAPE, "--results", tmp_path)
    assert (code, error.count("\n")) == (2, 1)
    assert "no results yet" in error


def test_a_run_that_computed_nothing_is_no_history(call, tmp_path):
    folder = tmp_path / "runs" / "empty"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"run_id": "empty", **RUN}))
    with store.connect(tmp_path / DATABASE) as connection:
        store.ingest(connection, tmp_path)
    code, _, error = call(SHAPE, "--results", tmp_path)
    assert code == 2
    assert "no results yet" in error
