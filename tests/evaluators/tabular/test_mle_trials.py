"""An evaluation that was killed goes on from its finished fits and ends with the same scores."""

import json

import numpy as np
import pytest

from evaluators.tabular import mle_published
from evaluators.tabular.mle import MachineLearningEfficiency
from evaluators.tabular.mle_trials import FILE, Trials, fingerprint
from evaluators.tabular.models import XGBoost

OPTIONS = {"trials": 5, "maximum_trees": 20, "bootstrap_draws": 2, "repetitions": 2, "workers": 1}


@pytest.fixture
def run(make_dataset, mixed, monkeypatch):
    """Evaluates, killed after some fits of XGBoost; returns how many there were, and the scores."""
    data, synthetic = make_dataset(mixed(200, 0), mixed(100, 1)), mixed(200, 2)
    monkeypatch.setattr(mle_published, "BOOSTERS", mle_published.BOOSTERS[:3])

    def call(folder, kill_after=None, protocol="harness", seed=0):
        fits = []

        def counted(fit):
            def counting(*arguments):
                fits.append(1)
                if kill_after is not None and len(fits) >= kill_after:
                    raise KeyboardInterrupt
                return fit(*arguments)

            return counting

        with monkeypatch.context() as patch:
            patch.setattr(XGBoost, "fit", counted(XGBoost.fit))
            patch.setattr(mle_published.Problem, "fit", counted(mle_published.Problem.fit))
            work = MachineLearningEfficiency(protocols=(protocol,), **OPTIONS)
            work.checkpoint = folder
            try:
                scores = work.evaluate(data, synthetic, seed=seed)
            except KeyboardInterrupt:
                return len(fits), None
        return len(fits), [(s.metric, s.value, s.stderr, s.details) for s in scores]

    return call


@pytest.mark.parametrize("protocol", ["harness", "tabsyn", "difflm"])
def test_a_killed_evaluation_goes_on_from_its_finished_fits(run, tmp_path, protocol):
    folder = tmp_path / "checkpoint"
    all_fits, expected = run(None, protocol=protocol)
    assert run(folder, kill_after=3, protocol=protocol)[1] is None
    left, found = run(folder, protocol=protocol)
    assert left == all_fits - 2
    assert found == expected
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_other_seeds_and_records_have_fits_of_their_own(run, tmp_path):
    first, scores = run(tmp_path)
    again, others = run(tmp_path, seed=1)
    assert again == first
    assert others != scores


def test_a_damaged_file_is_begun_anew(run, tmp_path):
    (tmp_path / FILE).write_text('{"half', encoding="utf-8")
    fits, _ = run(tmp_path)
    assert fits == run(None)[0]
    assert json.loads((tmp_path / FILE).read_text(encoding="utf-8"))


def test_values_come_back_to_the_bit(tmp_path):
    values = [0.1 + 0.2, 1e-300, float("nan")]
    first = Trials(tmp_path).remember("key", lambda: values)
    second = Trials(tmp_path).remember("key", lambda: pytest.fail("is known"))
    assert np.array_equal(first, values, equal_nan=True)
    assert np.array_equal(second, values, equal_nan=True)


def test_fingerprints_tell_values_types_and_shapes_apart():
    arrays = [np.arange(4.0), np.arange(4), np.arange(4.0).reshape(2, 2), np.arange(4.0)[::-1]]
    found = [fingerprint("a", array) for array in arrays]
    found += [fingerprint("b", arrays[0]), fingerprint("a"), fingerprint({"x": 1, "y": 2})]
    assert len(set(found)) == len(found)
    assert fingerprint({"y": 2, "x": 1}) == found[-1]
    assert fingerprint("a", np.arange(8.0)[::2] / 2) == found[0]
