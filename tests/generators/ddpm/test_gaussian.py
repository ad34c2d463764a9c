"""Gaussian diffusion against closed forms: repeated steps, the posterior, a denoiser that knows the truth."""

import math

import pytest
import torch
from torch.distributions import Normal

from generators.ddpm.gaussian import GaussianDiffusion
from generators.ddpm.schedule import cosine_betas, linear_betas


@pytest.mark.parametrize("betas", [cosine_betas(20), linear_betas(20, 1e-4, 0.3)])
def test_the_noise_of_a_step_is_that_of_all_steps_before_it(betas):
    diffusion = GaussianDiffusion(betas, "small")
    mean, variance = 1.0, 0.0
    for step, beta in enumerate(betas.tolist()):
        mean, variance = mean * math.sqrt(1 - beta), variance * (1 - beta) + beta
        start, noise, at = torch.tensor([[3.0]]), torch.tensor([[-2.0]]), torch.tensor([step])
        noisy = diffusion.noisy(start, noise, at)
        assert noisy.item() == pytest.approx(3.0 * mean - 2.0 * math.sqrt(variance), rel=1e-5)
        # where almost nothing of the start is left, single precision finds little of it again
        assert diffusion.start(noisy, noise, at).item() == pytest.approx(3.0, rel=1e-6 / mean)


def test_a_cosine_keeps_what_its_name_says():
    kept = (1 - cosine_betas(1000)).cumprod(0)
    for share in (0.25, 0.5, 0.75):
        expected = math.cos((share + 0.008) / 1.008 * math.pi / 2) ** 2 / math.cos(0.008 / 1.008 * math.pi / 2) ** 2
        assert kept[round(share * 1000) - 1].item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("step", [1, 7, 19])
def test_a_sampling_step_with_the_true_start_is_the_posterior(step):
    betas = cosine_betas(20)
    diffusion = GaussianDiffusion(betas, "small")
    kept, alpha, beta = (1 - betas).cumprod(0)[step - 1].item(), 1 - betas[step].item(), betas[step].item()
    start, noisy = 0.7, -1.3
    # Bayes' rule: the product of two Gaussian densities of x_{t-1}, by their precisions
    prior_mean, prior_variance = math.sqrt(kept) * start, 1 - kept
    likelihood_mean, likelihood_variance = noisy / math.sqrt(alpha), beta / alpha
    variance = 1 / (1 / prior_variance + 1 / likelihood_variance)
    mean = variance * (prior_mean / prior_variance + likelihood_mean / likelihood_variance)
    torch.manual_seed(0)
    many = torch.ones(200_000, 1)
    drawn = diffusion.previous(noisy * many, start * many, torch.tensor([step]))
    assert drawn.mean().item() == pytest.approx(mean, abs=4 * math.sqrt(variance / 200_000))
    assert drawn.var().item() == pytest.approx(variance, rel=0.02)


def test_the_last_step_gives_the_expected_start():
    diffusion = GaussianDiffusion(cosine_betas(20), "large")
    start = torch.randn(5, 2)
    drawn = diffusion.previous(torch.randn(5, 2), start, torch.tensor([0]))
    # what is kept of a step that replaces almost nothing, and no noise beyond the posterior's, which is none
    assert torch.allclose(drawn, start, atol=1e-5)


@pytest.mark.parametrize("variance", ["small", "large"])
def test_a_denoiser_that_knows_the_truth_samples_it(variance, mixture):
    betas = cosine_betas(200)
    diffusion = GaussianDiffusion(betas, variance)
    torch.manual_seed(0)
    values = torch.randn(4000, 3)
    for number in reversed(range(200)):
        step = torch.tensor([number])
        signal, noise = diffusion.signal[step].item(), diffusion.noise[step].item()
        # E[x_0 | x_t] by Tweedie's formula, of the mixture at the noise level noise / signal
        scaled = (values / signal).requires_grad_()
        score = torch.autograd.grad(mixture.density(noise / signal).log_prob(scaled).sum(), scaled)[0]
        start = scaled.detach() + (noise / signal) ** 2 * score
        values = diffusion.previous(values, start, step)
    component = mixture.component(values)
    for place, share in enumerate(mixture.weights.tolist()):
        mine = values[component == place]
        assert len(mine) / 4000 == pytest.approx(share, abs=0.03)
        assert torch.allclose(mine.mean(dim=0), mixture.means[place], atol=0.03)
        assert torch.allclose(mine.std(dim=0), mixture.deviations[place], atol=0.03)


def test_the_noise_is_standard_normal():
    diffusion = GaussianDiffusion(cosine_betas(50), "large")
    last = torch.tensor([49])
    torch.manual_seed(0)
    noisy = diffusion.noisy(torch.full((20_000, 1), 2.0), torch.randn(20_000, 1), last)
    assert Normal(0.0, 1.0).log_prob(noisy).mean().item() == pytest.approx(-Normal(0.0, 1.0).entropy().item(), abs=0.03)
