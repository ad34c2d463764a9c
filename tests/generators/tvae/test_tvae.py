"""TVAE's bound against closed forms, and what it learns of a table of known structure."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.distributions import Categorical, Normal, kl_divergence

from bench.conformance import conformance
from bench.conformance.run import check_table
from bench.conformance.tables import odd_tables
from generators import TVAE
from generators.columns.blocks import Blocks
from generators.tvae.model import kl, reconstruction

TINY = {"steps": 3, "batch": 20, "width": 16, "latent_size": 8}


def test_the_kl_term_is_that_of_two_gaussians():
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    exact = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(dim=1)
    assert torch.allclose(kl(mean, log_variance), exact, atol=1e-5)


def test_the_reconstruction_is_a_gaussian_and_a_categorical_likelihood():
    blocks = Blocks(1, (3,))
    raw, deviation = torch.randn(6, 4), torch.tensor([0.3])
    numbers, codes = torch.rand(6, 1), torch.tensor([[0], [1], [2], [0], [1], [2]])
    gaussian = -Normal(raw[:, 0].tanh(), deviation).log_prob(numbers[:, 0]) - 0.5 * np.log(2 * np.pi)
    choice = -Categorical(logits=raw[:, 1:]).log_prob(codes[:, 0])
    made = reconstruction(raw, numbers, codes, blocks, deviation)
    assert torch.allclose(made, gaussian + choice, atol=1e-5)


def test_it_learns_marginals_and_dependence():
    rng = np.random.default_rng(0)
    c = rng.choice(["a", "b", "c"], 3000, p=[0.6, 0.3, 0.1])
    frame = pd.DataFrame({"x": rng.normal(size=3000) + 10 * (c == "b"), "c": c, "y": np.where(c == "c", "yes", "no")})
    records = TVAE(steps=600, learning_rate=3e-3).fit(frame, target="y", seed=0).sample(3000, seed=0).records
    for label, share in frame["c"].value_counts(normalize=True).items():
        assert (records["c"] == label).mean() == pytest.approx(share, abs=0.06)
    # labels and modes are drawn, each on its own, so that an uncertain latent mixes them
    assert records.loc[records["c"] == "b", "x"].mean() == pytest.approx(10, abs=2.0)
    assert records.loc[records["c"] == "a", "x"].mean() == pytest.approx(0, abs=1.0)
    assert ((records["y"] == "yes") == (records["c"] == "c")).mean() > 0.92


def test_a_killed_fit_ends_as_if_it_had_never_stopped(fit_killed_once):
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=200), "c": ["a", "b"] * 100})
    whole = TVAE(**TINY).fit(frame, seed=1).sample(20, seed=0).records
    resumed, calls = fit_killed_once(lambda: TVAE(**TINY), frame, at=2, seed=1)
    assert calls == 4  # the first step is not made again
    assert resumed.sample(20, seed=0).records.equals(whole)


@pytest.mark.parametrize(
    "name", ["one numeric column", "a column without any value", "10,000 categories", "2 rows", "extreme numbers"]
)
def test_it_keeps_the_contract_on_the_hardest_tables(name):
    (case,) = (case for case in odd_tables(0) if case.name == name)
    assert [finding for finding in check_table(lambda: TVAE(**TINY), case) if finding.problem] == []


@pytest.mark.slow
def test_it_keeps_the_contract_on_any_table():
    assert [finding for finding in conformance(lambda: TVAE(**TINY)) if finding.problem] == []
