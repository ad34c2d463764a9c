"""A pass holds every record at most once, in random order, with little padding."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from generators.difflm.batches import one_pass


@given(st.lists(st.integers(1, 30), min_size=1, max_size=300), st.integers(1, 20), st.integers(0, 9))
def test_a_pass_holds_every_record_at_most_once(lengths, batch, seed):
    batch = min(batch, len(lengths))
    batches = one_pass(torch.tensor(lengths), batch, torch.Generator().manual_seed(seed))
    rows = batches.flatten().tolist()
    assert batches.shape == (len(lengths) // batch, batch)
    assert len(set(rows)) == len(rows)
    assert set(rows) <= set(range(len(lengths)))


def computed(batches, lengths):
    """Tokens that padded batches compute, over those that are needed."""
    return float(lengths[batches].amax(dim=1).sum() * batches.shape[1] / lengths[batches].sum())


def test_records_of_one_length_share_a_batch():
    generator = torch.Generator().manual_seed(0)
    lengths = torch.distributions.LogNormal(4.0, 0.5).sample((20_000,)).round()
    at_random = torch.randperm(20_000, generator=generator).view(-1, 50)
    assert computed(at_random, lengths) > 2.0
    assert computed(one_pass(lengths, 50, generator), lengths) < 1.1


def test_order_says_nothing_of_length_and_all_records_come_equally_often():
    generator = torch.Generator().manual_seed(0)
    lengths = torch.arange(1000)
    passes = torch.stack([one_pass(lengths, 30, generator) for _ in range(400)])
    # the 33 batches of a pass: the mean length of a place, with its error over 400 passes
    place = lengths[passes].float().mean(dim=(0, 2))
    assert (place - 499.5).abs().max() < 5 * 290 / 20
    seen = torch.bincount(passes.flatten(), minlength=1000).float() / 400
    assert (seen - 0.99).abs().max() < 5 * (0.99 * 0.01 / 400) ** 0.5


def test_records_of_equal_length_are_not_sorted():
    batches = one_pass(torch.ones(100), 10, torch.Generator().manual_seed(0))
    assert (batches.diff(dim=1) < 0).any()
