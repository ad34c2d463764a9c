import sys

import duckdb
import pytest

from bench import store as bench_store
from bench.cli.main import main
from bench.shards import DATABASE

SHAPE = "column_shape_error_percent"


@pytest.fixture
def bench(monkeypatch):
    def run(*arguments) -> int:
        monkeypatch.setattr(sys, "argv", ["bench", "leaderboard", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0

    return run


@pytest.fixture
def results(tmp_path, store):
    store.cell("smote", {SHAPE: 1.5, "xgboost_r2": 0.25})
    bench_store.connect(tmp_path / DATABASE).close()
    with duckdb.connect(str(tmp_path / DATABASE)) as target:
        for table in ("cells", "run_cells", "stages", "scores"):
            target.register("frame", store.connection.execute(f"FROM {table}").df())
            target.execute(f"INSERT INTO {table} BY NAME FROM frame")
    return tmp_path


def test_the_terminals_table_by_default(bench, results, capsys):
    assert bench("--results", results) == 0
    out = capsys.readouterr().out
    assert "smote" in out
    assert "1.50" in out


def test_a_metric_that_is_not_among_the_main_ones(bench, results, capsys):
    assert bench("--results", results, "--metric", "xgboost_r2") == 0
    out = capsys.readouterr().out
    assert "0.2500" in out
    assert "1.50" not in out


@pytest.mark.parametrize(
    ("form", "start"),
    [("md", "## adult"), ("svg", "<svg"), ("terminal", "adult"), ("latex", "% needs"), ("csv", "dataset,")],
)
def test_out_writes_a_file_and_makes_its_folder(bench, results, capsys, form, start):
    target = results / "new" / f"leaderboard.{form}"
    assert bench("--results", results, "--format", form, "--out", target) == 0
    assert target.read_text(encoding="utf-8").startswith(start)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "run7"], "run 'run7' is not known; did you mean 'run1'?"),
        (["--metric", "xgboost_r3"], "did you mean 'xgboost_r2'?"),
    ],
)
def test_unknown_names_end_in_one_line(bench, results, capsys, arguments, message):
    assert bench("--results", results, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("form", ["terminal", "latex", "csv"])
def test_no_store_and_an_empty_one_end_in_one_line(bench, tmp_path, capsys, form):
    assert bench("--results", tmp_path, "--format", form) == 2
    assert "does not exist" in capsys.readouterr().err
    bench_store.connect(tmp_path / DATABASE).close()
    assert bench("--results", tmp_path, "--format", form) == 2
    error = capsys.readouterr().err
    assert "no results yet" in error
    assert error.count("\n") == 1
