"""Groups of about equally long records hold every record once, and computing by them changes nothing."""

import pandas as pd
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.frames import conform
from bench.records import Column, Schema
from generators.difflm.build import build
from generators.difflm.config import DiffLMConfig
from generators.difflm.text_tokenizer import TextTokenizer
from generators.difflm.tokens import ALIKE, GROUP_TOKENS, PAD, Tokens
from generators.training.device import Device


def of_lengths(lengths: list[int]) -> Tokens:
    ids = torch.full((len(lengths), max(lengths, default=1)), PAD)
    for row, length in zip(ids, lengths, strict=True):
        row[:length] = 1
    return Tokens(ids, ids)


@given(st.lists(st.integers(1, 3000), max_size=60))
@settings(max_examples=60, deadline=None)
def test_groups_hold_every_record_once(lengths):
    groups = of_lengths(lengths).groups()
    assert sorted(torch.cat(groups).tolist()) == list(range(len(lengths)))
    for rows in groups:
        own = [lengths[row] for row in rows.tolist()]
        if len(own) > 1:
            assert min(own) >= ALIKE * max(own)
            assert len(own) * max(own) <= GROUP_TOKENS


def test_rows_of_a_table_stay_together():
    ids = of_lengths([5, 50, 500]).ids
    (rows,) = Tokens(ids, ids, torch.zeros_like(ids[:, 1:])).groups()
    assert rows.tolist() == [0, 1, 2]


def test_groups_change_no_term_of_the_bound():
    schema = Schema((Column("program", "text"),))
    frame = conform(pd.DataFrame({"program": ["x = 1\n" * count for count in (1, 30, 2, 9, 28, 1)]}), schema)
    tokenizer = TextTokenizer.learn(frame, schema, vocabulary=270, max_length=1000)
    tokens = tokenizer.encode(frame)[0]
    assert len(tokens.groups()) > 2
    torch.manual_seed(0)
    model = build(DiffLMConfig(encoder_layers=1, decoder_layers=1), tokenizer, Device("cpu", False, "eager"))
    noise = torch.randn(len(tokens), model.latent_size)
    hidden = torch.rand(tokens.ids[:, :-1].shape) < 0.2
    whole, parts = model(tokens, noise, hidden), model.in_groups(tokens, noise, hidden)
    for name in ("reconstruction", "kl", "mean"):
        torch.testing.assert_close(getattr(parts, name), getattr(whole, name), rtol=1e-4, atol=1e-4)
