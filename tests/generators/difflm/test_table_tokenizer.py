"""Rows <-> ids is lossless for any table, and every train row follows the grammar."""

import json

import hypothesis.extra.numpy as hnp
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.frames import conform
from bench.records import Column, Schema
from generators.difflm.table_tokenizer import BEGIN, TableTokenizer
from generators.difflm.tokens import PAD
from generators.texts.serialise import to_texts

OPTIONS = {"bins": 4, "atom_limit": 6, "atom_share": 0.2}


@st.composite
def tables(draw):
    """A canonical table of any mix of kinds, with missing values, constants and odd labels."""
    kinds = draw(st.lists(st.sampled_from(["categorical", "integer", "real"]), min_size=1, max_size=5))
    rows = draw(st.integers(2, 40))
    schema = Schema(tuple(Column(f"column {i} é", kind) for i, kind in enumerate(kinds)))
    values = {
        "categorical": st.one_of(st.none(), st.text(max_size=5)),
        "integer": st.one_of(st.none(), st.integers(-(10**7), 10**7), st.just(0)),
        "real": st.one_of(st.none(), st.decimals(-1000, 1000, places=3).map(float)),
    }
    frame = {c.name: draw(st.lists(values[c.kind], min_size=rows, max_size=rows)) for c in schema.columns}
    return conform(pd.DataFrame(frame, dtype="object"), schema), schema


@given(tables())
@settings(max_examples=60, deadline=None)
def test_rows_and_their_text_come_back(table):
    frame, schema = table
    tokenizer = TableTokenizer.learn(frame, schema, **OPTIONS)
    tokens, spelled = tokenizer.encode(frame)
    assert spelled.all()
    back = tokenizer.decode(tokens.ids[:, 1:].numpy())
    pd.testing.assert_frame_equal(back, frame)
    assert to_texts(back, schema) == to_texts(frame, schema)
    restored = TableTokenizer.restore(json.loads(json.dumps(tokenizer.state())), schema)
    assert torch.equal(restored.encode(frame)[0].ids, tokens.ids)


@given(tables())
@settings(max_examples=40, deadline=None)
def test_every_row_follows_the_grammar_to_its_end(table):
    frame, schema = table
    tokenizer = TableTokenizer.learn(frame, schema, **OPTIONS)
    tokens, _ = tokenizer.encode(frame)
    grammar = tokenizer.grammar
    for ids, states in zip(tokens.ids[:, 1:], tokens.states.long(), strict=True):
        present = ids != PAD
        assert torch.equal(states != PAD, present)
        token, state = ids[present], states[present]
        assert ((grammar.low[state] <= token) & (token <= grammar.high[state])).all()
        assert torch.equal(grammar.step(state, token), torch.cat([state[1:], torch.tensor([grammar.end])]))


@given(hnp.arrays(np.int64, (200,), elements=st.integers(0, 10**6)))
@settings(max_examples=20, deadline=None)
def test_any_walk_through_the_grammar_is_a_record_inside_the_observed_range(values):
    schema = Schema((Column("n", "integer"), Column("c", "categorical")))
    frame = conform(pd.DataFrame({"n": values, "c": (values % 3).astype(str)}), schema)
    tokenizer = TableTokenizer.learn(frame, schema, **OPTIONS)
    generator = torch.Generator().manual_seed(int(values.sum()) % 1000)
    grammar = tokenizer.grammar
    state = torch.full((300,), grammar.start)
    ids = []
    for _ in range(tokenizer.length - 1):
        low, high = grammar.low[state], grammar.high[state]
        token = low + (torch.rand(300, generator=generator) * (high - low + 1)).long()
        ids.append(torch.where(state == grammar.end, PAD, token))
        state = torch.where(state == grammar.end, state, grammar.step(state, token))
    assert (state == grammar.end).all()
    records = tokenizer.decode(torch.stack(ids, dim=1).numpy())
    assert records["n"].between(values.min(), values.max()).all()
    again, spelled = tokenizer.encode(records)
    assert spelled.all()
    assert torch.equal(again.ids[:, 1:], torch.stack(ids, dim=1))


def test_a_categorical_field_is_one_token():
    schema = Schema((Column("a", "categorical"), Column("b", "categorical")))
    frame = conform(pd.DataFrame({"a": ["x", "y"], "b": ["long label", None]}), schema)
    ids = TableTokenizer.learn(frame, schema, **OPTIONS).encode(frame)[0].ids
    assert ids.shape == (2, 3)
    assert (ids[:, 0] == BEGIN).all()
    assert (ids != PAD).all()


@pytest.mark.parametrize("column", ["c", "n"])
def test_what_train_never_had_cannot_be_spelled(column):
    schema = Schema((Column("n", "integer"), Column("c", "categorical")))
    frame = conform(pd.DataFrame({"n": [1, 2, 3], "c": ["x", "y", "x"]}), schema)
    tokenizer = TableTokenizer.learn(frame, schema, **OPTIONS)
    other = frame.copy()
    other.loc[1, column] = 99 if column == "n" else "unseen"
    assert tokenizer.encode(other)[1].tolist() == [True, False, True]


def test_columns_in_another_order_are_the_same_records(tokenizer, frame):
    tokens = tokenizer.encode(frame.head(50))[0]
    place = torch.rand(50, len(tokenizer.fields), generator=torch.Generator().manual_seed(0))
    shuffled = tokenizer.rearranged(tokens, place)
    assert not torch.equal(shuffled.ids, tokens.ids)
    pd.testing.assert_frame_equal(tokenizer.decode(shuffled.ids[:, 1:].numpy()), frame.head(50))


@given(order=st.permutations(range(4)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=10)
def test_what_may_follow_is_that_of_the_grammar_in_that_order(tokenizer, frame, order):
    tokens = tokenizer.encode(frame.head(50))[0]
    place = torch.empty(4).index_copy(0, torch.tensor(order), torch.arange(4.0))
    shuffled = tokenizer.rearranged(tokens, place.expand(50, -1))
    grammar = tokenizer.grammar_in(order)
    states = grammar.states(shuffled.ids)
    reading = states >= 0
    for bound in ("low", "high"):
        expected = getattr(grammar, bound)[states[reading].long()]
        assert torch.equal(getattr(tokenizer.grammar, bound)[shuffled.states[reading].long()], expected)


def test_the_target_goes_first(frame, schema):
    tokenizer = TableTokenizer.learn(frame, schema, bins=8, atom_limit=16, atom_share=0.05, target_first=True)
    tokens, spelled = tokenizer.encode(frame)
    assert spelled.all()
    assert (tokenizer.owner[tokens.ids[:, 1]] == schema.names.index("y")).all()
    pd.testing.assert_frame_equal(tokenizer.decode(tokens.ids[:, 1:].numpy()), frame)
    restored = TableTokenizer.restore(tokenizer.state(), schema)
    assert torch.equal(restored.encode(frame)[0].ids, tokens.ids)
