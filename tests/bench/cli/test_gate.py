import json
from functools import partial
from xml.etree import ElementTree as Tree

import duckdb
import pytest

from bench import store as bench_store
from bench.shards import DATABASE

SHAPE = "column_shape_error_percent"
SPEC = '{"settings": {}}'


@pytest.fixture
def bench(invoke):
    return partial(invoke, "gate")


@pytest.fixture
def results(tmp_path):
    """A store with the runs `monday`, `tuesday` (as good), `friday` (worse, the newest) and `alone` (one seed)."""
    bench_store.connect(tmp_path / DATABASE).close()
    with duckdb.connect(str(tmp_path / DATABASE)) as connection:
        for day, (name, value) in enumerate((("alone", 5.0), ("monday", 5.0), ("tuesday", 5.01), ("friday", 9.0))):
            start = f"2026-01-{day + 1:02}"
            connection.execute(
                "INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?)",
                [name, start, "demo", SPEC, "bench run", "{}", "{}", None, 3],
            )
            for seed in range(1 if name == "alone" else 3):
                cell = f"{name}{seed}"
                connection.execute(
                    "INSERT INTO cells VALUES (?,'adult','demo','tabular','d','harness',0,'smote','{}','c',?,'demo')",
                    [cell, seed],
                )
                connection.execute("INSERT INTO run_cells VALUES (?,?)", [name, cell])
                connection.execute(
                    "INSERT INTO stages VALUES ('k',?,'density','done',NULL,NULL,?,1,1,NULL,'cpu','{}')", [cell, start]
                )
                connection.execute(
                    "INSERT INTO scores VALUES ('k',?,'density',?,'harness',1,?,NULL,false,100,false,'{}')",
                    [cell, SHAPE, value + (1 + day) * seed / 10],
                )
    return tmp_path


@pytest.fixture
def baseline(bench, results, capsys):
    path = results / "baselines" / "ci.parquet"
    assert bench("--baseline", path, "--results", results, "--run", "monday", "--update") == 0
    assert "written from run monday" in capsys.readouterr().out
    return path


def test_no_regression_is_exit_code_0(bench, results, baseline, capsys):
    assert bench("--baseline", baseline, "--results", results, "--run", "tuesday") == 0
    assert capsys.readouterr().out.startswith("gate passed: 0 regressions")


def test_a_regression_of_the_newest_run_is_exit_code_1(bench, results, baseline, capsys):
    assert bench("--baseline", baseline, "--results", results) == 1
    out = capsys.readouterr().out
    assert out.startswith("gate FAILED: 1 regression")
    assert "friday" in out


def test_a_larger_effect_that_matters_lets_it_pass(bench, results, baseline):
    assert bench("--baseline", baseline, "--results", results, "--effect", f"{SHAPE}=5") == 0


def test_a_stricter_level_asks_for_more(bench, results, baseline):
    assert bench("--baseline", baseline, "--results", results, "--level", "0.000000001") == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "alone"], "one seed cannot tell noise from change"),
        (["--run", "mondy"], "did you mean 'monday'"),
        (["--level", "2"], "--level 2 is not between 0 and 1"),
        (["--effect", "shape=1"], "metric 'shape' is not known"),
        (["--baseline", "nothing.parquet"], "baseline 'nothing.parquet' is not there"),
        (["--results", "nowhere"], "does not exist; 'bench run' makes it"),
        (["--update", "--format", "json"], "leave --format and --out away"),
        (["--update", "--out", "verdict.txt"], "leave --format and --out away"),
    ],
)
def test_what_cannot_be_compared_is_exit_code_2_and_one_line(bench, results, baseline, capsys, arguments, message):
    assert bench("--baseline", baseline, "--results", results, *arguments) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith("error: ")
    assert message in found.err
    assert found.err.count("\n") == 1


def test_the_document_goes_to_a_file_and_the_text_to_the_terminal(bench, results, baseline, capsys):
    for form in ("json", "junit", "github", "text"):
        target = results / "reports" / form
        assert bench("--baseline", baseline, "--results", results, "--format", form, "--out", target) == 1
        assert capsys.readouterr().out.startswith("gate FAILED")
    assert json.loads((results / "reports" / "json").read_text())["passed"] is False
    assert Tree.parse(results / "reports" / "junit").getroot().get("failures") == "1"
    assert (results / "reports" / "github").read_text().startswith("::error title=")
    assert (results / "reports" / "text").read_text().startswith("gate FAILED")


def test_without_a_file_the_document_goes_to_the_terminal(bench, results, baseline, capsys):
    assert bench("--baseline", baseline, "--results", results, "--format", "json") == 1
    assert json.loads(capsys.readouterr().out)["passed"] is False
    assert bench("--baseline", baseline, "--results", results, "--format", "github") == 1
    out = capsys.readouterr().out
    assert out.startswith("gate FAILED")
    assert "\n::error title=" in out


def test_update_replaces_the_baseline_and_says_what_changes(bench, results, baseline, capsys):
    assert bench("--baseline", baseline, "--results", results, "--update") == 0
    out = capsys.readouterr().out
    assert "written from run friday" in out
    assert "in place of run monday" in out
    assert "worse by 4" in out
    assert bench("--baseline", baseline, "--results", results) == 0


def test_update_over_a_baseline_that_cannot_be_compared_says_why(bench, results, baseline, capsys):
    assert bench("--baseline", baseline, "--results", results, "--run", "alone", "--update") == 0
    assert "differ in more than their scores: one seed" in capsys.readouterr().out


def test_update_from_a_run_with_gaps_says_so(bench, results, capsys):
    with duckdb.connect(str(results / DATABASE)) as connection:
        connection.execute("UPDATE runs SET cells = 9 WHERE run_id = 'tuesday'")
        connection.execute("UPDATE stages SET status = 'failed', phase = 'raised' WHERE cell_id = 'tuesday1'")
    for run, warnings in (("monday", 0), ("tuesday", 2)):
        assert bench("--baseline", results / run, "--results", results, "--run", run, "--update") == 0
        said = capsys.readouterr().err
        assert said.count("warning: ") == warnings
    assert "only 3 of the 9 cells that it planned have ended, which no gate" in said
    assert "1 of its stages failed, which no gate" in said


def test_update_writes_over_no_other_file(bench, results, capsys):
    (results / "mine.txt").write_text("mine")
    assert bench("--baseline", results / "mine.txt", "--results", results, "--update") == 2
    assert (results / "mine.txt").read_text() == "mine"
