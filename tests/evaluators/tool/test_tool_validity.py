"""Tool definitions: legal parameters against jsonschema, and whatever else a model writes."""

import json

import jsonschema
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.records import Column, Schema
from evaluators.tool.validity import ToolValidity, describes_parameters

SCHEMA = Schema((Column("tool_name", "text"), Column("api_description", "text"), Column("parameters", "json")))
EMPTY = '{"type": "object", "properties": {}, "required": []}'

NAMES = st.sampled_from(["q", "limit", "page"])
LEVEL = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", "array", "object", "date", 3, ["string", "null"], []])},
    optional={"required": st.lists(NAMES, unique=True, max_size=2), "description": st.text(max_size=5)},
)
PARAMETERS = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.dictionaries(NAMES, LEVEL, max_size=3)},
    optional={"required": st.lists(st.sampled_from(["q", "limit", "page", 1]), unique=True, max_size=3)},
)


def tools(rows):
    return pd.DataFrame(rows, columns=SCHEMA.names).astype("str")


@given(PARAMETERS)
def test_agrees_with_jsonschema_and_asks_that_required_parameters_exist(parameters):
    try:
        jsonschema.Draft202012Validator.check_schema(parameters)
        legal = True
    except jsonschema.SchemaError:
        legal = False
    levels = [parameters, *parameters["properties"].values()]
    named = all(set(level.get("required", [])) <= set(level.get("properties", {})) for level in levels)
    assert describes_parameters(json.dumps(parameters)) == (legal and named)


@pytest.mark.parametrize(
    "text",
    [
        EMPTY,
        '{"type":"object","properties":{"q":{"type":"STRING","default":""}},"required":["q"]}',
        '{"type":"object","properties":{"q":{"type":"array","items":{"type":"number"}}}}',
        '{"type":"object","properties":{"q":{"description":"of any type"}}}',
    ],
)
def test_legal_parameters(text):
    assert describes_parameters(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type":"object"}',
        '{"type":"array","properties":{}}',
        '{"type":"object","properties":[]}',
        '{"type":"object","properties":{"":{"type":"string"}}}',
        '{"type":"object","properties":{"q":"string"}}',
        '{"type":"object","properties":{"q":{"type":"date"}}}',
        '{"type":"object","properties":{"q":{"type":"array","items":{"type":"any"}}}}',
        '{"type":"object","properties":{"q":{"type":"string"}},"required":["p"]}',
        '{"type":"object","properties":{"q":{"type":"string"}},"required":[["q"]]}',
        '{"type":"object","properties":{"q":{"type":"string"}},"required":"q"}',
        '{"type":"object","properties":{"q":{"type":"number","default":NaN}}}',
        EMPTY + "x",
        "[" * 200_000,
    ],
)
def test_illegal_parameters(text):
    assert not describes_parameters(text)


def test_deep_schemas_have_an_answer():
    deep = '{"type":"object","properties":{"a":' * 20_000 + '{"type":"string"}' + "}}" * 20_000
    assert describes_parameters(deep) in (True, False)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_has_an_answer(value):
    assert describes_parameters(json.dumps({"type": "object", "properties": value})) in (True, False)
    assert describes_parameters(json.dumps(value)) in (True, False)


def test_shares_counted_by_hand(make_dataset):
    train = tools([["a", "first", EMPTY], ["b", "second", EMPTY]])
    data = make_dataset(train, tools([["c", "third", EMPTY]]), schema=SCHEMA, family="tool")
    sample = tools([["a", "first", EMPTY], [" ", "no name", EMPTY], ["d", "", "{"], ["d", "", "{"]])
    sample.loc[3, "parameters"] = None
    sample.loc[2, "parameters"] = None
    found = {score.metric: score for score in ToolValidity().evaluate(data, sample)}
    assert found["valid_percent"].value == pytest.approx(25)
    assert found["unique_percent"].value == pytest.approx(75)
    assert found["copy_percent"].value == pytest.approx(25)
    # two of four are shorter than the only test record
    assert found["length_shape_error_percent"].value == pytest.approx(50)
