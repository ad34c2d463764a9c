"""The average of weights against its closed form, and models that change weights with it."""

import pytest
import torch
from torch import nn

from generators.training.average import put_weights, swapped_in, trained_parameters, trained_weights, update_average


def test_a_long_run_is_the_exponential_average_of_its_steps():
    average, weight = torch.zeros(1), torch.zeros(1)
    decay, values = 0.9, torch.randn(300, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for value in values:
        weight.fill_(float(value))
        update_average([average], [weight], decay, step=10_000)
    weights = (1 - decay) * decay ** torch.arange(299, -1, -1, dtype=torch.float64)
    assert float(average) == pytest.approx(float((weights * values).sum()), abs=1e-5)


def test_a_short_run_forgets_where_it_started():
    average, weight = torch.full((1,), 100.0), torch.ones(1)
    for step in range(50):
        update_average([average], [weight], 0.999, step)
    assert float(average) == pytest.approx(1.0, abs=0.1)


def test_without_decay_the_average_is_the_weights():
    average, weight = torch.randn(1000), torch.randn(1000)
    update_average([average], [weight], 0.0, 10_000)
    assert torch.equal(average, weight)


@pytest.fixture
def network():
    network = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2), nn.Linear(2, 1, bias=False))
    network[1].requires_grad_(False)
    # tied weights have two names and are one weight
    network.append(nn.Linear(2, 1, bias=False))
    network[3].weight = network[2].weight
    return network


def test_frozen_weights_are_not_copied_and_tied_ones_once(network):
    weights = trained_weights(network)
    assert list(weights) == ["0.weight", "0.bias", "2.weight"]
    assert [weight.shape for weight in trained_parameters(network)] == [value.shape for value in weights.values()]
    with torch.no_grad():
        network[0].weight.zero_()
    assert weights["0.weight"].abs().sum() > 0


def test_weights_are_exchanged_and_come_back_also_after_an_error(network):
    average = {name: torch.full_like(value, 5.0) for name, value in trained_weights(network).items()}
    before = {name: value.clone() for name, value in network.state_dict().items()}
    seen = []

    def look():
        with swapped_in(network, average):
            seen.extend(layer.weight.clone() for layer in network)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look()
    assert [weight.unique().tolist() for weight in (seen[0], seen[2], seen[3])] == [[5.0]] * 3
    assert torch.equal(seen[1], before["1.weight"])
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(value.unique().tolist() == [5.0] for value in average.values())
    put_weights(network, average)
    assert network[0].bias.tolist() == [5.0] * 3
