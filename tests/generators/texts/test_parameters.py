"""Which parameters are legal, against the evaluator's own reading of JSON Schema."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from evaluators.tool.schemas import examine
from generators.texts.parameters import read_parameters

anything = st.recursive(
    st.one_of(st.none(), st.text(max_size=2), st.sampled_from(["object", "string", "NUMBER", "enum"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["type", "properties", "required", "items", "a", " "]), inner, max_size=4),
    ),
    max_leaves=12,
)
nearly = st.fixed_dictionaries(
    {"type": st.sampled_from(["object", "object", "object", "Object"])},
    optional={"properties": st.dictionaries(st.sampled_from(["a", "b", " "]), anything), "required": anything},
)


def reason(text: str) -> str | None:
    try:
        read_parameters(text)
    except BenchError as error:
        return str(error)
    return None


@given(st.one_of(nearly, anything))
@settings(max_examples=300, deadline=None)
def test_what_is_accepted_is_legal_for_the_evaluator(value):
    text = json.dumps(value)
    assert reason(text) is not None or examine(text).valid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"type": "object", "properties": {"a": {}, "a": {}}}', "a name stands twice in parameters"),
        ('{"type": "object", "properties": {"a": {}}, "required": ["b"]}', "a required parameter is not among the"),
        ('{"type": "object", "properties": {"a": {}}, "required": ["a", "a"]}', "a parameter names something twice"),
        ('{"type": "object", "properties": {"a": {"type": ["null", "null"]}}}', "a parameter names something twice"),
        ('{"type": "object", "properties": {"a": {"default": NaN}}}', "not JSON"),
        ('{"type": "object", "properties": {"a": {"type": "date"}}}', "a parameter has an unknown type"),
        ('{"type": "object", "properties": {" ": {}}}', "a parameter has no name"),
        ('{"type": "object", "properties": {"a": 1}}', "a parameter is no JSON Schema"),
        ('{"type": "string", "properties": {}}', "parameters are no object with properties"),
        (
            '{"type": "object", "properties": {"a": ' + '{"items": ' * 200 + "{}" + "}" * 202,
            "parameters are nested too deeply",
        ),
    ],
)
def test_illegal_parameters_are_named(text, expected):
    assert reason(text).startswith(expected)
