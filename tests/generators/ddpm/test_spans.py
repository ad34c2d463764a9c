"""Operations on spans against those on every column alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.ddpm.layers import LabelsFirst, MixedLinear, timestep_embedding
from generators.ddpm.spans import Spans


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=8), st.integers(1, 5), st.floats(0, 200), st.integers(0, 99))
def test_the_softmax_of_spans_is_that_of_every_column(sizes, batch, spread, seed):
    torch.manual_seed(seed)
    logits = torch.randn(sum(sizes), batch) * spread
    alone = torch.cat([part.log_softmax(dim=0) for part in logits.split(sizes)])
    assert torch.allclose(Spans(sizes).log_softmax(logits), alone, atol=1e-4, rtol=1e-5)


def test_its_gradient_is_that_of_every_column():
    sizes = (3, 1, 6)
    logits = torch.randn(10, 4, requires_grad=True)
    weights = torch.randn(10, 4)
    (Spans(sizes).log_softmax(logits) * weights).sum().backward()
    together = logits.grad.clone()
    logits.grad = None
    (torch.cat([part.log_softmax(dim=0) for part in logits.split(sizes)]) * weights).sum().backward()
    assert torch.allclose(together, logits.grad, atol=1e-5)


def test_labels_are_drawn_as_often_as_they_are_likely():
    sizes = (2, 1, 5)
    spans = Spans(sizes)
    torch.manual_seed(0)
    likely = spans.log_softmax(torch.randn(8, 1)).exp()
    drawn = spans.draw(likely.repeat(1, 40_000))
    for column, chance in enumerate(likely[:, 0].split(sizes)):
        share = torch.bincount(drawn[column], minlength=sizes[column]) / 40_000
        assert torch.allclose(share, chance, atol=0.01)


def test_an_impossible_label_is_never_drawn():
    spans = Spans((4, 10_000))
    likely = torch.zeros(10_004, 300)
    likely[1], likely[5_000] = 1.0, 1.0
    assert spans.draw(likely).T.unique(dim=0).tolist() == [[1, 4_996]]


def test_reading_codes_is_multiplying_one_hot_vectors():
    layer = MixedLinear(2, (3, 4), 5)
    numbers, codes = torch.randn(6, 2), torch.stack([torch.randint(3, (6,)), torch.randint(4, (6,))], dim=1)
    hot = torch.cat([torch.eye(3)[codes[:, 0]], torch.eye(4)[codes[:, 1]]], dim=1)
    expected = numbers @ layer.weight.T + hot @ layer.labels.weight + layer.bias
    assert torch.allclose(layer(numbers, codes), expected, atol=1e-5)


def test_writing_labels_first_is_a_linear_map_turned_round():
    layer = LabelsFirst(3, 5)
    hidden = torch.randn(4, 3)
    assert torch.allclose(layer(hidden), torch.nn.functional.linear(hidden, layer.weight, layer.bias).T, atol=1e-6)


@pytest.mark.parametrize("width", [1, 7, 16])
def test_every_step_has_an_embedding_of_its_own(width):
    embedded = timestep_embedding(torch.arange(50), width)
    assert embedded.shape == (50, width)
    if width > 1:
        assert len(embedded.round(decimals=4).unique(dim=0)) == 50
