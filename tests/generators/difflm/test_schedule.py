"""The loss and its weight in closed form, and the published scale against the loss that was published."""

import math

import pytest
import torch

from generators.difflm.config import DiffLMConfig
from generators.difflm.schedule import autoencoder_loss, beta_at, beta_unit, checks_of
from generators.difflm.vae import Terms


def terms(reconstruction, kl):
    kl = torch.tensor(kl, requires_grad=True)
    return Terms(torch.tensor(reconstruction), kl, torch.zeros_like(kl))


def test_the_capacity_holds_the_kl_from_both_sides():
    batch = terms([10.0, 12.0], [[1.0, 2.0], [4.0, 1.0]])  # 4 nats a record
    above = DiffLMConfig(kl_schedule="capacity", capacity_nats=6.0)
    below = DiffLMConfig(kl_schedule="capacity", capacity_nats=3.0)
    assert autoencoder_loss(batch, 1.0, above).item() == 11.0 + 2.0
    assert autoencoder_loss(batch, 0.5, below).item() == 11.0 + 0.5
    for config, sign in ((above, -1.0), (below, 1.0)):
        (gradient,) = torch.autograd.grad(autoencoder_loss(batch, 2.0, config), batch.kl)
        assert gradient.tolist() == [[sign, sign], [sign, sign]]


def test_free_bits_are_of_the_batch_and_of_each_dimension():
    # the second dimension is free although one of its records is above
    batch = terms([0.0, 0.0], [[1.0, 0.7], [3.0, 0.1]])
    config = DiffLMConfig(kl_schedule="constant", free_nats=0.5)
    loss = autoencoder_loss(batch, 1.0, config)
    assert float(loss.detach()) == pytest.approx(2.0 + 0.5)
    (gradient,) = torch.autograd.grad(loss, batch.kl)
    assert gradient.tolist() == [[0.5, 0.0], [0.5, 0.0]]


def test_the_cycles_rise_for_one_half_and_stay_for_the_other():
    config = DiffLMConfig(kl_schedule="cyclical", cycles=4, beta=0.8)
    values = [beta_at(step, 80, config) for step in range(1, 81)]
    assert values[:20] == pytest.approx([0.08 * place for place in range(10)] + [0.8] * 10)
    assert values[20:40] == pytest.approx(values[:20])
    assert values[60:] == pytest.approx(values[:20])


def test_beta_falls_where_reconstruction_stops_improving_but_not_for_ever():
    config = DiffLMConfig(kl_schedule="decreasing", beta=0.1, beta_factor=0.7, least_beta=0.02)
    checked = [9.0, 8.0, 8.5, 8.2, 7.0, 7.0] + [7.5] * 20
    values = [beta_at(5, 10, config, checked[:count]) for count in range(len(checked) + 1)]
    assert values[:7] == pytest.approx([0.1, 0.1, 0.1, 0.07, 0.049, 0.049, 0.0343])
    assert values[-1] == 0.02
    # enough checks for all the way down from the published start to the published end
    published = DiffLMConfig(kl_schedule="decreasing", beta=0.1, least_beta=0.001)
    stalled = [1.0] * checks_of(published)
    assert beta_at(1, 10, published, stalled) == 0.001


def test_the_other_schedules_do_not_move():
    for schedule in ("constant", "capacity"):
        config = DiffLMConfig(kl_schedule=schedule, beta=0.3)
        assert {beta_at(step, 10, config, [3.0, 4.0]) for step in range(1, 11)} == {0.3}
        assert beta_unit(config, 50.0) == 1.0


def test_the_published_scale_is_the_published_loss_up_to_a_constant():
    # logits and targets of three records of two, five and one tokens, and a latent of four dimensions
    generator = torch.Generator().manual_seed(0)
    lengths, beta = [2, 5, 1], 0.1
    logits = torch.randn(sum(lengths), 7, generator=generator, requires_grad=True)
    targets = torch.randint(7, (sum(lengths),), generator=generator)
    mean = torch.randn(3, 4, generator=generator, requires_grad=True)
    kl = 0.5 * mean.square()
    token_losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    published = token_losses.mean() + beta * kl.mean()

    config = DiffLMConfig(kl_schedule="constant", beta=beta, beta_scale="published", latent_size=4)
    tokens = sum(lengths) / 3
    records = torch.stack([part.sum() for part in token_losses.split(lengths)])
    weight = beta_unit(config, tokens) * beta_at(1, 10, config)
    ours = autoencoder_loss(Terms(records, kl, mean), weight, config)

    assert math.isclose(float(ours.detach()), tokens * float(published.detach()), rel_tol=1e-5)
    inputs = (logits, mean)
    for theirs, own in zip(
        torch.autograd.grad(published, inputs, retain_graph=True), torch.autograd.grad(ours, inputs), strict=True
    ):
        torch.testing.assert_close(own, tokens * theirs)
