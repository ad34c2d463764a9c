"""Draws follow the softmax they are drawn from; what is kept is what transformers keeps."""

import pytest
import torch
from scipy.stats import chisquare
from transformers import TopKLogitsWarper, TopPLogitsWarper

from bench.errors import BenchError
from generators.language.draw import Sampling, draw, kept

FORBIDDEN = [0, 4, 11]


def random_logits(rows: int, tokens: int, seed: int = 3) -> torch.Tensor:
    return 2 * torch.randn(rows, tokens, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("temperature", [1.0, 0.5, 2.0])
def test_draws_follow_the_softmax_of_what_is_allowed(temperature):
    n = 20_000
    logits = random_logits(1, 12)
    logits[:, FORBIDDEN] = -torch.inf
    uniform = torch.rand(n, generator=torch.Generator().manual_seed(4))
    counts = torch.bincount(draw(logits.expand(n, 12), Sampling(temperature), uniform), minlength=12)
    assert counts[FORBIDDEN].tolist() == [0, 0, 0]
    weight = (logits[0].double() / temperature).exp()
    there = weight > 0
    expected = n * weight[there] / weight.sum()
    assert chisquare(counts[there].numpy(), expected.numpy()).pvalue > 1e-3


@pytest.mark.parametrize("top_k", [1, 3, 40])
@pytest.mark.parametrize("top_p", [1e-6, 0.3, 0.9, 0.999, 1.0])
def test_what_is_kept_is_what_transformers_keeps(top_k, top_p):
    logits = random_logits(200, 30)
    logits[torch.rand(200, 30, generator=torch.Generator().manual_seed(1)) < 0.3] = -torch.inf
    expected = TopPLogitsWarper(top_p)(None, TopKLogitsWarper(top_k)(None, logits))
    torch.testing.assert_close(kept(logits, Sampling(1.0, top_p, top_k)), expected)


def test_only_kept_tokens_are_drawn():
    logits = random_logits(1, 30).expand(2000, 30)
    uniform = torch.rand(2000, generator=torch.Generator().manual_seed(2))
    drawn = draw(logits, Sampling(top_k=3), uniform)
    assert set(drawn.tolist()) == set(logits[0].topk(3).indices.tolist())


def test_temperature_zero_takes_the_likeliest():
    logits = random_logits(50, 30)
    assert torch.equal(draw(logits, Sampling(0.0), torch.rand(50)), logits.argmax(dim=1))


@pytest.mark.parametrize("uniform", [0.0, 1.0 - 2**-24])
def test_the_edges_of_the_uniform_numbers_stay_inside(uniform):
    logits = torch.full((300, 5), -torch.inf)
    logits[:, 1:4] = random_logits(300, 3)
    assert draw(logits, Sampling(), torch.full((300,), uniform)).tolist() == [3 if uniform else 1] * 300


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1.0}, "temperature is -1.0; it must be 0 or a positive number"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_p": 0.0}, "top_p is 0.0; it must be above 0 and at most 1"),
        ({"top_k": -2}, "top_k is -2; it must be 0"),
    ],
)
def test_an_option_outside_its_range_is_named(options, message):
    with pytest.raises(BenchError, match=message):
        Sampling(**options)
