"""A process that was launched beside the first one fits for itself and leaves nothing in the results folder."""

import pytest

import bench
from bench import config
from bench.errors import BenchError
from bench.execute import Watcher
from bench.runner import fitted

pytestmark = pytest.mark.usefixtures("fakes")


@pytest.fixture
def fit(table, results, tmp_path, monkeypatch):
    """Fits the fake as one of several processes; returns what it samples, and what is in the results folder then."""

    def call(process, fail="", force=False):
        monkeypatch.setenv("RANK", str(process))
        overrides = config.parse_overrides([f"generators.fake.fail={fail}", f"generators.fake.log={tmp_path / 'log'}"])
        spec = config.RunSpec(
            generators=["fake"],
            datasets=[str(table)],
            evaluators=["fake_mean"],
            target="class",
            settings=config.settings("demo", overrides),
        )
        return fitted(spec, results, force=force, watcher=Watcher())[0].sample(5)

    return call


@pytest.fixture
def stages(results):
    return results / "stages"


def test_nothing_is_left_of_a_fit_that_is_done(fit, stages):
    assert len(fit(1).records) == 5
    assert list(stages.iterdir()) == []


def test_nothing_is_left_of_a_fit_that_failed(fit, stages):
    with pytest.raises(BenchError, match=r"fitting failed \(raised\): ValueError: bad luck"):
        fit(1, fail="raise")
    assert list(stages.iterdir()) == []


def test_what_the_first_process_kept_is_not_fitted_again(fit, stages, tmp_path):
    first = fit(0)
    assert fit(1).records.equals(first.records)
    assert (tmp_path / "log").read_text().count("fit") == 1
    assert len(list(stages.iterdir())) == 1


def test_a_fit_that_was_stopped_goes_on_unless_forced(fit, stages, monkeypatch):
    import fakes

    found = []

    def stopped(self, data, seed, progress):
        found.append(self.checkpoint.exists())
        self.checkpoint.mkdir(exist_ok=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(fakes.Fake, "_fit", stopped)
    for process, force in ((1, False), (0, False), (1, False), (1, True), (0, False)):
        with pytest.raises(KeyboardInterrupt):
            fit(process, force=force)
    # each process has a folder of its own, and forgets that one only
    assert found == [False, False, True, False, True]


def test_a_run_is_not_shared(results, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(BenchError, match="only 'bench generate' shares its work"):
        bench.run(["marginals"], ["adult"], results=results)
    assert not results.exists()
