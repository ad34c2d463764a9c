"""EDM against targets whose answer is known in closed form."""

import pytest
import torch
from scipy.stats import kstest

from bench.progress import SILENT
from generators.difflm.diffusion import SIGMA_DATA, Denoiser, denoising_loss, sample_latents, train_denoiser


class GaussianDenoiser(torch.nn.Module):
    """The optimal denoiser of Normal(mean, std^2): the posterior mean of the clean value."""

    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, noisy: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return self.mean + (noisy - self.mean) * self.std**2 / (self.std**2 + sigma**2)


def test_the_sampler_turns_noise_into_the_target_of_its_denoiser():
    noise = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    latent = sample_latents(GaussianDenoiser(0.3, 0.5), noise, steps=32)
    assert kstest(latent[:, 0].numpy(), "norm", args=(0.3, 0.5)).pvalue > 1e-3


def test_heun_is_of_second_order():
    noise = torch.randn(500, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    exact = sample_latents(GaussianDenoiser(0.0, 0.5), noise, steps=1600)
    coarse, fine = (
        float((sample_latents(GaussianDenoiser(0.0, 0.5), noise, steps=steps) - exact).abs().mean())
        for steps in (25, 50)
    )
    assert coarse / fine > 3.0


def test_the_loss_is_least_at_the_optimal_denoiser():
    clean = 0.1 + 0.4 * torch.randn(50_000, 1, generator=torch.Generator().manual_seed(1))
    losses = {
        name: float(denoising_loss(GaussianDenoiser(*arguments), clean, torch.Generator().manual_seed(2)))
        for name, arguments in {
            "best": (0.1, 0.4),
            "mean": (0.2, 0.4),
            "narrow": (0.1, 0.3),
            "wide": (0.1, 0.6),
        }.items()
    }
    assert min(losses, key=losses.get) == "best"


def test_an_untrained_denoiser_is_the_one_of_a_centred_gaussian():
    denoiser = Denoiser(3, width=8, blocks=1)
    torch.nn.init.zeros_(denoiser.write[1].bias)
    noisy, sigma = torch.randn(5, 3), torch.full((5, 1), 0.7)
    torch.testing.assert_close(denoiser(noisy, sigma), GaussianDenoiser(0.0, SIGMA_DATA)(noisy, sigma))


@pytest.mark.parametrize("seed", [0])
def test_training_finds_two_clusters_with_their_weights(seed):
    generator = torch.Generator().manual_seed(seed)
    right = (torch.rand(4000, 1, generator=generator) < 0.25).float()
    latents = (right * 1.2 - 0.6) + 0.1 * torch.randn(4000, 2, generator=generator)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        denoiser = train_denoiser(
            latents, width=64, blocks=2, steps=600, batch=256, learning_rate=2e-3, ema_decay=0.99,
            generator=generator, progress=SILENT,
        )  # fmt: skip
    drawn = sample_latents(denoiser, torch.randn(4000, 2, generator=generator), steps=24)
    on_the_right = drawn[:, 0] > 0
    assert float(on_the_right.float().mean()) == pytest.approx(0.25, abs=0.06)
    assert float(drawn[on_the_right].mean()) == pytest.approx(0.6, abs=0.06)
    assert float(drawn[on_the_right].std()) == pytest.approx(0.1, abs=0.06)
    # both coordinates change sides together
    assert float((on_the_right == (drawn[:, 1] > 0)).float().mean()) > 0.98
