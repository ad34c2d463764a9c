"""The average of weights against its closed form."""

import pytest
import torch
from torch import nn

from generators.difflm.average import update_average


def test_a_long_run_is_the_exponential_average_of_its_steps():
    model, average = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.zeros_(average.weight)
    decay, values = 0.9, torch.randn(300, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for value in values:
        nn.init.constant_(model.weight, float(value))
        update_average(average, model, decay, step=10_000)
    weights = (1 - decay) * decay ** torch.arange(299, -1, -1, dtype=torch.float64)
    assert float(average.weight.detach()) == pytest.approx(float((weights * values).sum()), abs=1e-5)


def test_a_short_run_forgets_where_it_started():
    model, average = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.constant_(average.weight, 100.0)
    nn.init.constant_(model.weight, 1.0)
    for step in range(50):
        update_average(average, model, 0.999, step)
    assert float(average.weight.detach()) == pytest.approx(1.0, abs=0.1)
