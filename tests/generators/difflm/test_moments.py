"""The map that gives draws the moments of what was learnt: closed forms, and a denoiser that learnt next to nothing."""

import dataclasses

import pytest
import torch

from bench.progress import SILENT
from generators.difflm.config import DiffLMConfig
from generators.difflm.latent import fit_latent_model
from generators.difflm.moments import moment_map

UNTRAINED = DiffLMConfig(
    diffusion_width=16, diffusion_blocks=1, diffusion_steps=3, sampler_steps=4, matched_draws=20_000
)


def normal(n: int, *shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_independent_dimensions_are_stretched_by_the_ratio_of_their_spreads():
    unit = normal(5000, 3)
    unit = (unit - unit.mean(dim=0)) / unit.std(dim=0)
    values, vectors = torch.linalg.eigh(torch.cov(unit.T))
    white = unit @ vectors / values.sqrt()
    spread = torch.tensor([2.0, 0.5, 1.0], dtype=torch.float64)
    matrix, offset = moment_map(white, 1.0 + white * spread)
    torch.testing.assert_close(matrix, torch.diag(spread))
    torch.testing.assert_close(offset, torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize("seed", range(5))
def test_any_sample_gets_the_moments_and_the_map_is_symmetric(seed):
    mixing = normal(4, 4, seed=10 + seed)
    drawn, wanted = normal(1000, 4, seed=seed) @ mixing, 3 + normal(2000, 4, seed=20 + seed) @ mixing.T
    matrix, offset = moment_map(drawn, wanted)
    moved = drawn @ matrix.T + offset
    torch.testing.assert_close(moved.mean(dim=0), wanted.mean(dim=0))
    torch.testing.assert_close(torch.cov(moved.T, correction=0), torch.cov(wanted.T, correction=0))
    # of all maps between the two Gaussians the one that moves points least is symmetric and positive
    torch.testing.assert_close(matrix, matrix.T)
    assert torch.linalg.eigvalsh(matrix).min() > 0


def test_equal_samples_are_left_alone():
    drawn = normal(300, 5)
    matrix, offset = moment_map(drawn, drawn)
    torch.testing.assert_close(matrix, torch.eye(5, dtype=torch.float64))
    torch.testing.assert_close(offset, torch.zeros(5, dtype=torch.float64), atol=1e-9, rtol=0)


def test_what_has_no_spread_is_moved_to_its_place():
    flat = normal(100, 2) * torch.tensor([1.0, 0.0], dtype=torch.float64)
    for drawn, wanted in ((flat, 2 + normal(100, 2)), (normal(100, 2), torch.full((50, 2), 2.0, dtype=torch.float64))):
        matrix, offset = moment_map(drawn, wanted)
        moved = drawn @ matrix.T + offset
        assert torch.isfinite(moved).all()
        torch.testing.assert_close(moved.mean(dim=0), wanted.mean(dim=0))


@pytest.mark.parametrize("target", ["mean", "sample"])
def test_draws_of_an_untrained_denoiser_have_the_moments_of_the_latents(target):
    mean = (normal(4000, 2) @ torch.tensor([[1.0, 0.6], [0.0, 0.5]], dtype=torch.float64) + 2).float()
    deviation = torch.full_like(mean, 0.5)
    generator = torch.Generator().manual_seed(1)
    config = dataclasses.replace(UNTRAINED, diffusion_target=target)
    model = fit_latent_model(mean, deviation, config, generator=generator, progress=SILENT)
    latents = model.draw(20_000, config=config, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(latents.mean(dim=0), mean.mean(dim=0), atol=0.05, rtol=0)
    expected = torch.cov(mean.T) + 0.25 * torch.eye(2)
    torch.testing.assert_close(torch.cov(latents.T), expected, atol=0.06, rtol=0)
