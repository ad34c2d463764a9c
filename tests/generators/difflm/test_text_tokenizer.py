"""Byte-pair encoding spells any text, and its decoding gives the text back."""

import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.frames import conform
from bench.records import Column, Schema
from generators.difflm.text_tokenizer import END, TextTokenizer

SCHEMA = Schema((Column("program", "text"),))


def programs(texts: list[str]) -> pd.DataFrame:
    return conform(pd.DataFrame({"program": texts}), SCHEMA)


@pytest.fixture(scope="module")
def tokenizer():
    train = programs([f"def f{i}(x):\n    return x + {i}\n" * 6 for i in range(50)])
    return TextTokenizer.learn(train, SCHEMA, vocabulary=400, max_length=4000)


@given(st.text(min_size=1, max_size=12))
@settings(deadline=None)
def test_any_text_comes_back(tokenizer, text):
    tokens, spelled = tokenizer.encode(programs([text]))
    assert spelled.all()
    assert tokenizer.texts(tokens.ids.numpy()) == [text]
    restored = TextTokenizer.restore(tokenizer.state(), SCHEMA)
    assert torch.equal(restored.encode(programs([text]))[0].ids, tokens.ids)


def test_merges_make_programs_short(tokenizer):
    text = "def f7(x):\n    return x + 7\n"
    tokens, _ = tokenizer.encode(programs([text]))
    assert (tokens.ids[0] > END).sum() < len(text) / 2


def test_a_text_longer_than_any_train_record_cannot_be_spelled(tokenizer):
    assert tokenizer.encode(programs(["short", "x" * 5000]))[1].tolist() == [True, False]


@pytest.mark.parametrize("text", ["<end>", "a<begin>b <end>"])
def test_what_looks_like_an_end_is_text(tokenizer, text):
    tokens, _ = tokenizer.encode(programs([text]))
    assert (tokens.ids[0] == END).sum() == 1
    assert tokenizer.texts(tokens.ids.numpy()) == [text]


def test_a_tenth_of_the_records_may_be_too_long():
    short, long = ["ab"] * 18, ["q7!zK" * 40]
    learnt = TextTokenizer.learn(programs(short + 2 * long), SCHEMA, vocabulary=260, max_length=20)
    assert learnt.encode(programs(["ab", *long]))[1].tolist() == [True, False]
    message = r"^3 of 21 train records are longer than max_length = 20 tokens; the longest has \d+ tokens, and"
    with pytest.raises(BenchError, match=message):
        TextTokenizer.learn(programs(short + 3 * long), SCHEMA, vocabulary=260, max_length=20)
