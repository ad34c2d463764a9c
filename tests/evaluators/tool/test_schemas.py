"""The parameters of tools as JSON Schema, against jsonschema asked about the whole."""

import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.tool.schemas import examine

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


@settings(deadline=None, max_examples=60)
@given(PARAMETERS)
def test_agrees_with_jsonschema_and_asks_that_required_parameters_exist(parameters):
    try:
        jsonschema.Draft202012Validator.check_schema(parameters)
        legal = True
    except jsonschema.SchemaError:
        legal = False
    levels = [parameters, *parameters["properties"].values()]
    named = all(set(level.get("required", [])) <= set(level.get("properties", {})) for level in levels)
    assert examine(json.dumps(parameters)).valid == (legal and named)


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
    assert examine(text).valid


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
    assert not examine(text).valid


def test_deep_schemas_have_an_answer():
    deep = '{"type":"object","properties":{"a":' * 20_000 + '{"type":"string"}' + "}}" * 20_000
    assert examine(deep).valid in (True, False)


@settings(deadline=None, max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_has_an_answer(value):
    assert examine(json.dumps({"type": "object", "properties": value})).valid in (True, False)
    assert examine(json.dumps(value)).valid in (True, False)


ODD = st.sampled_from([-1, 0, 1, 2.5, "a", "(", [], ["a", "a"], ["a"], {}, True, None])
SCHEMA = st.recursive(
    st.dictionaries(
        st.sampled_from(["type", "minLength", "required", "enum", "pattern", "description", "multipleOf", "format"]),
        ODD,
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", "date"]),
            "properties": st.dictionaries(st.sampled_from(["a", "b"]), inner),
            "items": inner,
            "anyOf": st.lists(inner, max_size=2),
            "not": inner,
            "additionalProperties": inner | st.booleans(),
            "maximum": ODD,
            "$defs": st.dictionaries(st.sampled_from(["a", "b"]), inner) | ODD,
            "default": ODD,
        },
    ),
    max_leaves=6,
)
WHOLE = jsonschema.Draft202012Validator(
    jsonschema.Draft202012Validator.META_SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(["a", "b"]), SCHEMA, min_size=1))
def test_level_by_level_is_what_the_library_says_of_the_whole(properties):
    schema = {"type": "object", "properties": properties}
    assert examine(json.dumps(schema)).legal == WHOLE.is_valid(schema)


def test_shares_of_what_is_wrong():
    broken = '{"type":"object","properties":{"q":{"type":"date"}},"required":["p"]}'
    findings = examine(broken)
    assert (findings.parses, findings.legal, findings.required, findings.types) == (True, False, False, False)
    findings = examine('{"type":"object","properties":{"q":{"type":"STRING","minLength":-1}},"required":["q"]}')
    assert (findings.parses, findings.legal, findings.required, findings.types) == (True, False, True, True)
