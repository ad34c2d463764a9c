"""The denoisers: EDM's preconditioning by its defining properties, and how a condition enters."""

import pytest
import torch

from generators.edm.denoiser import SIGMA_DATA, Denoiser, build_denoiser

KINDS = ("mlp", "transformer")
LATENT, VOCABULARY = 3, 7


class Constant(torch.nn.Module):
    """A network that always writes one value, and keeps what it read."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, latent, context):
        self.read = latent
        return torch.full_like(latent, self.value)


def tiny(kind: str, *, scrambled: bool = True) -> Denoiser:
    denoiser = build_denoiser(kind, LATENT, width=16, blocks=2, vocabulary=VOCABULARY, seed=0)
    if scrambled:
        generator = torch.Generator().manual_seed(1)
        for weight in denoiser.parameters():
            weight.data += 0.3 * torch.randn(weight.shape, generator=generator)
    return denoiser.requires_grad_(False)


def batch(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(n, LATENT, generator=generator), torch.rand(n, 1, generator=generator) + 0.1


@pytest.mark.parametrize("sigma", [0.01, 0.4, 20.0])
def test_a_network_reads_and_has_to_write_unit_variance(sigma):
    """What defines c_in, c_skip and c_out (Karras et al. 2022, appendix B.6)."""
    generator = torch.Generator().manual_seed(0)
    clean = SIGMA_DATA * torch.randn(20_000, 1, generator=generator, dtype=torch.float64)
    noisy = clean + sigma * torch.randn(20_000, 1, generator=generator, dtype=torch.float64)
    level = torch.full((1, 1), sigma, dtype=torch.float64)
    zero, one = (Denoiser(Constant(value), 4).double() for value in (0.0, 1.0))
    with torch.no_grad():
        skipped, scale = zero(noisy, level), one(noisy, level) - zero(noisy, level)
    assert float(zero.network.read.var()) == pytest.approx(1.0, abs=0.05)
    assert float(((clean - skipped) / scale).var()) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_an_untrained_denoiser_is_the_one_of_a_centred_gaussian(kind):
    noisy, sigma = batch()
    optimal = noisy * SIGMA_DATA**2 / (SIGMA_DATA**2 + sigma.square())
    torch.testing.assert_close(tiny(kind, scrambled=False)(noisy, sigma), optimal)


@pytest.mark.parametrize("kind", KINDS)
def test_every_dimension_is_told_apart_and_reads_every_other(kind):
    denoiser, sigma = tiny(kind), torch.full((1, 1), 0.5)
    noisy = torch.full((1, LATENT), 0.3)
    jacobian = torch.autograd.functional.jacobian(lambda x: denoiser(x, sigma), noisy).reshape(LATENT, LATENT)
    assert float(jacobian.abs().min()) > 1e-5
    written = denoiser(noisy, sigma)
    assert len(written.unique()) == LATENT


@pytest.mark.parametrize("kind", KINDS)
def test_one_level_for_all_is_that_level_for_each(kind):
    denoiser, (noisy, _) = tiny(kind), batch()
    condition = torch.tensor([[1, 4]]).expand(len(noisy), -1)
    for given in (None, condition):
        one = denoiser(noisy, torch.full((1, 1), 0.7), given)
        torch.testing.assert_close(one, denoiser(noisy, torch.full((len(noisy), 1), 0.7), given))


@pytest.mark.parametrize("kind", KINDS)
def test_a_condition_is_the_set_of_what_is_given(kind):
    denoiser, (noisy, sigma) = tiny(kind), batch()

    def given(*ids):
        return denoiser(noisy, sigma, torch.tensor([ids]).expand(len(noisy), -1))

    torch.testing.assert_close(given(-1, -1), denoiser(noisy, sigma))
    torch.testing.assert_close(given(0, -1, 5), given(5, 0))
    for other in (given(0, 4), given(0, -1), given(-1, -1)):
        assert float((given(0, 5) - other).abs().max()) > 1e-3


def test_a_token_that_was_never_given_changes_nothing():
    denoiser, (noisy, sigma) = tiny("mlp", scrambled=False), batch()
    torch.nn.init.normal_(denoiser.network.write.weight, generator=torch.Generator().manual_seed(0))
    unconditional = denoiser(noisy, sigma)
    assert torch.equal(denoiser(noisy, sigma, torch.full((len(noisy), 1), VOCABULARY - 1)), unconditional)


def test_a_seed_gives_the_weights_and_leaves_the_global_state_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    weights = [
        torch.nn.utils.parameters_to_vector(
            build_denoiser("mlp", LATENT, width=128, blocks=3, vocabulary=0, seed=seed).parameters()
        )
        for seed in (1, 1, 2)
    ]
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
