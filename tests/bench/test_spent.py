"""What a stage took adds up over the tries of a stage that was stopped."""

import json

import pytest

import bench
from bench import spent
from bench.progress import SILENT, Progress
from bench.spent import Spent, Tally

EARLIER = Spent(wall_seconds=1000.0, cpu_seconds=2000.0, peak_memory_bytes=1 << 60)


def work(tally):
    with tally.task("training", 2) as task:
        task.advance()
        task.advance(loss=1.0)


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(spent, "KEEP_SECONDS", 0.0)


def test_what_earlier_tries_took_is_added(tmp_path, at_once):
    (tmp_path / spent.FILE).write_text(json.dumps(vars(EARLIER)))
    work(Tally(tmp_path, SILENT))
    kept = spent.read(tmp_path)
    assert 1000 < kept.wall_seconds < 1060
    assert 2000 <= kept.cpu_seconds < 2060
    assert kept.peak_memory_bytes == 1 << 60


def test_memory_is_that_of_the_largest_try(tmp_path):
    (tmp_path / spent.FILE).write_text(json.dumps({"peak_memory_bytes": 1}))
    assert Tally(tmp_path, SILENT).spent().peak_memory_bytes > 1 << 20


def test_without_anything_to_go_on_from_nothing_is_kept(tmp_path, at_once):
    work(Tally(tmp_path / "none", SILENT))
    assert list(tmp_path.iterdir()) == []


def test_it_is_not_written_at_every_step(tmp_path):
    work(Tally(tmp_path, SILENT))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "3", '{"wall_seconds": 1, "colour": "red"}', "\udcff"])
def test_a_damaged_count_is_none(tmp_path, text):
    (tmp_path / spent.FILE).write_bytes(text.encode(errors="surrogateescape"))
    assert spent.read(tmp_path) == Spent()


def test_progress_is_passed_on(tmp_path):
    heard = []

    class Listener(Progress):
        def task(self, description, total, unit="steps"):
            heard.append((description, total, unit))
            return self

        def advance(self, steps=1, **metrics):
            heard.append((steps, metrics))

        def __enter__(self):
            heard.append("in")
            return self

        def __exit__(self, *error):
            heard.append("out")

    work(Tally(tmp_path, Listener()))
    assert heard == [("training", 2, "steps"), "in", (1, {}), (1, {"loss": 1.0}), "out"]


@pytest.mark.usefixtures("fakes", "at_once")
def test_the_seconds_of_a_stopped_fit_are_those_of_both_tries(table, results, monkeypatch):
    import fakes

    ends = [KeyboardInterrupt()]

    def fit(self, data, seed, progress):
        self.checkpoint.mkdir(exist_ok=True)
        with progress.task("fake", 1) as task:
            task.advance()
        self.train = data.train
        if ends:
            raise ends.pop()

    monkeypatch.setattr(fakes.Fake, "_fit", fit)
    asked = ["fake"], [str(table)], ["fake_mean"]
    with pytest.raises(KeyboardInterrupt):
        bench.run(*asked, target="class", sentinels=False, results=results)
    (kept,) = results.glob("stages/.*.checkpoint")
    assert 0 < spent.read(kept).wall_seconds < 60
    (kept / spent.FILE).write_text(json.dumps(vars(EARLIER)))
    ended = bench.run(*asked, target="class", sentinels=False, results=results)
    (row,) = ended.stages.query("stage == 'fit'").itertuples()
    assert 1000 < row.wall_seconds < 1060
    assert 2000 <= row.cpu_seconds < 2060
    assert row.peak_memory_bytes == 1 << 60
    # what comes after the fit has a count of its own
    assert ended.stages.query("stage != 'fit'")["wall_seconds"].max() < 60
