"""TabDDPM: what it learns of a table of known structure, conditions, resuming, odd tables."""

import numpy as np
import pandas as pd
import pytest
import torch

from bench.conformance import conformance
from bench.conformance.run import check_table
from bench.conformance.tables import odd_tables
from bench.errors import BenchError
from generators import TabDDPM
from generators.ddpm import spans

HARD = {
    "one categorical column",
    "missing values everywhere",
    "a column without any value",
    "2 rows",
    "extreme numbers",
}
TINY = {"steps": 3, "batch": 20, "layers": (16, 16), "embedding": 8, "timesteps": 5}
SMALL = {"steps": 400, "batch": 256, "layers": (64, 64), "embedding": 32, "timesteps": 50, "ema_decay": 0.98}


def table(rows=2000, seed=0):
    rng = np.random.default_rng(seed)
    c = rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    x = rng.normal(size=rows) + 10 * (c == "b")
    return pd.DataFrame({"x": x, "c": c, "y": np.where(c == "c", "yes", "no")})


@pytest.fixture(scope="module")
def model():
    return TabDDPM(**SMALL).fit(table(), target="y", seed=0)


def test_it_learns_modes_and_dependence(model):
    frame, records = table(), model.sample(3000, seed=0).records
    for label, share in frame["c"].value_counts(normalize=True).items():
        assert (records["c"] == label).mean() == pytest.approx(share, abs=0.04)
    assert ((records["y"] == "yes") == (records["c"] == "c")).mean() > 0.97
    middle = records.groupby("c")["x"].median()
    assert middle["b"] == pytest.approx(10, abs=0.7)
    assert middle["a"] == pytest.approx(0, abs=0.7)


def test_classes_are_as_frequent_as_in_train_and_not_learnt(model):
    share = (table()["y"] == "yes").mean()
    untrained = TabDDPM(**TINY).fit(table(), target="y", seed=0)
    for one in (model, untrained):
        found = (one.sample(4000, seed=3).records["y"] == "yes").mean()
        assert found == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 4000))


def test_a_class_is_given_to_the_denoiser_and_never_rejected(model):
    sample = model.sample(300, where={"y": "yes"}, seed=0)
    assert (sample.records["y"] == "yes").all()
    assert sample.control_accuracy == 1.0
    assert (sample.records["c"] == "c").mean() > 0.9


def test_other_conditions_are_met_by_rejection_beside_a_class(model):
    sample = model.sample(50, where={"y": "no", "c": "b"}, seed=0)
    assert (sample.records["c"] == "b").all()
    # three of nine records of the class
    assert sample.control_accuracy == pytest.approx(1 / 3, abs=0.1)


def test_a_class_that_train_never_had_is_refused(model):
    with pytest.raises(BenchError, match="no train record has y=maybe"):
        model.sample(5, where={"y": "maybe"})


def test_the_target_of_a_regression_is_one_of_the_numbers():
    fitted = TabDDPM(**TINY).fit(table(200), target="x", seed=0)
    assert fitted.networks["denoiser"].classes is None
    assert fitted.networks["denoiser"].numbers == 1


def test_a_network_that_errs_throws_no_number_to_the_extremes():
    fitted = TabDDPM(**{**TINY, "timesteps": 100}).fit(table(200), seed=0)
    with torch.no_grad():
        numbers = fitted.draw(500, {}).numbers
    # 2.8 is the score of the largest of 200 values
    assert np.abs(numbers).max() < 4.0
    assert (np.abs(numbers) > 2.8).mean() < 0.3


def test_a_batch_in_parts_has_the_gradient_of_the_whole(monkeypatch):
    fitted = TabDDPM(**TINY).fit(table(200), target="y", seed=0)
    encoded = fitted.encode(table(40), 0)
    numbers, codes = torch.from_numpy(encoded.numbers), torch.from_numpy(encoded.codes)
    # the same noise for every record, whatever part it is in
    monkeypatch.setattr(torch, "randint", lambda high, shape: torch.arange(shape[0]) * 0 + high // 2)
    monkeypatch.setattr(torch, "randn_like", torch.ones_like)
    monkeypatch.setattr(torch, "rand", lambda shape, device=None: torch.full(tuple(shape), 0.3))
    weights = list(fitted.networks["denoiser"].parameters())

    def gradient():
        for weight in weights:
            weight.grad = None
        fitted.learn(numbers, codes)
        return torch.cat([weight.grad.flatten() for weight in weights])

    whole = gradient()
    monkeypatch.setattr(spans, "MOST_VALUES", 7 * sum(fitted.sizes))
    assert fitted.most_records == 7
    # matrix products round to bfloat16 where the hardware has it
    assert torch.allclose(gradient(), whole, atol=0.02 * whole.abs().max().item())


def test_a_killed_fit_ends_as_if_it_had_never_stopped(fit_killed_once):
    whole = TabDDPM(**TINY).fit(table(200), target="y", seed=1).sample(20, seed=0).records
    resumed, calls = fit_killed_once(
        lambda: TabDDPM(**TINY), table(200), at=2, optimiser=torch.optim.AdamW, target="y", seed=1
    )
    assert calls == 4
    assert resumed.sample(20, seed=0).records.equals(whole)


@pytest.mark.parametrize("case", [case for case in odd_tables(0) if case.name in HARD], ids=lambda case: case.name)
def test_it_keeps_its_promises_on_hard_tables(case):
    assert [finding for finding in check_table(lambda: TabDDPM(**TINY), case) if finding.problem] == []


@pytest.mark.slow
def test_it_keeps_its_promises_on_odd_tables():
    findings = list(conformance(lambda: TabDDPM(**TINY), random_tables=4))
    assert [finding for finding in findings if finding.problem] == []
    assert len(findings) > 100
