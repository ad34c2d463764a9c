"""Function calls, case by case: the published rules of BFCL's AST evaluation, and the harness's own."""

import pytest

from bench.errors import BenchError
from evaluators.tool.call import Call
from evaluators.tool.check_call import check_calls
from evaluators.tool.harness_rules import exact_answer

TYPES = {
    "text": {"type": "string"},
    "count": {"type": "integer"},
    "ratio": {"type": "float"},
    "flag": {"type": "boolean"},
    "names": {"type": "array", "items": {"type": "string"}},
    "numbers": {"type": "array", "items": {"type": "float"}},
    "matrix": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    "pair": {"type": "tuple", "items": {"type": "float"}},
    "options": {"type": "dict", "properties": {"unit": {"type": "string"}, "depth": {"type": "integer"}}},
    "rows": {"type": "array", "items": {"type": "dict"}},
    "anything": {"type": "any"},
    "union": {"type": ["integer", "null"]},
    "maybes": {"type": "array", "items": {"type": ["string", "null"]}},
    "mixed": {"type": "array", "items": {"type": ["string", "dict"]}},
    "free": {"type": "array", "items": True},
}
FUNCTION = {"name": "shop.find", "parameters": {"type": "dict", "properties": TYPES, "required": []}}


def verdict(parameter, value, allowed, protocol="bfcl"):
    """Of a call with one argument."""
    call = Call("shop.find", {parameter: value})
    return check_calls([call], [FUNCTION], [{"shop.find": {parameter: allowed}}], protocol=protocol)


def function(name="f", required=("a",), **types):
    properties = {parameter: {"type": kind} for parameter, kind in types.items()}
    return {"name": name, "parameters": {"type": "dict", "properties": properties, "required": list(required)}}


ADD = function("add", ("a", "b"), a="integer", b="integer", unit="string")

# parameter, value, allowed values, rule that fails ("" for none)
BFCL_VALUES = {
    "integer": ("count", 5, [5], ""),
    "integer other value": ("count", 6, [5], "value_error:others"),
    "several allowed values": ("count", 6, [5, 6, ""], ""),
    "integer written as float": ("count", 5.0, [5], "type_error:simple"),
    "integer written as string": ("count", "5", [5], "type_error:simple"),
    "bool is no integer": ("count", True, [1], "type_error:simple"),
    "integer for float": ("ratio", 5, [5.0], ""),
    "integer for float, other value": ("ratio", 4, [5.0], "value_error:others"),
    "float": ("ratio", 0.25, [0.25, 0.5], ""),
    "bool is no float": ("ratio", True, [1.0], "type_error:simple"),
    "bool": ("flag", False, [False], ""),
    "bool other value": ("flag", True, [False], "value_error:others"),
    "integer is no bool": ("flag", 1, [True], "type_error:simple"),
    "string is no bool": ("flag", "true", [True], "type_error:simple"),
    "string case, spaces, signs": ("text", "APRIL 1,2024", ["April 1, 2024"], ""),
    "string signs , . / - _ * ^": ("text", "a,b.c/d-e_f*g^h", ["abcdefgh"], ""),
    "string kind of quote": ("text", "McDonald's", ['McDonald"s'], ""),
    "string other signs count": ("text", "a+b", ["ab"], "value_error:string"),
    "string line break counts": ("text", "a\nb", ["ab"], "value_error:string"),
    "string other word": ("text", "Paris", ["London", "Rome"], "value_error:string"),
    "optional marker equals an empty string": ("text", "", ["x", ""], ""),
    "null where allowed": ("text", None, ["", None], ""),
    "null where not allowed": ("text", None, ["x"], "type_error:simple"),
    "only left out is allowed": ("count", 3, [""], "value_error:others"),
    "variable has the type of the answer": ("count", "n_users", ["n_users"], ""),
    "variable is compared literally": ("count", "N_users", ["n_users"], "value_error:others"),
    "list": ("names", ["a", "b"], [["a", "b"]], ""),
    "list keeps its order": ("names", ["b", "a"], [["a", "b"]], "value_error:list/tuple"),
    "list several allowed": ("names", ["b", "a"], [["a", "b"], ["b", "a"]], ""),
    "list strings are standardised": ("names", ["New York"], [["newyork"]], ""),
    "list element type": ("names", [1], [["a"]], "type_error:nested"),
    "list where one was not": ("names", "a", [["a"]], "type_error:simple"),
    "list of floats takes no integers": ("numbers", [1, 2.5], [[1.0, 2.5]], "type_error:nested"),
    "list of floats takes them where the answer has them": ("numbers", [1, 2], [[1, 2]], ""),
    "empty list equals the optional marker": ("names", [], ["", ["a"]], ""),
    "tuple is no array": ("names", ("a",), [["a"]], "type_error:simple"),
    "tuple": ("pair", (1.5, 2.5), [[1.5, 2.5]], ""),
    "list for tuple": ("pair", [1.5, 2.5], [[1.5, 2.5]], ""),
    "list of lists": ("matrix", [[1, 2], [3]], [[[1, 2], [3]]], ""),
    "list of lists, other value": ("matrix", [[1, 2], [4]], [[[1, 2], [3]]], "value_error:list/tuple"),
    "dict": ("options", {"unit": "KM", "depth": 2}, [{"unit": ["km"], "depth": [1, 2]}], ""),
    "dict optional key": ("options", {"unit": "km"}, [{"unit": ["km"], "depth": [1, ""]}], ""),
    "dict missing key": ("options", {"unit": "km"}, [{"unit": ["km"], "depth": [1]}], "value_error:dict_key"),
    "dict unknown key": ("options", {"unit": "km", "x": 1}, [{"unit": ["km"]}], "value_error:dict_key"),
    "dict other value": ("options", {"unit": "mile"}, [{"unit": ["km"]}], "value_error:dict_value"),
    "dict several allowed": ("options", {"unit": "mile"}, [{"unit": ["km"]}, "", {"unit": ["mile"]}], ""),
    "dict nested, literal": ("options", {"unit": {"x": 1}}, [{"unit": [{"x": 1}]}], ""),
    "dict nested, first version": ("options", {"unit": {"x": "A"}}, [{"unit": {"x": ["a", "b"]}}], ""),
    "dict nested, first version, wrong": (
        "options", {"unit": {"x": "c"}}, [{"unit": {"x": ["a"]}}], "value_error:dict_value"),
    "dict where a string came": ("options", "km", [{"unit": ["km"]}], "type_error:simple"),
    "list of dicts": ("rows", [{"a": 1}, {"a": "X"}], [[{"a": [1]}, {"a": ["x"]}]], ""),
    "list of dicts keeps its order": (
        "rows", [{"a": 2}, {"a": 1}], [[{"a": [1]}, {"a": [2]}]], "value_error:dict_value"),
    "list of dicts count": ("rows", [{"a": 1}], [[{"a": [1]}, {"a": [2]}]], "value_error:list_dict_count"),
    "list of dicts several allowed": ("rows", [{"a": 1}], [[], [{"a": [2]}], [{"a": [1]}]], ""),
    "list of dicts element type": ("rows", [1], [[{"a": [1]}]], "type_error:nested"),
    "any is a string": ("anything", "x", ["X"], ""),
    "any has the type of the answer": ("anything", 3, [3], ""),
    "union takes each of its types": ("union", None, [3, None], ""),
    "union takes no other type": ("union", "3", [3, None], "type_error:simple"),
    "any is no other type": ("anything", 3, ["3"], "type_error:simple"),
    "items of a union": ("maybes", ["A", None], [["a", None]], ""),
    "items of a union, other value": ("maybes", ["b", None], [["a", None]], "value_error:list/tuple"),
    "items of a union, other type": ("maybes", ["a", 3], [["a", None]], "type_error:nested"),
    "items of a union, no list": ("maybes", 3, [["a"]], "type_error:simple"),
    "items of a union, all objects": ("mixed", [{"a": "X"}], [[{"a": ["x"]}]], ""),
    "items of a union, no object": ("mixed", ["X"], [["x"]], ""),
    "items of any type": ("free", ["A", 3], [["a", 3]], ""),
}  # fmt: skip


@pytest.mark.parametrize("case", BFCL_VALUES)
def test_bfcl_rule_of_a_value(case):
    parameter, value, allowed, rule = BFCL_VALUES[case]
    found = verdict(parameter, value, allowed)
    assert found.rule == rule, found.message
    assert found.valid == (rule == "")
    assert "\n" not in found.message
    assert bool(found.message) != found.valid


HARNESS_VALUES = {
    "integer": ("count", 5, [5], ""),
    "integral float is an integer in JSON": ("count", 5.0, [5], ""),
    "fraction": ("count", 5.5, [5.5], "schema:type"),
    "integer for float": ("ratio", 5, [5.0], ""),
    "bool is no number": ("ratio", True, [1.0], "schema:type"),
    "bool is not the number allowed": ("anything", True, [1], "wrong_value"),
    "number is not the bool allowed": ("anything", 0, [False], "wrong_value"),
    "strings letter by letter": ("text", "april 1", ["April 1"], "wrong_value"),
    "string": ("text", "April 1", ["", "April 1"], ""),
    "null is of no documented type": ("text", None, [None], "schema:type"),
    "list of numbers takes integers": ("numbers", [1, 2.5], [[1.0, 2.5]], ""),
    "list element type": ("matrix", [[1, "2"]], [[[1, "2"]]], "schema:type"),
    "tuple is an array": ("names", ("a",), [["a"]], ""),
    "empty list is not the optional marker": ("names", [], ["", ["a"]], "wrong_value"),
    "schema to any depth": (
        "options", {"depth": {"x": 2}}, [{"depth": [{"x": [2]}]}], "schema:type"),
    "any nested to any depth": ("anything", {"x": [{"y": 2}]}, [{"x": [[{"y": [1, 2]}]]}], ""),
    "dict missing key": ("anything", {"x": 1}, [{"x": [1], "y": [2]}], "wrong_value"),
    "dict optional key": ("anything", {"x": 1}, [{"x": [1], "y": [2, ""]}], ""),
    "dict unknown key": ("anything", {"x": 1, "z": 1}, [{"x": [1]}], "wrong_value"),
    "object for a list": ("anything", {"x": 1}, [["x"]], "wrong_value"),
    "list for a value": ("anything", [1], [1], "wrong_value"),
}  # fmt: skip


@pytest.mark.parametrize("case", HARNESS_VALUES)
def test_harness_rule_of_a_value(case):
    parameter, value, allowed, rule = HARNESS_VALUES[case]
    found = verdict(parameter, value, allowed, protocol="harness")
    assert found.rule == rule, found.message
    assert "\n" not in found.message


@pytest.mark.parametrize("protocol", ["bfcl", "harness"])
@pytest.mark.parametrize(
    ("arguments", "answer", "rule"),
    [
        ({"a": 1, "b": 2}, {"a": [1], "b": [2], "unit": ["cm", ""]}, ""),
        ({"a": 1, "b": 2, "unit": "cm"}, {"a": [1], "b": [2], "unit": ["cm", ""]}, ""),
        ({"a": 1, "b": 2}, {"a": [1], "b": [2], "unit": ["cm"]}, "missing_optional"),
        ({"a": 1}, {"a": [1], "b": [2]}, "missing_required"),
        ({"a": 1, "b": 2, "c": 3}, {"a": [1], "b": [2]}, "unexpected_param"),
        ({"a": 1, "b": 2, "unit": "cm"}, {"a": [1], "b": [2]}, "unexpected_param"),
    ],
)
def test_parameters_required_optional_and_unknown(protocol, arguments, answer, rule):
    assert check_calls([Call("add", arguments)], [ADD], [{"add": answer}], protocol=protocol).rule == rule


def test_a_function_without_required_ones_takes_none():
    bare = {"name": "now", "parameters": {"type": "dict", "properties": {}}}
    for protocol in ("bfcl", "harness"):
        assert check_calls([Call("now")], [bare], [{"now": {}}], protocol=protocol).valid


def test_names_with_underscores_for_dots_pass_for_bfcl_alone():
    call, answers = Call("shop_find", {"count": 1}), [{"shop.find": {"count": [1]}}]
    assert check_calls([call], [FUNCTION], answers).valid
    assert check_calls([call], [FUNCTION], answers, protocol="harness").rule == "wrong_func_name"
    assert check_calls([Call("shopfind", {"count": 1})], [FUNCTION], answers).rule == "wrong_func_name"


@pytest.mark.parametrize("protocol", ["bfcl", "harness"])
def test_multiple_functions_only_the_expected_one_is_right(protocol):
    offered = [ADD, function("multiply", ("a", "b"), a="integer", b="integer")]
    answers = [{"multiply": {"a": [3], "b": [2]}}]
    assert check_calls([Call("multiply", {"a": 3, "b": 2})], offered, answers, protocol=protocol).valid
    assert check_calls([Call("add", {"a": 3, "b": 2})], offered, answers, protocol=protocol).rule == "wrong_func_name"


@pytest.mark.parametrize("protocol", ["bfcl", "harness"])
def test_parallel_calls_in_any_order_with_the_right_count(protocol):
    answers = [{"add": {"a": [i], "b": [i]}} for i in range(3)]
    calls = [Call("add", {"a": i, "b": i}) for i in (2, 0, 1)]
    assert check_calls(calls, [ADD], answers, protocol=protocol).valid
    assert check_calls(calls[:2], [ADD], answers, protocol=protocol).rule == "wrong_count"
    assert check_calls([*calls, calls[0]], [ADD], answers, protocol=protocol).rule == "wrong_count"
    twice = check_calls([calls[0], calls[0], calls[1]], [ADD], answers, protocol=protocol)
    assert twice.rule == "cannot_find_match"
    assert "answer 2 of 3" in twice.message
    assert "\n" not in twice.message


def test_parallel_calls_of_different_functions():
    offered = [ADD, function("greet", ("who",), who="string")]
    answers = [{"greet": {"who": ["Ada"]}}, {"add": {"a": [1], "b": [2]}}]
    calls = [Call("add", {"a": 1, "b": 2}), Call("greet", {"who": "ada"})]
    assert check_calls(calls, offered, answers).valid
    assert check_calls(calls, offered, answers, protocol="harness").rule == "cannot_find_match"


def test_bfcl_matches_greedily_and_the_harness_finds_every_matching():
    answers = [{"add": {"a": [1, 2], "b": [0]}}, {"add": {"a": [1], "b": [0]}}]
    calls = [Call("add", {"a": 1, "b": 0}), Call("add", {"a": 2, "b": 0})]
    assert check_calls(calls, [ADD], answers).rule == "cannot_find_match"
    assert check_calls(calls, [ADD], answers, protocol="harness").valid


def test_irrelevance_and_relevance():
    call, bad = Call("add", {"a": 1, "b": 2}), Call("add", {"a": 1})
    for protocol in ("bfcl", "harness"):
        assert check_calls([], [ADD], [], protocol=protocol).valid
        assert check_calls([call], [ADD], [], protocol=protocol).rule == "irrelevance"
        assert check_calls([], [ADD], None, protocol=protocol).rule == "relevance"
        assert check_calls([call], [ADD], None, protocol=protocol).valid
    assert check_calls([bad], [ADD], None).valid
    assert check_calls([bad], [ADD], None, protocol="harness").rule == "missing_required"
    assert check_calls([Call("sub")], [ADD], None, protocol="harness").rule == "wrong_func_name"


def test_without_answers_the_harness_checks_arguments_by_their_schema():
    limited = {"type": "object", "required": ["q"], "properties": {
        "q": {"type": "STRING", "minLength": 2}, "kind": {"enum": ["a", "b"]},
        "filters": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "number"}}}},
    }}  # fmt: skip
    offered = [{"name": "search", "parameters": limited}]

    def rule(**arguments):
        return check_calls([Call("search", arguments)], offered, None, protocol="harness").rule

    assert rule(q="ab", kind="a", filters=[{"x": 1.5}]) == ""
    assert rule(q="a") == "schema:minLength"
    assert rule(q=3) == "schema:type"
    assert rule(q="ab", kind="c") == "schema:enum"
    assert rule(q="ab", filters=[{"x": "1"}]) == "schema:type"


def test_the_exact_answer_of_a_call_is_that_call_alone():
    call = Call("shop.find", {"count": 2, "rows": [{"a": [1, {"b": None}]}], "options": {"unit": "km"}})
    assert check_calls([call], [FUNCTION], [exact_answer(call)], protocol="harness").valid
    changed = Call(call.name, call.arguments | {"rows": [{"a": [1, {"b": 0}]}]})
    assert check_calls([changed], [FUNCTION], [exact_answer(call)], protocol="harness").rule == "wrong_value"


@pytest.mark.parametrize(
    ("expected", "written", "rule"),
    [
        ({"text": ""}, {"text": ""}, ""),
        ({"text": ""}, {}, "missing_optional"),
        ({"anything": {"k": ""}}, {"anything": {"k": ""}}, ""),
        ({"anything": {"k": ""}}, {"anything": {}}, "wrong_value"),
        ({"anything": [{"k": ""}]}, {"anything": [{}]}, "wrong_value"),
        ({"anything": {"k": ["", {"l": ""}]}}, {"anything": {"k": ["", {"l": ""}]}}, ""),
    ],
)
def test_an_empty_string_of_an_exact_answer_may_not_be_left_out(expected, written, rule):
    answer = exact_answer(Call("shop.find", expected))
    assert check_calls([Call("shop.find", written)], [FUNCTION], [answer], protocol="harness").rule == rule


@pytest.mark.parametrize(
    ("functions", "answers", "says"),
    [
        ([ADD], [{"sub": {}}], "'sub', which is not among"),
        ([ADD], [{"add": {}, "sub": {}}], "one function"),
        ([ADD], [{"add": [1]}], "must be objects"),
        ([function("add", (), a="date")], [{"add": {"a": [1]}}], "'date' is not a type"),
    ],
)
def test_malformed_expectations_end_in_one_line(functions, answers, says):
    with pytest.raises(BenchError, match=says):
        check_calls([Call("add", {"a": 1})], functions, answers)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"$ref": "http://localhost:1/x"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}},
        {"type": "object", "properties": {"a": {"type": "string", "minLength": "two"}}},
    ],
)
def test_schemas_that_cannot_be_used_end_in_one_line(schema):
    with pytest.raises(BenchError, match=r"^function 'f': "):
        check_calls([Call("f", {"a": "x"})], [{"name": "f", "parameters": schema}], None, protocol="harness")


def test_an_unknown_protocol_is_named():
    with pytest.raises(BenchError, match="did you mean 'bfcl'"):
        check_calls([], [], [], protocol="bfc")
