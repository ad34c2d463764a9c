"""Names are found whatever stands around them, and the grammar of a list takes these and no others."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llguidance import LLMatcher, LLTokenizer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from generators.difflm.required import OPENING, list_grammar, properties_before

names = st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=4)


@pytest.fixture(scope="module")
def single_bytes():
    """A tokenizer without merges."""
    alphabet = ["<end>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    made = Tokenizer(models.BPE({word: place for place, word in enumerate(alphabet)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(["<end>"])
    return LLTokenizer(made.to_str(), n_vocab=len(alphabet), eos_token=0)


@given(names, st.text(max_size=8), st.sampled_from([{}, {"separators": (",", ":")}, {"ensure_ascii": False}]))
@settings(max_examples=100, deadline=None)
def test_the_properties_of_the_schema_that_is_open_are_found(names, noise, how):
    inner = {"type": "object", "properties": {"deep": {}}, "required": ["deep"]}
    schema = {"note": noise, "properties": dict.fromkeys(names, inner), "required": ["x"]}
    text = json.dumps({"a": [noise, schema]}, **how)
    begin = [found.start() for found in OPENING.finditer(text.encode())][-1]
    found = properties_before(text.encode()[:begin].decode())
    assert {json.loads(one) for one in found} == set(names)
    assert all(one in text for one in found)


@pytest.mark.parametrize("text", ["", "{", '{"a": 1, ', '["b", ', '{"properties": 3, ', "}]", '{"a": "'])
def test_where_there_are_none_nothing_is_found(text):
    assert properties_before(text) is None


@given(names.filter(bool))
@settings(max_examples=50, deadline=None)
def test_a_list_holds_some_of_the_names(single_bytes, names):
    grammar = LLMatcher.grammar_from_lark(list_grammar([json.dumps(name, ensure_ascii=False) for name in names]))
    for chosen, inside in ((names, True), (names[:1] * 2, True), ([], True), (["".join(names) + "x"], False)):
        # the list without its opening bracket, and what may follow it
        text = json.dumps(chosen, ensure_ascii=False)[1:] + "}}"
        matcher = LLMatcher(single_bytes, grammar, log_level=0)
        assert not matcher.is_error()
        taken = all(matcher.consume_token(token) for token in single_bytes.tokenize_bytes(text.encode()))
        assert taken == inside, (names, text)
