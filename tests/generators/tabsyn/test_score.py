"""The score model on a mixture of Gaussians, whose denoiser is known in closed form."""

import pytest
import torch

from bench.progress import SILENT
from generators.edm.denoiser import SIGMA_DATA
from generators.tabsyn.config import TabSynConfig
from generators.tabsyn.score import Scale, build_score_model, train_score_model


@pytest.mark.parametrize("network", ["perceptron", "residual"])
def test_it_learns_the_denoiser_of_a_mixture(mixture, network):
    config = TabSynConfig(
        network=network, width=48, schedule="budget",
        diffusion_steps=400, diffusion_batch=256, diffusion_learning_rate=3e-3, ema_decay=0.99,
    )  # fmt: skip
    clean, _ = mixture.draw(20_000, seed=0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        denoiser = build_score_model(3, config)
        train_score_model(denoiser, clean, clean[:0], config, progress=SILENT, checkpoint=None)
    held_out, _ = mixture.draw(4000, seed=1)
    for sigma in (0.1, 0.3, 1.0):
        noisy = (held_out + sigma * torch.randn(4000, 3, generator=torch.Generator().manual_seed(2))).requires_grad_()
        (score,) = torch.autograd.grad(mixture.density(sigma).log_prob(noisy).sum(), noisy)
        exact = noisy + sigma**2 * score
        with torch.no_grad():
            error = (denoiser(noisy, torch.full((1, 1), sigma)) - exact).square().mean()
        # of what there is to know beyond the place of the noisy value itself
        spread = (exact - noisy * SIGMA_DATA**2 / (SIGMA_DATA**2 + sigma**2)).square().mean()
        assert float(error.detach() / spread.detach()) < 0.05


def test_every_dimension_has_the_standard_deviation_that_edm_expects():
    latent = torch.tensor([3.0, 0.01, 40.0]) * torch.randn(5000, 3) + torch.tensor([5.0, -2.0, 0.0])
    scale = Scale(3)
    scale.learn(latent)
    scaled = scale.scaled(latent)
    assert scaled.mean(dim=0).tolist() == pytest.approx([0, 0, 0], abs=1e-4)
    assert scaled.std(dim=0).tolist() == pytest.approx([SIGMA_DATA] * 3, rel=1e-3)
    torch.testing.assert_close(scale.restored(scaled), latent)


def test_a_dimension_that_never_moves_stays_finite_and_where_it_is():
    latent = torch.full((10, 2), 7.0)
    scale = Scale(2)
    scale.learn(latent)
    assert (scale.scaled(latent) == 0).all()
    assert (scale.restored(torch.zeros(1, 2)) == 7).all()


def test_it_ends_where_validation_stops_improving(monkeypatch):
    # what is learnt of latents around 0 says nothing of latents around 3
    steps = []
    original = torch.optim.Adam.step
    monkeypatch.setattr(torch.optim.Adam, "step", lambda self: (steps.append(1), original(self)))
    config = TabSynConfig(diffusion_epochs=400, diffusion_patience=2, diffusion_learning_rate=1e-2, width=16)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        train, validation = torch.randn(64, 2), torch.full((64, 2), 3.0)
        denoiser = build_score_model(2, config)
        train_score_model(denoiser, train, validation, config, progress=SILENT, checkpoint=None)
    assert 2 <= len(steps) < 400
