"""How tools are written for a language model."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.datasets import load
from evaluators.tool.call import Call
from evaluators.tool.tool_texts import API, apis, candidate, example_arguments, signature, training_texts
from evaluators.tool.write_calls import read_calls

BOOKS = API(
    "Open Books",
    "Search Books",
    "Finds books\nby words.",
    {
        "type": "object",
        "properties": {
            "author": {"type": "string", "description": "name of the author"},
            "query": {"type": "STRING", "description": "words to look for", "default": "summer"},
            "limit": {"type": "NUMBER", "description": "most results", "default": "20"},
            "new": {"type": "BOOLEAN", "description": "only new ones", "default": "true"},
            "page": {"type": "integer", "default": "first"},
            "sort": {"type": "object", "default": {"by": "year"}},
            "note": {"type": "string", "default": "x" * 100},
        },
        "required": ["query"],
    },
)


def test_the_texts_of_a_record():
    asked = "Finds books by words. words to look for summer, most results 20, only new ones."
    shown = "API: Open Books: Search Books (author, query, limit, new, page, sort, note)\n"
    call = 'Call: Search Books {"query":"summer","limit":20,"new":true}\n'
    assert training_texts(BOOKS) == [f"Request: {asked}\n{shown}", f"{shown}Request: {asked}\n{call}"]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ({"type": "number", "default": 2.5}, 2.5),
        ({"type": "INTEGER", "default": "2.5"}, None),
        ({"type": "integer", "default": True}, None),
        ({"type": "boolean", "default": "FALSE"}, False),
        ({"type": "string", "default": 7}, "7"),
        ({"default": "a"}, "a"),
        ({"type": "string", "default": "", "examples": ["b"]}, "b"),
        ({"type": ["string", "null"], "default": ["b"]}, None),
        ({"type": "number", "default": "NaN"}, None),
        ("string", None),
    ],
)
def test_example_values_have_the_type_of_their_parameter(parameter, value):
    found = example_arguments(API("t", "a", "", {"properties": {"p": parameter}}))
    assert found == ({} if value is None else {"p": value})


@settings(deadline=None, max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: (
            st.lists(x) | st.dictionaries(st.sampled_from(["type", "properties", "default", "description", "a"]), x)
        ),
    )
)
def test_any_parameters_have_texts_of_the_same_lines(value):
    (api,) = apis(
        pd.DataFrame(
            [["t", "n", "d", json.dumps(value)]], columns=["tool_name", "api_name", "api_description", "parameters"]
        )
    )
    first, second = training_texts(api)
    assert first.startswith("Request: d")
    assert first.count("\n") == 2
    assert second.count("\n") == 3
    assert second.split("\n")[0] == first.split("\n")[1] == "API: " + signature(api)


def test_half_a_surrogate_pair_that_json_escapes_is_no_text():
    half = r'{"properties":{"\ud800":{"type":"string","description":"\udc00","default":"\ud83d"}}}'
    (api,) = apis(
        pd.DataFrame([["t", "n", "d", half]], columns=["tool_name", "api_name", "api_description", "parameters"])
    )
    asked, shown = "Request: d ? ?.\n", "API: t: n (?)\n"
    assert training_texts(api) == [asked + shown, f'{shown}{asked}Call: n {{"?":"?"}}\n']


def test_missing_and_empty_records():
    frame = pd.DataFrame(
        [[None] * 4, ["t", "n", "", None]], columns=["tool_name", "api_name", "api_description", "parameters"]
    )
    first, second = apis(frame)
    assert training_texts(first) == []
    assert candidate(second) == "t: n ()\n"


def test_written_calls_of_the_demo_tools_read_back():
    data = load("toolbench")
    for api in apis(data.test):
        line = training_texts(api)[1].split("\nCall:")[1]
        assert read_calls(line, [api]) == [Call(api.name, example_arguments(api))]


def test_names_that_begin_alike_are_told_apart():
    short, long = API("", "Get", "", {}), API("", "Get {}", "", {})
    assert read_calls(' Get {} {"a":1}\nCall: Get {"b":2}\n', [short, long]) == [
        Call("Get {}", {"a": 1}),
        Call("Get", {"b": 2}),
    ]
    assert read_calls(None, [short]) == []
