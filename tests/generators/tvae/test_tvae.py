"""TVAE's bound against closed forms, and what it learns of a table of known structure."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.distributions import Categorical, Normal, kl_divergence

from generators import TVAE
from generators.columns import Blocks
from generators.tvae.model import kl, reconstruction


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
