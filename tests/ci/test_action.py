"""The steps of the reusable action, with a `bench` that only notes its calls, and once with the real one."""

import json
import os
import shutil
from xml.etree import ElementTree

import pytest
import typer.main

from bench.cli.main import app


def parsed(call):
    """The arguments of a call, as the command line itself understands them."""
    command = typer.main.get_command(app).commands[call[0]]
    return command.make_context(call[0], call[1:]).params


def benchmark_calls(ended):
    return [call for call in ended.calls if call[0] in ("run", "gate", "leaderboard", "history", "list")]


def test_inputs_become_the_options_of_the_commands(runner):
    ended = runner.run(
        generator="mine",
        package=".\nother==1.2",
        dataset="my table.csv",
        target="the label",
        settings="generators.mine.epochs=3\n\nsplit_seeds=[0,1]",
        evaluator="density,mle",
        seeds="[7]",
    )
    (run,) = [parsed(call) for call in ended.calls if call[0] == "run"]
    assert run["generator"] == ["mine"]
    assert run["dataset"] == ["my table.csv"]
    assert run["target"] == "the label"
    assert run["set_"] == ["seeds=[7]", "generators.mine.epochs=3", "split_seeds=[0,1]"]
    assert run["evaluator"] == ["density,mle"]
    (install,) = [call for call in ended.calls if call[:3] == ["-m", "pip", "install"]]
    assert install[-2:] == [".", "other==1.2"]
    assert not ended.failed


def test_every_command_is_one_that_the_command_line_takes(runner):
    (runner.workspace / "benchmark-baseline.parquet").touch()
    calls = benchmark_calls(runner.run(generator="smote"))
    assert {call[0] for call in calls} == {"run", "gate", "leaderboard", "history", "list"}
    for call in calls:
        parsed(call)


@pytest.mark.parametrize(
    "hostile", ['"; touch owned; "', "$(touch owned)", "`touch owned`", "a\ntouch owned", "'; touch owned #"]
)
def test_inputs_are_never_run(runner, hostile):
    named = ("generator", "package", "dataset", "target", "settings", "evaluator", "seeds", "metric", "baseline")
    ended = runner.run(**dict.fromkeys(named, hostile))
    assert ended.calls
    assert not list(runner.workspace.rglob("owned*"))


def test_without_a_baseline_nothing_is_compared_and_one_is_proposed(runner):
    ended = runner.run(generator="smote")
    assert not ended.failed
    assert ended.outputs == {"verdict": "no baseline", "run": "20990101-000000-new"}
    assert (ended.report / "baseline.parquet").exists()
    assert "commit baseline.parquet" in ended.summary
    assert [call for call in ended.calls if call[0] == "gate" and "--update" not in call] == []


@pytest.mark.parametrize(("status", "verdict"), [(0, "passed"), (1, "regressed"), (2, "refused")])
def test_the_verdict_is_that_of_the_gate_and_the_reports_are_written_anyway(runner, status, verdict):
    (runner.workspace / "mine.parquet").touch()
    ended = runner.run(generator="smote", baseline="mine.parquet", gate_status=status)
    assert ended.outputs["verdict"] == verdict
    assert ended.failed == (status != 0)
    assert [code for code in ended.codes if code] == [status] * (status != 0)
    assert f"# Benchmark: {verdict}" in ended.summary
    assert ("another protocol" if status == 2 else "the verdict of the gate") in ended.summary
    assert "what leaderboard writes" in ended.summary
    assert (ended.report / "leaderboard.html").exists()
    assert (ended.report / "gate.xml").exists() == (status < 2)
    formats = [parsed(call)["format_"] for call in ended.calls if call[0] == "gate" and "--update" not in call]
    assert formats == (["text", "github", "junit"] if status < 2 else ["text"])


def test_a_failed_cell_fails_the_job_after_it_was_judged(runner):
    (runner.workspace / "mine.parquet").touch()
    ended = runner.run(generator="smote", baseline="mine.parquet", run_status=1)
    assert ended.failed
    assert ended.outputs == {"verdict": "passed", "run": "20990101-000000-new"}
    assert "what leaderboard writes" in ended.summary


def test_a_run_that_is_refused_fails_the_job_and_an_older_run_is_not_taken_for_it(runner):
    (runner.workspace / "benchmark-results" / "runs" / "20260101-000000-old").mkdir(parents=True)
    ended = runner.run(generator="smotte", run_status=2)
    assert ended.failed
    assert ended.outputs == {"verdict": "", "run": ""}
    assert "did not begin" in ended.summary
    assert {call[0] for call in benchmark_calls(ended)} == {"list", "run"}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_real_benchmark(real_runner):
    given = {"generator": "smote", "dataset": "adult", "seeds": "[0,1,2]", "evaluator": "density"}
    ended = real_runner.run(**given)
    assert not ended.failed, ended.log
    assert ended.outputs["verdict"] == "no baseline"
    assert "smote on adult" in ended.summary
    assert "## adult" in ended.summary
    record = json.loads(next(real_runner.workspace.glob("benchmark-results/runs/*/run.json")).read_text())
    assert (record["run_id"], record["git_commit"]) == (ended.outputs["run"], "5ha")

    # on the next machine only the store is left; the same run with itself as the baseline passes
    for folder in ("runs", "stages"):
        shutil.rmtree(real_runner.workspace / "benchmark-results" / folder)
    os.replace(ended.report / "baseline.parquet", real_runner.workspace / "benchmark-baseline.parquet")
    again = real_runner.run(**given)
    assert not again.failed, again.log
    assert again.outputs["verdict"] == "passed"
    assert "over 2 runs" in again.summary
    assert ElementTree.parse(again.report / "gate.xml").getroot().get("failures") == "0"

    # a seed less is a missing cell, an unknown generator is no run
    less = real_runner.run(**given | {"seeds": "[0,1]"})
    assert less.failed
    assert less.outputs["verdict"] == "regressed"
    assert "# Benchmark: regressed" in less.summary
    unknown = real_runner.run(**given | {"generator": "smotte"})
    assert unknown.failed
    assert "did you mean 'smote'" in unknown.log
    assert unknown.outputs == {"verdict": "", "run": ""}
