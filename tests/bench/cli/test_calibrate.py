"""`bench calibrate` as a user types it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bench.cli.main import app
from bench.errors import BenchError

SMALL = ["calibrate", "--dataset", "beijing", "--rows", "400", "--seeds", "3"]


def call(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_page_numbers_and_table_say_the_same(tmp_path):
    page = tmp_path / "page.html"
    done = call(*SMALL, "--evaluator", "density", "--damage", "shift,missing", "--out", page)
    assert done.exit_code == 0, (done.output, done.exception)
    assert f"page written to {page}" in done.stdout
    found = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    (one,) = found["found"]
    assert one["dataset"] == "beijing"
    verdicts = {(entry["metric"], entry["damage"]): entry for entry in one["verdicts"]}
    assert len(verdicts) == 4
    assert verdicts["missing_rate_error_percent", "missing"]["finding"] == "sees"
    (line,) = [line for line in done.stdout.splitlines() if line.strip().startswith("missing_rate_error_percent")]
    assert "▼ from 3 %" in line
    assert "· blind" in line
    assert "▼ from 3 %" in page.read_text(encoding="utf-8")


def test_the_same_command_writes_the_same_files(tmp_path):
    for name in ("a", "b"):
        call(*SMALL, "--evaluator", "validity", "--damage", "copies", "--out", tmp_path / f"{name}.html")
    for ending in ("html", "json"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_an_expectation_that_is_not_met_is_said_and_ends_with_1(tmp_path, monkeypatch):
    from bench.calibrate import expectations, run

    other = expectations.Expectation("column_shape_error_percent", "relations", ("marginals",), protocol="harness")
    monkeypatch.setattr(run, "read_expectations", lambda: [other])
    done = call(*SMALL, "--evaluator", "density", "--damage", "marginals", "--out", tmp_path / "page.html")
    assert done.exit_code == 1
    assert "column_shape_error_percent (harness) must see marginals: · blind; 0: " in done.stderr
    assert "1 of 1 expectations are not met" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--damage", "noize"], "damage 'noize' is not known; did you mean 'noise'?"),
        (["--evaluator", "tool_validity"], "evaluator 'tool_validity' does not score tabular data"),
        (["--out", "page.pdf"], "--out 'page.pdf' does not end in .html"),
        (["--set", "evaluators.mle.trails=1"], "option 'trails' is not known; did you mean 'trials'?"),
    ],
)
def test_bad_input_is_one_line(words, message):
    done = call(*SMALL, *words)
    assert isinstance(done.exception, BenchError)
    assert message in str(done.exception)
