"""Whatever an untrained network writes under the grammar is a legal call."""

import jsonschema
import pytest

from bench.datasets import load
from bench.errors import BenchError
from evaluators.language.model import load_base
from evaluators.language.recipe import Recipe
from evaluators.tool.call_grammar import CallGrammars, argument_schema
from evaluators.tool.queries import read_queries
from evaluators.tool.tool_texts import API, apis, call_prompt, call_text, example_arguments, training_texts
from evaluators.tool.write_calls import calls_of, read_calls, write_calls

CLOSED = API(
    "",
    "pick",
    "",
    {
        "type": "dict",
        "properties": {
            "colour": {"type": "string", "enum": ["red", "blue"]},
            "sizes": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1, "maximum": 3},
                "minItems": 1,
                "maxItems": 2,
            },
            "deep": {"type": "dict", "properties": {"on": {"type": "boolean"}}, "required": ["on"]},
        },
        "required": ["colour", "sizes", "deep"],
    },
)


@pytest.fixture(scope="module")
def data():
    return load("toolbench")


@pytest.fixture(scope="module")
def model(data):
    texts = [text for api in apis(data.train.iloc[:200]) for text in training_texts(api)]
    return load_base(Recipe(width=16, layers=1, heads=2, vocabulary=400), texts, seed=0)


@pytest.fixture(scope="module")
def grammars(model):
    return CallGrammars(model.tokenizer, model.network.config.vocab_size)


def test_whatever_ends_is_legal_and_calls_what_was_offered(model, data):
    offered = [list(query.offered) for query in read_queries(data.extras["queries"], 12)] + [[CLOSED]] * 3
    tasks = [(some, call_prompt(some, f"question {i}"), False) for i, some in enumerate(offered)]
    written = calls_of(model, tasks, 200)
    assert sum(map(len, written)) >= 5
    for some, calls in zip(offered, written, strict=True):
        for call in calls:
            (api,) = [api for api in some if api.name == call.name]
            jsonschema.validate(call.arguments, argument_schema(api))
    assert [len(calls) for calls in written[-3:]] == [1, 1, 1]
    assert all(calls[0].arguments["colour"] in ("red", "blue") for calls in written[-3:])


def test_training_texts_are_inside_the_grammar(model, grammars, data):
    for api in apis(data.test.iloc[:50]):
        matcher = grammars.compile([api])
        tokens = model.encode(call_text(api, example_arguments(api)))
        assert matcher.try_consume_tokens(tokens) == len(tokens)
        assert matcher.is_accepting()


@pytest.mark.parametrize(
    "text",
    [
        ' pick {"colour":"green","sizes":[1],"deep":{"on":true}}\n',
        ' pick {"colour":"red","sizes":[],"deep":{"on":true}}\n',
        ' pick {"colour":"red","sizes":[7],"deep":{"on":true}}\n',
        ' pick {"colour":"red","sizes":[1],"deep":{}}\n',
        ' pick {"colour":"red","sizes":[1]}\n',
        ' take {"colour":"red","sizes":[1],"deep":{"on":true}}\n',
    ],
)
def test_illegal_calls_are_outside(model, grammars, text):
    matcher = grammars.compile([CLOSED])
    tokens = model.encode(text)
    assert matcher.try_consume_tokens(tokens) < len(tokens)


@pytest.mark.parametrize("required", [True, "on", ["on", ["on"], 3]])
def test_a_nested_object_may_say_anything_of_what_it_requires(model, grammars, required):
    deep = {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": required}
    api = API("", "pick", "", {"type": "object", "properties": {"deep": deep}, "required": ["deep"]})
    tokens = model.encode(' pick {"deep":{"on":true}}\n')
    assert grammars.compile([api]).try_consume_tokens(tokens) == len(tokens)


def test_several_calls_and_one(model, grammars):
    text = ' pick {"colour":"red","sizes":[1],"deep":{"on":true}}\n'
    twice = model.encode(f"{text}Call:{text}")
    assert grammars.compile([CLOSED], several=True).try_consume_tokens(twice) == len(twice)
    assert grammars.compile([CLOSED]).try_consume_tokens(twice) < len(twice)
    assert len(read_calls(f"{text}Call:{text}", [CLOSED])) == 2


def test_batches_do_not_change_what_is_written(model, grammars, data):
    queries = read_queries(data.extras["queries"], 6)
    prompts = [call_prompt(query.offered[:1], query.text) for query in queries]
    matchers = [grammars.compile(query.offered[:1]) for query in queries]
    together = write_calls(model, prompts, matchers, max_new_tokens=60)
    alone = [write_calls(model, [p], [m], max_new_tokens=60)[0] for p, m in zip(prompts, matchers, strict=True)]
    assert together == alone


def test_what_has_no_grammar_is_no_call(model, grammars):
    odd = API("", "odd", "", {"properties": {"x": {"type": "NOTHING"}}})
    with pytest.raises(BenchError, match="'NOTHING' is not a type"):
        grammars.compile([odd])
    assert calls_of(model, [([odd], "Call:", False), ([CLOSED], "Call:", False)], 200)[0] == []
    with pytest.raises(BenchError, match="no room for a prompt"):
        write_calls(model, ["a"], [grammars.compile([CLOSED])], max_new_tokens=600)
