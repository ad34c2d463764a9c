"""Runs with a generator that fails on request: what is stored, what is computed again, what goes on."""

import errno
import os

import pandas as pd
import pytest

import bench
from bench import config, runner, shards, stages
from bench.errors import BenchError
from bench.execute import Watcher
from bench.executors import process

pytestmark = pytest.mark.usefixtures("fakes")


def run(table, results, *, executor="inline", evaluators=("fake_mean",), sentinels=False, **options):
    settings = {name: options.pop(name) for name in list(options) if "." in name or name == "seeds"}
    return bench.run(
        ["fake"],
        [str(table)],
        evaluators,
        target="class",
        settings=settings,
        sentinels=sentinels,
        executor=executor,
        results=results,
        **options,
    )


def statuses(ended):
    """(generator, seed, stage) -> phase of the failure, or done."""
    rows = ended.stages
    return {
        (row.generator, row.seed, row.stage): row.phase if row.status == "failed" else "done"
        for row in rows.itertuples()
    }


EXECUTORS = pytest.mark.parametrize("executor", ["inline", "process"])


def test_scores_reach_the_store_with_their_reference_and_costs(table, results):
    ended = run(table, results, **{"generators.fake.lost": 8})
    assert not ended.failed
    scores = ended.scores.set_index(["generator", "metric"])
    records = pd.read_parquet(next(results.glob("stages/*/records.parquet")))
    assert scores.loc[("fake", "mean"), "value"] == pytest.approx(records[["age", "income=net"]].mean().mean())
    test = bench.load(str(table), target="class").test
    assert scores.loc[("fake", "mean"), "reference"] == pytest.approx(test[["age", "income=net"]].mean().mean())
    # 24 of 32 attempts, with the standard error of a proportion
    assert scores.loc[("fake", "raw_valid_percent"), ["value", "stderr", "n"]].tolist() == pytest.approx(
        [75, 100 * (0.75 * 0.25 / 32) ** 0.5, 32]
    )
    assert scores.loc[("fake", "shortfall_records"), "value"] == 8
    assert pd.isna(scores.loc[("fake", "undefined"), "value"])
    stages = ended.stages.set_index(["generator", "stage"])
    assert (stages["peak_memory_bytes"] > 10 << 20).all()
    assert '"shortfall":"the fake lost some"' in stages.loc[("fake", "sample"), "details"].replace(": ", ":")


def test_both_executors_compute_the_same(table, results, tmp_path):
    inline = run(table, results)
    processes = run(table, tmp_path / "other", executor=None, jobs=2)
    order = ["generator", "seed", "metric"]
    columns = [*order, "value", "reference"]
    one, two = (ended.scores.sort_values(order)[columns].reset_index(drop=True) for ended in (inline, processes))
    pd.testing.assert_frame_equal(one, two)
    assert len(one) == 2 + 3


def test_a_finished_stage_is_not_computed_again_but_by_force(table, results, tmp_path):
    log = {"generators.fake.log": str(tmp_path / "log")}
    first = run(table, results, **log)
    second = run(table, results, **log)
    assert (tmp_path / "log").read_text() == "fit 0\n"
    pd.testing.assert_frame_equal(
        first.scores.drop(columns="run_id"), second.scores.drop(columns="run_id"), check_like=True
    )
    run(table, results, force=True, **log)
    assert (tmp_path / "log").read_text() == "fit 0\nfit 0\n"


def test_another_evaluator_needs_no_new_fit(table, results, tmp_path):
    log = {"generators.fake.log": str(tmp_path / "log")}
    run(table, results, **log)
    ended = run(table, results, evaluators=("fake_mean", "validity"), **log)
    assert (tmp_path / "log").read_text() == "fit 0\n"
    assert statuses(ended)["fake", 0, "validity"] == "done"


@pytest.mark.parametrize(("fail", "phase"), [("raise", "raised"), ("memory", "memory"), ("hang", "timeout")])
def test_a_failure_is_a_result_and_the_other_cells_go_on(table, results, fail, phase):
    options = {"generators.fake.fail": fail, "generators.fake.fail_on_seed": 1, "timeout_seconds.fit": 0.5}
    ended = run(table, results, seeds=[0, 1, 2], **options)
    found = statuses(ended)
    assert found["fake", 1, "fit"] == phase
    assert found["fake", 1, "sample"] == found["fake", 1, "fake_mean"] == "upstream"
    assert all(found["fake", seed, stage] == "done" for seed in (0, 2) for stage in ("fit", "sample", "fake_mean"))
    assert [cell.cell.title for cell in ended.failed] == ["people/0 fake/1"]
    error = ended.stages.query("phase == @phase")["error"].item()
    assert {"raise": "ValueError: bad luck", "memory": "allocate", "hang": "longer than 0.5 s"}[fail] in error
    assert len(list(results.glob("stages/.*"))) == 0


def test_a_process_that_dies_costs_one_stage(table, results):
    options = {"evaluators.fake_mean.fail": "exit", "generators.fake.fail": "killed", "seeds": [0]}
    ended = run(table, results, executor="process", evaluators=("fake_mean", "validity"), jobs=2, **options)
    errors = ended.stages.query("phase == 'killed'").set_index(["generator", "stage"])["error"]
    assert errors["holdout", "fake_mean"] == "the process ended with exit code 3"
    assert "SIGKILL, as the system does when memory runs out" in errors["fake", "fit"]
    assert statuses(ended)["holdout", 0, "validity"] == "done"
    assert statuses(ended)["fake", 0, "validity"] == "upstream"
    assert list(results.glob("stages/.*")) == []


def test_a_stage_that_does_not_stop_at_its_limit_is_killed(table, results, monkeypatch):
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.5)
    options = {"generators.fake.fail": "deaf", "timeout_seconds.fit": 0.5}
    ended = run(table, results, executor="process", **options)
    stage = ended.stages.query("stage == 'fit'").iloc[0]
    assert (stage["phase"], stage["error"]) == ("timeout", "took longer than 0.5 s and did not stop")
    assert 1.0 <= stage["wall_seconds"] < 20
    assert pd.isna(stage["peak_memory_bytes"])
    assert list(results.glob("stages/.*")) == []


class SlowImport(Watcher):
    """From the planning on, whoever imports the plug-ins takes three seconds; children do."""

    def __init__(self, monkeypatch):
        self.planned = lambda cells: monkeypatch.setenv("FAKES_IMPORT_SECONDS", "3")


def test_the_time_of_a_stage_begins_when_its_code_and_data_are_there(table, results, monkeypatch):
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    limits = {"timeout_seconds.fit": 1, "timeout_seconds.evaluate": 1}
    ended = run(table, results, executor="process", watcher=SlowImport(monkeypatch), **limits)
    assert not ended.failed
    assert (ended.stages["wall_seconds"] < 2).all()


def test_what_takes_for_ever_to_import_is_killed_as_well(table, results, monkeypatch):
    monkeypatch.setattr(process, "PREPARE_SECONDS", 0.5)
    ended = run(table, results, executor="process", watcher=SlowImport(monkeypatch), **{"timeout_seconds.fit": 100})
    stage = ended.stages.query("stage == 'fit'").iloc[0]
    assert stage["phase"] == "timeout"
    assert stage["error"] == "importing the code and reading the data took longer than 0.5 s"
    assert list(results.glob("stages/.*")) == []


def test_a_limit_of_weeks_is_one_that_the_system_can_wait_for(table, results):
    ended = run(table, results, executor="process", **{"timeout_seconds.fit": 5_000_000})
    assert not ended.failed


def test_cores_are_shared_out_unless_the_user_has_said_otherwise(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    with process.threads_per_process(3):
        assert (os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]) == ("3", "7")
    assert "OMP_NUM_THREADS" not in os.environ
    assert os.environ["MKL_NUM_THREADS"] == "7"


def test_what_failed_is_tried_again_and_its_success_replaces_the_failure(table, results, tmp_path):
    options = {"generators.fake.fail": "raise", "generators.fake.fail_unless": str(tmp_path / "repaired")}
    first = run(table, results, **options)
    assert statuses(first)["fake", 0, "fit"] == "raised"
    (tmp_path / "repaired").touch()
    assert not run(table, results, **options).failed
    assert set(statuses(first).values()) == {"done"}


@EXECUTORS
def test_a_full_disk_ends_the_run_and_leaves_nothing_half_written(table, results, executor):
    with pytest.raises(BenchError, match=r"no space left to write to .*run again to continue"):
        run(table, results, executor=executor, **{"generators.fake.fail": "full"})
    assert list(results.glob("stages/.*")) == []
    assert not run(table, results).failed


def test_a_full_disk_while_the_result_is_written_is_found_as_well(table, results, monkeypatch):
    def fail(building, stages, result):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shards, "finish_stage", fail)
    with pytest.raises(BenchError, match="no space left"):
        run(table, results)
    assert list(results.glob("stages/*")) == list(results.glob("stages/.*")) == []


def test_a_watcher_is_told_of_every_stage(table, results):
    seen = []

    class Notes(Watcher):
        def planned(self, cells):
            seen.append(sum(len(cell.stages) for cell in cells))

        def started(self, cell, job):
            seen.append(f"{cell.generator} {job.stage}")

        def finished(self, cell, result, *, computed):
            seen.append(computed)

    run(table, results, watcher=Notes())
    assert seen == [4, "holdout fake_mean", True, "fake fit", True, "fake sample", True, "fake fake_mean", True]
    seen.clear()
    run(table, results, watcher=Notes())
    assert seen == [4, False, False, False, False]


def test_a_file_that_changed_between_two_runs_is_read_again(table, results):
    before = run(table, results).scores.set_index(["generator", "metric"])["value"]
    rows = pd.read_csv(table)
    rows.assign(age=rows["age"] + 1000).to_csv(table, index=False)
    after = run(table, results).scores.set_index(["generator", "metric"])["value"]
    assert after["holdout", "mean"] == pytest.approx(before["holdout", "mean"] + 500)


@EXECUTORS
def test_a_file_that_changes_during_a_run_fails_the_stages_that_would_read_it(table, results, executor):
    class Edits(Watcher):
        def planned(self, cells):
            table.write_text(table.read_text().replace("red", "blue"))
            stages._load.cache_clear()  # as another dataset in between does

    ended = run(table, results, executor=executor, watcher=Edits())
    errors = set(ended.stages.query("phase == 'raised'")["error"])
    assert errors == {f"the records of '{table}' are no longer those that the run was planned with; run again"}
    assert list(results.glob("stages/*")) == []


def test_a_file_of_synthetic_records_that_changes_during_a_run_is_refused(table, results, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text(table.read_text())

    class Edits(Watcher):
        def planned(self, cells):
            rows.write_text(table.read_text().replace("red", "blue"))

    values = {"generators": (), "datasets": (str(table),), "evaluators": ("fake_mean",), "settings": config.settings()}
    spec = config.validated(config.RunSpec, values, "option")
    ended = runner.run(spec, results, command="", synthetic=rows, watcher=Edits())
    assert statuses(ended)["rows.csv", 0, "sample"] == "raised"
    assert "rows.csv' has changed since the run was planned" in ended.failed[0].failed[0].error


def test_several_jobs_do_not_go_into_one_process(table, results):
    with pytest.raises(BenchError, match="one job at a time"):
        run(table, results, jobs=2)
    assert not results.exists()
