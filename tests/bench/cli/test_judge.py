"""`bench evaluate --judge-url` as a user types it, against a server that the test starts."""

import json
import re
import sys

import pytest

import bench
from bench import store
from bench.cli import options
from bench.cli.main import main

GRADES = ("tool_description", "api_description", "parameters", "consistency", "ease_of_use", "usefulness")


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    bench.load("toolbench").test.head(6).to_parquet(tmp_path / "tools.parquet")

    def run(*arguments):
        fixed = [
            "evaluate",
            "--dataset",
            "toolbench",
            "--evaluator",
            "judge",
            "--synthetic",
            tmp_path / "tools.parquet",
        ]
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, [*fixed, *arguments])])
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = stopped.code or 0
        return code, *capsys.readouterr()

    return run


def fair(body, number):
    if len(re.findall("<tool>\n", body["messages"][1]["content"])) == 1:
        return json.dumps(dict.fromkeys(GRADES, 8))
    return '{"better": "tie"}'


def test_a_url_is_all_that_is_needed(call, chat_server, tmp_path):
    started = chat_server(fair)
    code, out, err = call(
        *("--judge-url", started.url, "--results", tmp_path / "results", "--out", tmp_path / "scores.json"),
        *("--set", "evaluators.judge.prompt_price=2", "--set", "evaluators.judge.samples=4"),
    )
    assert code == 0, err
    scores = {one["metric"]: one for one in json.loads((tmp_path / "scores.json").read_text())}
    assert scores["judge_grade_points"]["value"] == 8
    assert scores["judge_win_rate_percent"]["value"] == scores["judge_win_rate_percent"]["reference"] == 50
    assert scores["judge_cost_dollars"]["value"] == pytest.approx(12 * 100 * 2 / 1e6)
    assert "judge_cost_dollars" in out
    # 4 grades and 8 comparisons, of the file and of the reference
    assert len(started.bodies) == 24
    details = scores["judge_win_rate_percent"]["details"]
    assert details["questions"][0]["answers"] == ['{"better": "tie"}']
    with store.connect(tmp_path / "results" / "bench.duckdb", read_only=True) as connection:
        kept = connection.execute("select details from scores where metric = 'judge_win_rate_percent'").fetchall()
    assert json.loads(kept[0][0])["questions"]


def test_a_server_that_is_not_there_is_one_line_and_exit_code_1(call):
    code, _, err = call("--judge-url", "http://127.0.0.1:1/v1")
    assert code == 1
    assert "judge failed" in err
    assert "cannot be reached" in err
    assert "Traceback" not in err


def test_without_a_url_there_are_no_scores_and_no_failure(call):
    code, out, _ = call()
    assert code == 0
    assert "judge_" not in out


def test_the_options_are_short_for_settings():
    assert options.judge_overrides(None, None) == {}
    assert options.judge_overrides("http://x", "m") == {
        "evaluators.judge.url": "http://x",
        "evaluators.judge.model": "m",
    }
