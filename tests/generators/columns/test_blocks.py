"""What the blocks do for all choices at once against one choice at a time, and against probabilities."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from generators.columns.blocks import Blocks, padded_groups

layouts = st.tuples(st.integers(0, 3), st.lists(st.integers(1, 6), max_size=8).map(tuple))


def slices(blocks):
    """The columns of every choice."""
    return [slice(start, start + size) for start, size in zip(blocks.starts.tolist(), blocks.sizes, strict=True)]


@given(layouts, st.integers(0, 5), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_matrix_holds_places_and_one_hot_choices(layout, rows, seed):
    blocks = Blocks(*layout)
    draw = torch.Generator().manual_seed(seed)
    numbers = torch.randn(rows, blocks.places, generator=draw)
    columns = [torch.randint(size, (rows,), generator=draw) for size in blocks.sizes]
    codes = torch.stack(columns, dim=1) if columns else torch.zeros(rows, 0, dtype=torch.long)
    matrix = blocks.matrix(numbers, codes)
    assert matrix.shape == (rows, blocks.width)
    assert (matrix[:, : blocks.places] == numbers).all()
    assert sorted(column for part in slices(blocks) for column in range(part.start, part.stop)) == list(
        range(blocks.places, blocks.width)
    )
    for part, size, code in zip(slices(blocks), blocks.sizes, columns, strict=True):
        assert (matrix[:, part] == functional.one_hot(code, size)).all()
    # a certain choice is drawn, and its likelihood is one
    assert (blocks.draw(matrix * 1e4) == codes).all()


def test_likelihoods_are_those_of_every_choice_alone_and_have_its_gradient():
    blocks = Blocks(2, (3, 5, 3, 1))
    torch.manual_seed(0)
    raw = torch.randn(7, blocks.width, requires_grad=True)
    codes = torch.stack([torch.randint(size, (7,)) for size in blocks.sizes], dim=1)
    choices = torch.arange(4).expand(7, 4)
    alone = -sum(
        functional.cross_entropy(raw[:, part], codes[:, place], reduction="none")
        for place, part in enumerate(slices(blocks))
    )
    together = blocks.log_likelihood(raw, choices, codes).sum(dim=1)
    assert torch.allclose(together, alone, atol=1e-5)
    gradients = [torch.autograd.grad(said.sum(), raw)[0] for said in (together, alone)]
    assert torch.allclose(*gradients, atol=1e-6)
    one = torch.randint(4, (7, 1))
    picked = blocks.log_likelihood(raw, choices, codes).gather(1, one)
    assert torch.allclose(blocks.log_likelihood(raw, one, codes.gather(1, one)), picked)


def test_choices_are_drawn_as_often_as_their_softmax_says():
    blocks = Blocks(1, (3, 2))
    raw = torch.tensor([[0.5, 1.0, 0.0, -1.0, 3.0, 2.0]])[:, [0, 4, 5, 1, 2, 3]].repeat(20_000, 1)
    torch.manual_seed(0)
    nearly = blocks.gumbel_softmax(raw, temperature=0.2)
    assert torch.allclose(nearly[:, 0], raw[:, 0].tanh())
    for place, part in enumerate(slices(blocks)):
        assert torch.allclose(nearly[:, part].sum(dim=1), torch.ones(20_000), atol=1e-5)
        for codes in (nearly[:, part].argmax(dim=1), blocks.draw(raw)[:, place]):
            share = torch.bincount(codes, minlength=blocks.sizes[place]) / 20_000
            assert share.tolist() == pytest.approx(raw[0, part].softmax(0).tolist(), abs=0.015)


def test_the_gradient_of_a_gumbel_softmax_is_that_of_torch(monkeypatch):
    blocks = Blocks(0, (4,))
    raw = torch.randn(6, 4, requires_grad=True)
    monkeypatch.setattr("generators.columns.blocks.gumbel", torch.zeros_like)
    made = blocks.gumbel_softmax(raw, temperature=0.2)
    exact = (raw / 0.2).softmax(dim=1)
    weight = torch.randn(6, 4)
    gradients = [torch.autograd.grad((part * weight).sum(), raw)[0] for part in (made, exact)]
    assert torch.allclose(*gradients, atol=1e-6)


def test_padding_costs_less_than_twice_the_values():
    sizes = [1, 2, 3, 700, 5, 2, 4, 10_000]
    groups = padded_groups(sizes)
    assert sorted(place for group in groups for place in group) == list(range(8))
    padded = sum(len(group) * (1 << (max(sizes[i] for i in group) - 1).bit_length()) for group in groups)
    assert padded < 2 * sum(sizes)
