"""The samplers with optimal denoisers, whose targets are known in closed form."""

import pytest
import torch
from scipy.stats import ks_2samp, kstest

from generators.edm.sampler import SIGMA_MOST, guided, noise_levels, sample_latents

SAMPLERS = {
    "heun": {"sampler": "heun", "steps": 32},
    "euler": {"sampler": "euler", "steps": 300},
    "stochastic": {"sampler": "stochastic", "steps": 64, "churn": 20.0},
}


class GaussianDenoiser(torch.nn.Module):
    """The optimal denoiser of Normal(mean, std^2), the mean being a tenth of a condition's only column or 0."""

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std, self.calls = std, 0

    def forward(self, noisy, sigma, condition=None):
        self.calls += 1
        mean = 0.0 if condition is None else condition.to(noisy) / 10
        return mean + (noisy - mean) * self.std**2 / (self.std**2 + sigma**2)


def unit_noise(n: int, size: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(n, size, generator=torch.Generator().manual_seed(0), dtype=dtype)


def optimal(density):
    """The optimal denoiser by Tweedie's formula: x + sigma^2 times the score of the noised density."""

    def denoise(noisy, sigma):
        with torch.enable_grad():
            noisy = noisy.detach().requires_grad_()
            (score,) = torch.autograd.grad(density(float(sigma)).log_prob(noisy).sum(), noisy)
        return (noisy + sigma**2 * score).detach()

    return denoise


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_optimal_denoiser_of_a_mixture_gives_the_mixture(mixture, name):
    n = 5000
    drawn = sample_latents(
        optimal(mixture.density), unit_noise(n, 3), generator=torch.Generator().manual_seed(1), **SAMPLERS[name]
    )
    exact, component = mixture.draw(n, seed=2)
    directions = torch.randn(4, 3, generator=torch.Generator().manual_seed(3))
    for direction in [*torch.eye(3), *directions]:
        assert ks_2samp((drawn @ direction).numpy(), (exact @ direction).numpy()).pvalue > 1e-3
    likelihood, expected = (mixture.density().log_prob(values) for values in (drawn, exact))
    margin = 4 * float(expected.std()) * (2 / n) ** 0.5
    assert float(likelihood.mean()) == pytest.approx(float(expected.mean()), abs=margin)
    shares, drawn_shares = (torch.bincount(c, minlength=3) / n for c in (component, mixture.component(drawn)))
    torch.testing.assert_close(drawn_shares, shares, atol=0.04, rtol=0.0)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_gaussian_keeps_its_spread(name):
    drawn = sample_latents(
        GaussianDenoiser(0.5), unit_noise(20_000, 1, torch.float64), generator=torch.Generator(), **SAMPLERS[name]
    )
    assert kstest(drawn[:, 0].numpy(), "norm", args=(0.0, 0.5)).pvalue > 1e-3


@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("heun", 2)])
def test_the_error_falls_with_the_order_of_the_sampler(sampler, order):
    noise, std = unit_noise(200, 1, torch.float64), 0.5
    # the probability flow of a Gaussian keeps the place of a value within its distribution
    exact = SIGMA_MOST * noise * std / (std**2 + SIGMA_MOST**2) ** 0.5
    coarse, fine = (
        float((sample_latents(GaussianDenoiser(std), noise, steps=steps, sampler=sampler) - exact).abs().mean())
        for steps in (50, 100)
    )
    assert coarse / fine == pytest.approx(2**order, rel=0.2)


def test_the_stochastic_sampler_without_churn_is_heun():
    denoiser, noise = GaussianDenoiser(0.5), unit_noise(50, 2)
    heun = sample_latents(denoiser, noise, steps=12)
    assert torch.equal(sample_latents(denoiser, noise, steps=12, sampler="stochastic"), heun)


def test_churn_is_drawn_from_the_generator_and_forgets_the_start():
    def draw(seed):
        generator = torch.Generator().manual_seed(seed)
        return sample_latents(
            GaussianDenoiser(0.5),
            unit_noise(4000, 1),
            steps=64,
            sampler="stochastic",
            churn=1e9,
            generator=generator,
        )

    assert torch.equal(draw(1), draw(1))
    # at the most churn that is allowed, hardly anything of the common start is left
    assert abs(float(torch.corrcoef(torch.cat([draw(1), draw(2)], dim=1).T)[0, 1])) < 0.2


def test_one_step_is_the_denoiser_at_the_highest_level():
    noise = unit_noise(5, 2)
    denoiser = GaussianDenoiser(0.5)
    torch.testing.assert_close(
        sample_latents(denoiser, noise, steps=1), denoiser(SIGMA_MOST * noise, torch.tensor([[SIGMA_MOST]]))
    )
    assert noise_levels(1) == [SIGMA_MOST, 0.0]


def test_guidance_moves_a_gaussian_by_its_factor():
    # with equal spreads the guided denoiser is that of the Gaussian around guidance times the mean
    denoiser, condition = GaussianDenoiser(0.4), torch.full((20_000, 1), 2)
    noise = unit_noise(20_000, 1, torch.float64)
    for guidance in (0.0, 1.0, 2.5):
        drawn = sample_latents(guided(denoiser, condition, guidance), noise, steps=32)
        assert kstest(drawn[:, 0].numpy(), "norm", args=(0.2 * guidance, 0.4)).pvalue > 1e-3


def test_guidance_of_one_costs_one_call_and_more_costs_two():
    condition, noise = torch.ones(3, 1), unit_noise(3, 1)
    for guidance, calls in ((1.0, 1), (2.0, 2)):
        denoiser = GaussianDenoiser(0.5)
        guided(denoiser, condition, guidance)(noise, torch.ones(1, 1))
        assert denoiser.calls == calls
    denoiser = GaussianDenoiser(0.5)
    guided(denoiser, None, 2.0)(noise, torch.ones(1, 1))
    assert denoiser.calls == 1


def test_guidance_sharpens_an_overlapping_component():
    """Two broad Gaussians at +-0.3: the more guidance towards the right one, the surer its samples tell it."""
    means, std = torch.tensor([-0.3, 0.3]), 0.4

    def denoise(noisy, sigma, condition=None):
        variance = std**2 + sigma**2
        logits = -((noisy - means) ** 2) / (2 * variance)
        share = logits.softmax(dim=1) if condition is None else torch.tensor([[0.0, 1.0]])
        return noisy + sigma**2 / variance * ((share * means).sum(dim=1, keepdim=True) - noisy)

    def sureness(guidance):
        drawn = sample_latents(guided(denoise, torch.ones(4000, 1), guidance), unit_noise(4000, 1), steps=32)
        return float(torch.sigmoid(2 * 0.3 * drawn / std**2).mean())

    learnt = torch.sigmoid(2 * 0.3 * (0.3 + std * unit_noise(4000, 1)) / std**2).mean()
    assert sureness(1.0) == pytest.approx(float(learnt), abs=0.01)
    assert sureness(0.0) == pytest.approx(0.5, abs=0.02)
    assert sureness(1.0) + 0.05 < sureness(2.0) < sureness(4.0)
