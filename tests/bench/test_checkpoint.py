"""A fit or an evaluation that is stopped finds the folder that it left, and only then."""

import json

import pytest

import bench
from bench import config
from bench.execute import Watcher
from bench.runner import fitted

SETTINGS = config.settings("demo", {})
pytestmark = pytest.mark.usefixtures("fakes")


@pytest.fixture
def run(table, results, monkeypatch):
    """Runs the fake, which leaves a folder and then ends as told; returns whether it found one, and the result."""
    import fakes

    def call(end=None, **options):
        found = []

        def fit(self, data, seed, progress):
            found.append(self.checkpoint.exists())
            self.checkpoint.mkdir(exist_ok=True)
            (self.checkpoint / "state").write_text("half way")
            self.train = data.train
            if end is not None:
                raise end

        monkeypatch.setattr(fakes.Fake, "_fit", fit)
        ended = bench.run(
            ["fake"], [str(table)], ["fake_mean"], target="class", sentinels=False, results=results, **options
        )
        return found, ended

    return call


def test_a_stopped_fit_goes_on_and_its_folder_goes_when_it_is_done(run, results):
    with pytest.raises(KeyboardInterrupt):
        run(KeyboardInterrupt())
    assert len(list(results.glob("stages/.*"))) == 1
    found, ended = run()
    assert found == [True]
    assert list(results.glob("stages/.*")) == []
    fit = ended.stages.query("stage == 'fit'")["details"].item()
    assert json.loads(fit)["resumed"] is True


def test_force_begins_anew(run):
    with pytest.raises(KeyboardInterrupt):
        run(KeyboardInterrupt())
    assert run(force=True)[0] == [False]


def test_generating_begins_anew_by_force(run, table, results):
    with pytest.raises(KeyboardInterrupt):
        run(KeyboardInterrupt())
    (kept,) = results.glob("stages/.*")
    (kept / "old").touch()
    spec = config.RunSpec(
        generators=["fake"], datasets=[str(table)], evaluators=["fake_mean"], target="class", settings=SETTINGS
    )
    for force in (False, True):
        with pytest.raises(KeyboardInterrupt):
            fitted(spec, results, force=force, watcher=Watcher())
        assert (kept / "old").exists() is not force


@pytest.mark.parametrize(("end", "kept"), [(MemoryError("full"), True), (ValueError("bug"), False)])
def test_only_a_fit_that_was_stopped_from_outside_keeps_its_folder(run, end, kept):
    assert run(end)[1].failed
    assert run()[0] == [kept]


def test_a_stopped_evaluation_goes_on_and_its_folder_goes_when_it_is_done(table, results, monkeypatch):
    import fakes

    found = []
    end = [KeyboardInterrupt()]
    evaluate = fakes.Mean.evaluate

    def evaluate_slowly(self, data, synthetic, *, seed=0, progress=None):
        found.append(self.checkpoint.exists())
        self.checkpoint.mkdir(exist_ok=True)
        if end:
            raise end.pop()
        return evaluate(self, data, synthetic, seed=seed, progress=progress)

    monkeypatch.setattr(fakes.Mean, "evaluate", evaluate_slowly)
    names = ["fake"], [str(table)], ["fake_mean"]
    with pytest.raises(KeyboardInterrupt):
        bench.run(*names, target="class", sentinels=False, results=results)
    ended = bench.run(*names, target="class", sentinels=False, results=results)
    # the reference, stopped and taken up again, and the sample's scores, which have a folder of their own
    assert found == [False, True, False]
    details = [json.loads(text)["resumed"] for text in ended.stages.query("stage == 'fake_mean'")["details"]]
    assert sorted(details) == [False, True]
    assert list(results.glob("stages/.*")) == []
