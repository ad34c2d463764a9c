"""The loss and the training against targets whose answer is known."""

import dataclasses
import functools

import pytest
import torch
from scipy.stats import chisquare

from bench.errors import BenchError
from bench.progress import SILENT
from generators.difflm.config import DiffLMConfig
from generators.difflm.diffusion import plan_steps, random_subset, train_denoiser
from generators.difflm.latent import build_network
from generators.edm.denoiser import NOT_GIVEN
from generators.edm.loss import denoising_loss
from generators.edm.sampler import guided, sample_latents
from generators.training.checkpoint import Checkpoint

BASE = DiffLMConfig(diffusion_blocks=2, diffusion_batch=256, ema_decay=0.99, condition_dropout=0.3)
CONFIGS = {
    "mlp": dataclasses.replace(BASE, diffusion_width=64, diffusion_steps=1500, diffusion_learning_rate=4e-3),
    "transformer": dataclasses.replace(
        BASE, denoiser="transformer", diffusion_width=32, diffusion_steps=500, diffusion_learning_rate=6e-3
    ),
}
TINY = DiffLMConfig(
    diffusion_width=8, diffusion_blocks=1, diffusion_steps=12, diffusion_batch=16, condition_dropout=0.3
)


def train(values, config, *, deviation=None, conditions=None, vocabulary=0, checkpoint=None):
    return train_denoiser(
        build_network(config, values.shape[1], vocabulary, seed=0),
        values,
        deviation,
        conditions,
        config,
        generator=torch.Generator().manual_seed(1),
        progress=SILENT,
        checkpoint=checkpoint,
    )


def draw(denoise, n: int, size: int) -> torch.Tensor:
    return sample_latents(denoise, torch.randn(n, size, generator=torch.Generator().manual_seed(2)), steps=24)


def gaussian(mean: float, std: float):
    """The optimal denoiser of Normal(mean, std^2)."""
    return lambda noisy, sigma: mean + (noisy - mean) * std**2 / (std**2 + sigma**2)


def test_the_loss_is_least_at_the_optimal_denoiser():
    clean = 0.1 + 0.4 * torch.randn(50_000, 1, generator=torch.Generator().manual_seed(1))
    candidates = {"best": (0.1, 0.4), "mean": (0.2, 0.4), "narrow": (0.1, 0.3), "wide": (0.1, 0.6)}
    losses = {
        name: float(denoising_loss(gaussian(*arguments), clean, torch.Generator().manual_seed(2)))
        for name, arguments in candidates.items()
    }
    assert min(losses, key=losses.get) == "best"


def test_a_random_subset_gives_every_number_of_columns_equally_often():
    columns, n = 5, 20_000
    condition = torch.arange(columns).expand(n, -1)
    kept = random_subset(condition, 0.0, torch.Generator().manual_seed(0))
    assert torch.equal(kept, torch.where(kept == NOT_GIVEN, NOT_GIVEN, condition))
    # a binomial with a uniform rate is uniform
    counts = torch.bincount((kept != NOT_GIVEN).sum(dim=1), minlength=columns + 1)
    assert chisquare(counts.numpy()).pvalue > 1e-3
    assert (kept != NOT_GIVEN).float().mean(dim=0).numpy() == pytest.approx(0.5, abs=0.02)


def test_dropout_hides_all_columns_and_what_is_open_stays_open():
    condition = torch.full((20_000, 6), 3)
    condition[:, 0] = NOT_GIVEN
    kept = random_subset(condition, 0.4, torch.Generator().manual_seed(0))
    assert (kept[:, 0] == NOT_GIVEN).all()
    # of the others, one in six keeps none of its five columns by its own rate
    assert float((kept == NOT_GIVEN).all(dim=1).float().mean()) == pytest.approx(0.4 + 0.6 / 6, abs=0.02)


@pytest.fixture(scope="module")
def trained(mixture):
    """Denoisers of the mixture by the name of their config, with two columns.

    Column 0 (ids 0 to 2) is the component, column 1 (ids 3 and 4) is 4 in nine of ten values of component 0
    and in one of ten of the others.
    """
    values, component = mixture.draw(8000, seed=0)
    generator = torch.Generator().manual_seed(5)
    hint = 3 + (torch.rand(component.shape, generator=generator) < torch.where(component == 0, 0.9, 0.1)).long()
    conditions = torch.stack([component, hint], dim=1)
    return functools.cache(lambda name: train(values, CONFIGS[name], conditions=conditions, vocabulary=5))


def given(denoiser, *ids, guidance=1.0, n=1000):
    """Draws given the two columns."""
    return draw(guided(denoiser, torch.tensor([ids]).expand(n, -1), guidance), n, 3)


def shares(mixture, drawn):
    return torch.bincount(mixture.component(drawn), minlength=3) / len(drawn)


@pytest.mark.parametrize("name", CONFIGS)
def test_training_finds_the_mixture(mixture, trained, name):
    drawn = draw(trained(name), 2000, 3)
    torch.testing.assert_close(shares(mixture, drawn), mixture.weights, atol=0.06, rtol=0.0)
    exact, _ = mixture.draw(3000, seed=7)
    likelihood, expected = (float(mixture.density().log_prob(values).mean()) for values in (drawn, exact))
    # a third of a nat: spreads that are wrong by 10 %, or strays between the components
    assert likelihood == pytest.approx(expected, abs=0.33)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_condition_picks_its_component(mixture, trained, name):
    for wanted in range(3):
        drawn = given(trained(name), wanted, NOT_GIVEN, n=400)
        assert float(shares(mixture, drawn)[wanted]) > 0.95


def test_a_guidance_of_one_gives_the_proportions_of_the_conditional_and_more_sharpens_them(mixture, trained):
    joint = mixture.weights * torch.tensor([0.9, 0.1, 0.1])
    learnt = shares(mixture, given(trained("mlp"), NOT_GIVEN, 4))
    torch.testing.assert_close(learnt, joint / joint.sum(), atol=0.08, rtol=0.0)
    sharper = shares(mixture, given(trained("mlp"), NOT_GIVEN, 4, guidance=2.5))
    assert sharper[0] > learnt[0] + 0.1


def test_posterior_samples_have_the_spread_of_the_posterior():
    centres = torch.where(torch.rand(4000, 1, generator=torch.Generator().manual_seed(0)) < 0.5, -0.3, 0.3)
    config = dataclasses.replace(CONFIGS["mlp"], diffusion_width=32, diffusion_blocks=1, diffusion_steps=400)
    drawn = draw(train(centres, config, deviation=torch.full_like(centres, 0.25)), 3000, 1)
    assert float(drawn.std()) == pytest.approx((0.3**2 + 0.25**2) ** 0.5, abs=0.03)
    # the means themselves are two points
    assert float(draw(train(centres, config), 1000, 1).abs().std()) < 0.05


class Killed(Exception):
    pass


class KilledCheckpoint(Checkpoint):
    """Saves every step, and is killed behind one of them."""

    def save(self, name, make_state, *, now=False):
        super().save(name, make_state, now=True)
        if make_state()["step"] == 5:
            raise Killed


@pytest.mark.parametrize("target", ["mean", "sample"])
def test_a_killed_training_ends_in_the_same_weights(tmp_path, mixture, target):
    values, component = mixture.draw(100, seed=0)
    options = {
        "deviation": torch.full_like(values, 0.1) if target == "sample" else None,
        "conditions": component[:, None],
        "vocabulary": 3,
    }
    whole = train(values, TINY, **options)
    with pytest.raises(Killed):
        train(values, TINY, checkpoint=KilledCheckpoint(tmp_path, "same"), **options)
    steps = []

    class Watched(Checkpoint):
        def save(self, name, make_state, *, now=False):
            steps.append(make_state()["step"])

    resumed = train(values, TINY, checkpoint=Watched(tmp_path, "same"), **options)
    assert steps == list(range(6, TINY.diffusion_steps + 1))
    for name, weight in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], weight), name


def test_a_loss_that_is_not_a_number_ends_in_one_line(mixture):
    values, _ = mixture.draw(100, seed=0)
    with pytest.raises(BenchError, match=r"latent diffusion became \w+ at step \d+; lower diffusion_learning_rate"):
        train(values, dataclasses.replace(TINY, diffusion_learning_rate=1e30))


def test_few_latents_get_fewer_steps():
    config = DiffLMConfig(diffusion_steps=1000, diffusion_epochs=10, diffusion_least_steps=50, diffusion_batch=100)
    assert [plan_steps(config, latents) for latents in (20, 5000, 1_000_000)] == [50, 500, 1000]
