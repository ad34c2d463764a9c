"""The prior over latents: scales, noise, conditions, and what is saved of it."""

import dataclasses

import pytest
import torch
from safetensors.torch import load_file, save_file

from bench.errors import BenchError
from bench.progress import SILENT
from generators.difflm.config import DiffLMConfig
from generators.difflm.latent import CHUNK, LatentModel, fit_latent_model

SMALL = DiffLMConfig(
    diffusion_width=32,
    diffusion_blocks=1,
    diffusion_steps=400,
    diffusion_batch=256,
    ema_decay=0.98,
    sampler_steps=16,
    matched_draws=2048,
)
QUICK = dataclasses.replace(SMALL, diffusion_steps=3, sampler_steps=3)
CENTRE, MEAN_STD, DEVIATION = torch.tensor([3.0, -1.0]), torch.tensor([0.8, 0.4]), torch.tensor([0.6, 0.9])


def posterior(n: int = 4000) -> tuple[torch.Tensor, torch.Tensor]:
    noise = torch.randn(n, 2, generator=torch.Generator().manual_seed(0))
    return CENTRE + MEAN_STD * noise, DEVIATION.expand(n, -1)


def fit(config, seed=1, **options) -> LatentModel:
    generator = torch.Generator().manual_seed(seed)
    return fit_latent_model(*posterior(), config, generator=generator, progress=SILENT, **options)


def conditional(config, **options) -> LatentModel:
    """With one condition, which tells the sign of the first dimension of the mean."""
    side = (posterior()[0][:, :1] > CENTRE[0]).long()
    return fit(config, conditions=side, vocabulary=2, **options)


def draw(model: LatentModel, config, n: int, seed=2, **options) -> torch.Tensor:
    return model.draw(n, config=config, generator=torch.Generator().manual_seed(seed), **options)


@pytest.mark.parametrize("target", ["mean", "sample"])
@pytest.mark.parametrize("sampler", ["heun", "stochastic"])
def test_latents_have_the_location_and_the_total_spread_of_the_posteriors(target, sampler):
    config = dataclasses.replace(SMALL, diffusion_target=target, sampler=sampler, sampler_steps=32, churn=2.0)
    latents = draw(fit(config), config, 4000)
    assert latents.dtype == torch.float32
    torch.testing.assert_close(latents.mean(dim=0), CENTRE, atol=0.07, rtol=0.0)
    spread = (MEAN_STD.square() + DEVIATION.square()).sqrt()
    torch.testing.assert_close(latents.std(dim=0), spread, atol=0.08, rtol=0.0)


def test_posterior_noise_is_added_only_to_means():
    means, samples = (fit(dataclasses.replace(QUICK, diffusion_target=target)) for target in ("mean", "sample"))
    torch.testing.assert_close(means.deviation, DEVIATION)
    assert torch.equal(samples.deviation, torch.zeros(2))


def test_a_condition_moves_the_latents_to_its_side():
    config = dataclasses.replace(SMALL, condition_dropout=0.2)
    model = conditional(config)
    sides = torch.arange(2000)[:, None] % 2
    latents = draw(model, config, 2000, condition=sides)
    # the mean of a half normal distribution
    offset = float(MEAN_STD[0]) * (2 / torch.pi) ** 0.5
    for side, sign in ((0, -1), (1, 1)):
        mean = float(latents[sides[:, 0] == side, 0].mean())
        assert mean == pytest.approx(float(CENTRE[0]) + sign * offset, abs=0.12)


@pytest.mark.parametrize("kind", ["mlp", "transformer"])
@pytest.mark.parametrize("dropout", [0.5, 1.0])
def test_what_is_saved_draws_the_same(tmp_path, kind, dropout):
    config = dataclasses.replace(QUICK, denoiser=kind, condition_dropout=dropout)
    model = conditional(config)
    condition = None if dropout == 1.0 else torch.ones(10, 1, dtype=torch.long)
    again = restored(model, config, tmp_path)
    assert torch.equal(*(draw(m, config, 10, condition=condition, guidance=2.0) for m in (model, again)))


def test_a_model_of_samples_that_are_left_as_they_are_is_saved(tmp_path):
    config = dataclasses.replace(QUICK, diffusion_target="sample", matched_draws=0)
    model = fit(config)
    assert torch.equal(*(draw(m, config, 10) for m in (model, restored(model, config, tmp_path))))


def restored(model: LatentModel, config: DiffLMConfig, folder) -> LatentModel:
    save_file(model.state(), folder / "latent.safetensors")
    return LatentModel.restore(load_file(folder / "latent.safetensors"), config)


def test_equal_seeds_give_equal_latents_and_the_global_state_is_left_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    config = dataclasses.replace(QUICK, sampler="stochastic", churn=5.0)
    first, again, other = (draw(fit(config, seed), config, 20) for seed in (1, 1, 4))
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_collapsed_latent_is_drawn_as_the_noise_it_is():
    generator = torch.Generator().manual_seed(0)
    model = fit_latent_model(CENTRE.expand(100, -1), torch.ones(100, 2), SMALL, generator=generator, progress=SILENT)
    latents = draw(model, SMALL, 4000)
    torch.testing.assert_close(latents.mean(dim=0), CENTRE, atol=0.07, rtol=0.0)
    torch.testing.assert_close(latents.std(dim=0), torch.ones(2), atol=0.05, rtol=0.0)


@pytest.mark.parametrize("n", [0, 1, CHUNK + 3])
def test_any_number_can_be_drawn_each_with_its_own_condition(n):
    model = conditional(QUICK)
    condition = torch.arange(n)[:, None] % 2
    latents = draw(model, QUICK, n, condition=condition)
    assert latents.shape == (n, 2)
    assert len(latents.unique(dim=0)) == n


def test_a_condition_needs_a_model_that_learnt_some():
    model = conditional(dataclasses.replace(QUICK, condition_dropout=1.0))
    with pytest.raises(BenchError, match="learnt no conditions; fit a table with where = guidance"):
        draw(model, QUICK, 2, condition=torch.zeros(2, 1, dtype=torch.long))


def test_a_posterior_that_is_not_finite_ends_in_one_line():
    hole = torch.zeros(10, 2)
    hole[[2, 7], 1] = torch.nan
    mean, deviation = posterior(10)
    for broken in ((mean + hole, deviation), (mean, deviation + hole)):
        with pytest.raises(BenchError, match=r"latents of 2 of 10 records are not finite.*lower learning_rate"):
            fit_latent_model(*broken, QUICK, generator=torch.Generator(), progress=SILENT)


def test_a_draw_that_is_not_finite_ends_in_one_line():
    model = fit(QUICK)
    model.denoiser.network.write.bias.data[0] = torch.inf
    with pytest.raises(BenchError, match="5 of 5 latents drawn by the diffusion are not finite; lower guidance"):
        draw(model, QUICK, 5)
