"""All text of train is inside the grammar, and whatever the grammar lets through is a legal record."""

import json
import re

import pandas as pd
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from bench.errors import BenchError
from bench.frames import conform
from bench.records import Column, Schema
from evaluators.tool.validity import ToolValidity
from generators.difflm.json_grammar import record_grammar
from generators.difflm.json_walk import JsonGrammar
from generators.texts.parameters import parameter_columns
from generators.texts.serialise import from_texts, plain, to_texts

KINDS = ("integer", "real", "categorical", "text", "json")
END, CPU = 0, torch.device("cpu")


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """Bytes, and a few merges as in the text of records."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("a", "b"), ("Ġ", '"'), ('"', ":"), (",", "Ġ"), ("1", "0"), ("u", "0"), ("}", "}")]
    words = ["<end>", *alphabet, *("".join(pair) for pair in merges)]
    made = Tokenizer(models.BPE({word: place for place, word in enumerate(words)}, merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(["<end>"])
    return made


def compiled(
    train: pd.DataFrame, schema: Schema, tokenizer: Tokenizer, *columns: list[str], parameters: bool = False
) -> JsonGrammar:
    size = tokenizer.get_vocab_size()
    grammar = record_grammar(train, schema, *columns)
    return JsonGrammar(grammar, tokenizer, size=size, end=END, device=CPU, parameters=parameters)


def accepts(grammar: JsonGrammar, tokenizer: Tokenizer, text: str) -> bool:
    walk = grammar.walk()
    walk.admit(1)
    done = False
    for token in tokenizer.encode(text, add_special_tokens=False).ids:
        first, _, mask = walk.allowed()
        if done or not mask[0, token - first]:
            return False
        done = bool(walk.advance(torch.tensor([token])))
    return done


json_value = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)
writing = st.sampled_from(
    [{}, {"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"separators": ("\t,\n", " : ")}]
)
VALUES = {
    "integer": st.integers(-(2**63) + 1, 2**63 - 1),
    "real": st.floats(allow_nan=False, allow_infinity=False),
    "categorical": st.text(),
    "text": st.text(),
    "json": st.builds(lambda value, how: json.dumps(value, **how), json_value, writing),
}


@st.composite
def tables(draw):
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    names = draw(st.lists(st.text(max_size=4), min_size=len(kinds), max_size=len(kinds), unique=True))
    schema = Schema(tuple(Column(name, kind) for name, kind in zip(names, kinds, strict=True)))
    rows = st.tuples(*(st.one_of(st.none(), VALUES[kind]) for kind in kinds))
    frame = pd.DataFrame(draw(st.lists(rows, min_size=1, max_size=4)), columns=names, dtype="object")
    return conform(frame, schema), schema


@given(tables())
@settings(max_examples=40, deadline=None)
def test_every_train_text_is_inside(tokenizer, table):
    frame, schema = table
    assume(not plain(schema))
    grammar = compiled(frame, schema, tokenizer)
    for text in to_texts(frame, schema):
        assert accepts(grammar, tokenizer, text), text


def written(grammar: JsonGrammar, tokenizer: Tokenizer, rows: int, seed: int) -> list[str]:
    """Texts that end within 300 tokens of a walk that prefers what closes."""
    generator = torch.Generator().manual_seed(seed)
    size = tokenizer.get_vocab_size()
    weight = torch.tensor([20.0 if tokenizer.decode([i]) in ('"', "}", "]", "}}") else 1.0 for i in range(size)])
    walk, alive, ids = grammar.walk(), torch.arange(rows), [[] for _ in range(rows)]
    walk.admit(rows)
    texts = []
    for _ in range(300):
        _, _, mask = walk.allowed()
        token = torch.multinomial(weight * mask, 1, generator=generator).squeeze(1)
        for row, one in zip(alive.tolist(), token.tolist(), strict=True):
            ids[row].append(one)
        done = walk.advance(token)
        texts += [tokenizer.decode(ids[row]) for row in alive[done].tolist()]
        alive = alive[~done]
        walk.keep(torch.nonzero(~done).squeeze(1))
        if not len(alive):
            break
    return texts


@pytest.mark.parametrize("missing", [False, True])
def test_whatever_is_let_through_is_a_legal_record(tokenizer, missing):
    schema = Schema(tuple(Column(f'{kind} "é"', kind) for kind in KINDS))
    rows = [(-7, 1e-7, 'a\n"b"', "x", "[1]"), (250, 0.5, "null", "", "{}"), *[(None,) * 5] * missing]
    frame = conform(pd.DataFrame(rows, columns=schema.names, dtype="object"), schema)
    texts = written(compiled(frame, schema, tokenizer), tokenizer, rows=60, seed=1)
    assert len(texts) > 40
    records, reasons = from_texts(texts, schema, "tool")
    beyond = re.compile(r"e\+3\d\d")
    assert [text for text, reason in zip(texts, reasons, strict=True) if reason and not beyond.search(text)] == []
    number, _, label, text, _ = (records[name] for name in schema.names)
    assert number.dropna().between(-7, 250).all()
    assert set(label.dropna()) == {'a\n"b"', "null"}
    assert text.nunique() > 5
    assert records.iloc[:, :4].isna().any(axis=None) == missing


def test_another_order_another_space_and_another_label_are_outside(tokenizer):
    schema = Schema((Column("n", "integer"), Column("c", "categorical")))
    frame = conform(pd.DataFrame({"n": [1, 20], "c": ["x", "y"]}), schema)
    grammar = compiled(frame, schema, tokenizer)
    assert accepts(grammar, tokenizer, '{"n": 7, "c": "x"}')
    for text in (
        '{"c": "x", "n": 7}',
        '{"n":7,"c":"x"}',
        '{"n": 7, "c": "z"}',
        '{"n": 21, "c": "x"}',
        '{"n": null, "c": "x"}',
        '{"n": 7, "c": "x"} ',
    ):
        assert not accepts(grammar, tokenizer, text), text


@pytest.mark.parametrize(
    ("train", "inside"),
    [([0.5, 0.0], ""), ([0.5, -2e-05], "small"), ([1e16, 1.0], "large"), ([3e-7, 4e20], "small large")],
)
def test_a_number_has_an_exponent_only_as_in_train(tokenizer, train, inside):
    schema = Schema((Column("x", "real"),))
    grammar = compiled(conform(pd.DataFrame({"x": train}), schema), schema, tokenizer)
    for name, text in (("small", "1.5e-09"), ("large", "-2e+18")):
        assert accepts(grammar, tokenizer, f'{{"x": {text}}}') == (name in inside)


def test_a_column_of_very_many_labels(tokenizer):
    schema = Schema((Column("c", "categorical"),))
    frame = conform(pd.DataFrame({"c": [f"{i * 7919 % 10007} label {i}" for i in range(5000)]}), schema)
    grammar = compiled(frame, schema, tokenizer)
    assert accepts(grammar, tokenizer, to_texts(frame.tail(1), schema)[0])
    assert not accepts(grammar, tokenizer, '{"c": "1 label 0"}')


def test_a_grammar_that_cannot_be_followed_is_one_clear_line(tokenizer):
    with pytest.raises(BenchError, match="llguidance cannot follow the grammar of these records"):
        JsonGrammar("start: nothing", tokenizer, size=tokenizer.get_vocab_size(), end=END, device=CPU)


REPEATED = ("a name stands twice in parameters", "a parameter names something twice")
TOOL = Schema((Column("name", "text"), Column("parameters", "json")))
kind = st.sampled_from(["string", "INTEGER", ["string", "null"]])
inner = st.deferred(
    lambda: st.one_of(
        st.fixed_dictionaries({"type": kind, "description": st.text()}, optional={"enum": st.lists(st.integers())}),
        st.fixed_dictionaries({"items": inner, "default": json_value}),
        st.just({"type": "object"}).flatmap(lambda base: whole.map(lambda deep: base | deep)),
    )
)
name = st.text(min_size=1, max_size=4).filter(str.strip)
whole = st.dictionaries(name, inner, max_size=2).flatmap(
    lambda properties: st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.just(properties)},
        optional={
            "required": st.lists(st.sampled_from(sorted(properties)), unique=True) if properties else st.just([])
        },
    )
)


@given(st.lists(st.builds(lambda value, how: json.dumps(value, **how), whole, writing), min_size=1, max_size=2))
@settings(max_examples=10, deadline=None)
def test_all_legal_parameters_of_train_are_inside(tokenizer, texts):
    frame = conform(pd.DataFrame({"name": "a", "parameters": texts}), TOOL)
    assert parameter_columns(frame, TOOL, "tool") == ["parameters"]
    grammar = compiled(frame, TOOL, tokenizer, ["parameters"], ["name"], parameters=True)
    records = to_texts(frame, TOOL)
    for text in records:
        assert accepts(grammar, tokenizer, text), text
    back, reasons = from_texts(records, TOOL, "tool", ["parameters"])
    assert reasons == [None] * len(texts)
    pd.testing.assert_frame_equal(back, frame)


@pytest.mark.parametrize("held", [False, True])
def test_parameters_take_the_form_of_train(tokenizer, held):
    """Only what a context-free grammar cannot say is left to be rejected, and the rest is legal to the evaluator."""
    train = [
        '{"type":"object","properties":{"a b":{"type":"STRING","default":0}},"required":["a b"]}',
        '{"type":"object","properties":{"é":{"type":"array","items":{"type":"number"}}},"required":[]}',
    ]
    frame = conform(pd.DataFrame({"name": ["x", "y"], "parameters": train}), TOOL)
    grammar = compiled(frame, TOOL, tokenizer, ["parameters"], ["name"], parameters=held)
    texts = written(grammar, tokenizer, rows=150, seed=2)
    assert len(texts) > 100
    records, reasons = from_texts(texts, TOOL, "tool", ["parameters"])
    strange = "a required parameter is not among the properties"
    assert (strange in reasons) != held
    assert {None} <= set(reasons) <= {None, strange, *REPEATED}
    # required names are still written, not only avoided
    assert records["parameters"].str.contains(r'"required":\["').any() or not held
    assert ToolValidity().is_valid(TOOL, records).all()
    assert records["parameters"].str.contains("STRING").any()
    for text in (
        '{"name": " ", "parameters": {"type":"object","properties":{},"required":[]}}',
        '{"name": "x", "parameters": {"type":"object","properties":{}}}',
        '{"name": "x", "parameters": {"type": "object", "properties": {}, "required": []}}',
        '{"name": "x", "parameters": {"type":"object","properties":{"a":{"type":"string","default":0}},"required":[]}}',
    ):
        assert not accepts(grammar, tokenizer, text), text


def test_json_columns_that_are_no_parameters_stay_free(tokenizer):
    frame = conform(pd.DataFrame({"name": ["a", ""], "parameters": ["[1]", '{"a": [2]}']}), TOOL)
    assert parameter_columns(frame, TOOL, "tool") == parameter_columns(frame, TOOL, "code") == []
    grammar = compiled(frame, TOOL, tokenizer)
    for text in ('{"name": "", "parameters": {"b": [1, "2"]}}', '{"name": "c", "parameters": true}'):
        assert accepts(grammar, tokenizer, text), text
    # as train spells it
    assert not accepts(grammar, tokenizer, '{"name": "", "parameters": {"b":[1,"2"]}}')
