"""Which tokens a condition leaves, held against the records themselves."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.condition import Between, check_where, matches
from bench.errors import BenchError
from bench.frames import conform
from bench.records import Column, Schema
from generators.difflm.control import allowed_tokens, coarse_tokens, draw_conditions, token_counts
from generators.difflm.table_tokenizer import FIRST_FIELD, TableTokenizer

OPTIONS = {"bins": 3, "atom_limit": 4, "atom_share": 0.2}
KINDS = {"n": "integer", "c": "categorical", "x": "real", "y": "categorical"}
SCHEMA = Schema(tuple(Column(*item) for item in KINDS.items()), "y", "classification")


@st.composite
def tables(draw):
    """A table whose every value of two numeric columns between the extremes is within reach of an enumeration."""
    rows = draw(st.integers(2, 30))

    def column(values):
        return draw(st.lists(values, min_size=rows, max_size=rows))

    frame = {
        "n": column(st.none() | st.integers(-30, 300)),
        "c": column(st.sampled_from([None, "a", "b", "d"])),
        "x": column(st.none() | st.integers(-20, 20).map(lambda k: k / 10)),
        "y": column(st.sampled_from(["no", "yes"])),
    }
    return conform(pd.DataFrame(frame, dtype="object"), SCHEMA)


def possible(tokenizer, frame, name):
    """Every value that can be spelled in a numeric column, and the token it begins with."""
    steps = np.arange(-30, 301) if name == "n" else np.arange(-20, 21) / 10
    records = frame.iloc[[0] * (len(steps) + 1)].assign(**{name: pd.array([*steps, None], dtype=frame[name].dtype)})
    records = conform(records, SCHEMA)
    (field,) = [field for field in tokenizer.fields if field.column.name == name]
    tokens, digits = field.encode(records[name])
    spelled = tokens >= 0
    # what is rounded in spelling is another value
    values = field.decode(tokens[spelled], digits[spelled])
    return records[spelled].reset_index(drop=True).assign(**{name: values}), tokens[spelled]


@given(tables(), st.sampled_from(["n", "x"]), st.integers(-35, 310), st.integers(0, 60), st.booleans(), st.data())
@settings(max_examples=80, deadline=None)
def test_a_token_is_allowed_where_a_value_that_begins_with_it_fits(frame, name, low, width, range_, data):
    scale = 1 if name == "n" else 37
    wanted = Between(low / scale, (low + width) / scale)
    if not range_:
        wanted = data.draw(st.lists(st.sampled_from(list(frame[name])), min_size=1, max_size=3))
    where = check_where(SCHEMA, {name: wanted})
    tokenizer = TableTokenizer.learn(frame, SCHEMA, **OPTIONS)
    records, tokens = possible(tokenizer, frame, name)
    fitting = set(tokens[matches(records, where)].tolist())
    if not fitting:
        with pytest.raises(BenchError, match="train has no such value"):
            allowed_tokens(tokenizer, where)
        return
    allowed = allowed_tokens(tokenizer, where)
    assert allowed.dtype == torch.bool
    assert allowed.shape == (tokenizer.size,)
    owner = tokenizer.owner[:-1]
    own = owner == SCHEMA.names.index(name)
    assert set(np.flatnonzero(allowed.numpy() & own).tolist()) == fitting
    assert allowed[torch.as_tensor(~own)].all()


@given(tables(), st.booleans())
@settings(max_examples=20, deadline=None)
def test_coarse_tokens_stand_in_the_order_of_the_schema(frame, target_first):
    tokenizer = TableTokenizer.learn(frame, SCHEMA, **OPTIONS, target_first=target_first)
    tokens, _ = tokenizer.encode(frame)
    expected = np.stack([field.encode(frame[field.column.name])[0] for field in tokenizer.fields], axis=1)
    np.testing.assert_array_equal(coarse_tokens(tokenizer, tokens), expected)
    counts = token_counts(tokenizer.size, tokens)
    assert counts.shape == (tokenizer.size,)
    assert counts[FIRST_FIELD:].sum() == frame.size
    assert counts[0] == len(frame)


@pytest.fixture(scope="module")
def skewed():
    """Labels a, b, c in shares .6 .3 .1 and ages over bins, all in one table."""
    rng = np.random.default_rng(0)
    frame = conform(
        pd.DataFrame(
            {
                "n": rng.geometric(0.05, 2000),
                "c": rng.choice(["a", "b", "d"], 2000, p=[0.6, 0.3, 0.1]),
                "x": np.where(rng.random(2000) < 0.2, np.nan, 0.5),
                "y": "no",
            }
        ),
        SCHEMA,
    )
    return frame, TableTokenizer.learn(frame, SCHEMA, bins=8, atom_limit=4, atom_share=0.2)


def test_conditions_are_drawn_as_frequent_as_in_train(skewed):
    frame, tokenizer = skewed
    tokens, _ = tokenizer.encode(frame)
    counts = token_counts(tokenizer.size, tokens)
    where = check_where(SCHEMA, {"c": ["a", "d"], "n": Between(10, 40), "x": [None, 0.5]})
    drawn = draw_conditions(tokenizer, where, counts, 20_000, torch.Generator().manual_seed(0))
    assert drawn.shape == (20_000, 4)
    assert (drawn[:, 3] == -1).all()
    coarse = coarse_tokens(tokenizer, tokens)
    allowed = allowed_tokens(tokenizer, where)
    for column in range(3):
        train = coarse[:, column][allowed[coarse[:, column]]]
        tokens_there, expected = torch.unique(train, return_counts=True)
        found = (drawn[:, column][:, None] == tokens_there).double().mean(dim=0)
        assert found.sum() == pytest.approx(1)
        error = (expected / len(train) - found).abs()
        assert (error < 4 * 0.5 / np.sqrt(20_000)).all()


def test_draws_are_made_by_the_seed_alone(skewed):
    frame, tokenizer = skewed
    counts = token_counts(tokenizer.size, tokenizer.encode(frame)[0])
    where = check_where(SCHEMA, {"c": ["a", "b"]})
    first, again, other = (
        draw_conditions(tokenizer, where, counts, 50, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert draw_conditions(tokenizer, where, counts, 0, torch.Generator()).shape == (0, 4)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"c": "dd"}, "value of 'c' 'dd' is not known; did you mean 'd'?"),
        ({"c": ["a", "zzz"]}, "value of 'c' 'zzz' is not known; known: a, b, d"),
        ({"c": None}, "no record can have c=null: train has no such value"),
        ({"n": 10**6}, "no record can have n=1000000: train has no such value"),
        ({"n": Between(None, 0)}, "no record can have n<=0: train has no such value"),
        ({"x": Between(0.6, 7)}, "no record can have 0.6<=x<=7.0: train has no such value"),
        ({"x": 0.52}, "no record can have x=0.52: train has no such value"),
    ],
)
def test_what_no_record_can_have_is_one_clear_line(skewed, where, message):
    _, tokenizer = skewed
    with pytest.raises(BenchError) as caught:
        allowed_tokens(tokenizer, check_where(SCHEMA, where))
    assert str(caught.value) == message


def test_a_column_without_any_value_can_only_be_missing():
    frame = conform(pd.DataFrame({"n": [None] * 3, "c": None, "x": [1e300, -1e300, 0.5], "y": "no"}), SCHEMA)
    tokenizer = TableTokenizer.learn(frame, SCHEMA, **OPTIONS)
    assert allowed_tokens(tokenizer, check_where(SCHEMA, {"n": None, "c": None})).all()
    for where in ({"n": Between()}, {"n": 1}, {"c": "a"}):
        with pytest.raises(BenchError, match="train has no such value"):
            allowed_tokens(tokenizer, check_where(SCHEMA, where))
    assert allowed_tokens(tokenizer, check_where(SCHEMA, {"x": Between()})).all()
    assert allowed_tokens(tokenizer, check_where(SCHEMA, {"x": Between(low=0)})).sum() == tokenizer.size - 1
