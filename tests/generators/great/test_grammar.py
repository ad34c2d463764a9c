"""What may be written inside a value, against the strict reader: the grammar lets through every row and few others."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.frames import from_frame
from generators.great.grammar import BEGINNING, value_grammar
from generators.great.table import Table
from generators.great.text import Illegal, RowText
from generators.great.tokens import PAD
from generators.great.vocabulary import END, Vocabulary


def learnt():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "n": [0, -7, 10, 2**62, None] * 20,
            "x": [0.5, -1e-300, 1e22, 0.0, None] * 20,
            "nothing": [None] * 100,
            "often": rng.choice(["a", "b, c", "None"], 100),
            "id": [f"user {i:03d}" for i in range(100)],
        }
    )
    kinds = {"n": "integer", "x": "real", "nothing": "real", "id": "categorical"}
    data = from_frame(frame, kinds=kinds)
    text = RowText.learn(data.train, data.schema)
    table = Table.of(data.train, text)
    vocabulary = Vocabulary.learn(text, table, label_tokens=5, piece_tokens=10)
    return text, table, vocabulary, value_grammar(vocabulary)


TEXT, TABLE, VOCABULARY, GRAMMAR = learnt()


def test_every_train_row_may_be_written():
    rows = torch.arange(len(TABLE))
    order = torch.rand(len(TABLE), 5, generator=torch.Generator().manual_seed(0)).argsort(dim=1)
    ids = VOCABULARY.spelled(TABLE).batch(rows, order)
    state, left = torch.full((len(TABLE),), BEGINNING), torch.zeros(len(TABLE), dtype=torch.long)
    for token in ids[:, 1:].T:
        there = token != PAD
        assert GRAMMAR.mask(state, left)[there, token[there]].all()
        state = torch.where(there, GRAMMAR.follow[state, token.clamp(min=0)].long(), state)
        most = GRAMMAR.most[token.clamp(min=0)]
        left = torch.where(most > 0, most, left - 1)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(range(4)))
def test_what_may_be_written_is_a_value_and_comes_to_an_end(random, place):
    state, left, ids = torch.tensor([BEGINNING]), torch.tensor([0]), [VOCABULARY.columns.start + place]
    while True:
        state = GRAMMAR.follow[state, ids[-1]].long()
        most = GRAMMAR.most[ids[-1]]
        left = most[None] if most > 0 else left - 1
        allowed = torch.nonzero(GRAMMAR.mask(state, left)[0]).flatten().tolist()
        ids.append(random.choice(allowed))
        if ids[-1] == END or ids[-1] in VOCABULARY.columns:
            break
    said = "".join(VOCABULARY.tokens[token] for token in ids[1:-1])
    assert len(ids) - 2 <= VOCABULARY.most[place] + 2
    try:
        TEXT.read(place, said)
    except Illegal:
        # the grammar counts digits and does not add them up
        assert place < 2
        assert len(said) > 3


@pytest.mark.parametrize("column", range(5))
def test_no_value_may_be_empty(column):
    start = GRAMMAR.follow[BEGINNING, VOCABULARY.columns.start + column].long()
    assert not GRAMMAR.allowed[start, END]
    assert GRAMMAR.allowed[start].any()
