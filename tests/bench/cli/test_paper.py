from functools import partial

import duckdb
import pytest

from bench import store
from bench.shards import DATABASE


@pytest.fixture
def bench(invoke):
    return partial(invoke, "paper")


@pytest.fixture
def results(tmp_path):
    """A store without a result."""
    store.connect(tmp_path / DATABASE).close()
    return tmp_path


def test_a_store_without_results_shows_what_is_printed_and_how_to_measure_it(bench, results, capsys):
    assert bench("main", "--results", results) == 0
    out = capsys.readouterr().out
    assert "0.927 (s)" in out
    assert "bench run --generator" in out


@pytest.mark.parametrize(("form", "start"), [("md", "## Column shapes"), ("latex", "% \\"), ("html", "<!doctype")])
def test_out_writes_a_page_to_a_file(bench, results, capsys, form, start):
    target = results / "new" / f"page.{form}"
    assert bench("density", "--results", results, "--format", form, "--out", target) == 0
    assert target.read_text(encoding="utf-8").startswith(start)
    assert capsys.readouterr().out == ""


def test_all_pages_where_none_is_named(bench, results, capsys):
    assert bench("--results", results, "--format", "md") == 0
    assert capsys.readouterr().out.count("\n## ") == 6


def test_an_older_store_is_brought_forward(bench, results, capsys):
    with duckdb.connect(str(results / DATABASE)) as connection:
        connection.execute("DROP VIEW leaderboard_runs; UPDATE meta SET schema_version = 1")
    assert bench("main", "--results", results) == 0
    assert "0.927 (s)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mian"], "page 'mian' is not known; did you mean 'main'?"),
        (["main", "--run", "run7"], "run 'run7' is not known; the store holds none"),
        (["main", "--results", "nowhere"], "does not exist"),
    ],
)
def test_wrong_names_end_in_one_line(bench, results, capsys, arguments, message):
    assert bench("--results", results, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
