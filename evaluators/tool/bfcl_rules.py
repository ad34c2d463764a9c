"""One call against one possible answer by the rules of BFCL's AST evaluation, Python category.

The Berkeley Function Calling Leaderboard (Patil et al. 2025; rules as published in the repository
ShishirPatil/gorilla, folder berkeley-function-call-leaderboard, file eval_checker/ast_eval/ast_checker.py,
and in its blog of 2024). Names of the rules are the names of BFCL's error types.

In short. The name is right, every required parameter is there, and no parameter that the function or the answer
does not know. Its Python type is exactly the type of the document (so a bool is no integer), but an integer passes
for a float, a tuple for a list where the document says tuple, and any value whose type is that of the first allowed
value, which is how BFCL writes variables and nulls. Elements of an array have the type of its items, one level
deep and without the coercion to float. Strings are compared without case, spaces and the signs , . / - _ * ^ and
with one kind of quote; so are the strings right inside a list or an object, deeper ones literally. Numbers compare
as Python compares them. An object lists the allowed values of each key, lists of objects keep their order. "" among
the allowed values lets a parameter or a key be left out. A parameter whose type is `any` is a string.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaluators.tool.call import VALID, Call, Verdict, as_list, show
from evaluators.tool.json_schema import json_type

PYTHON_TYPES: dict[str | None, type] = {
    None: str,
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": float,
    "object": dict,
    "string": str,
}
IGNORED = str.maketrans("'", '"', " ,./-_*^")


def check_bfcl(call: Call, function: Mapping[str, Any], allowed: Mapping[str, Any]) -> Verdict:
    """Whether a call is the expected one.

    Args:
        call: what the model wrote.
        function: the document of the expected function: name, and parameters with properties and required.
        allowed: parameter -> allowed values.

    Raises:
        BenchError: a type of the document has an unknown name.
    """
    return next(broken_rules(call, function, allowed), VALID)


def broken_rules(call: Call, function: Mapping[str, Any], allowed: Mapping[str, Any]) -> Iterator[Verdict]:
    name = function["name"]
    # servers that take no dots in names get underscores in their place
    if call.name not in (name, name.replace(".", "_")):
        yield Verdict("wrong_func_name", f"function {show(name)} was expected, not {show(call.name)}")
    properties = function["parameters"].get("properties", {})
    for parameter in function["parameters"].get("required") or ():
        if parameter not in call.arguments:
            yield Verdict("missing_required", f"required parameter {show(parameter)} is missing")
    for parameter, value in call.arguments.items():
        if parameter not in properties or parameter not in allowed:
            yield Verdict("unexpected_param", f"parameter {show(parameter)} was not expected")
        verdict = check_argument(parameter, value, properties[parameter], as_list(allowed[parameter]))
        if not verdict.valid:
            yield verdict
    for parameter, values in allowed.items():
        if parameter not in call.arguments and "" not in as_list(values):
            yield Verdict("missing_optional", f"parameter {show(parameter)} is missing and may not be left out")


def check_argument(parameter: str, value: Any, schema: Mapping[str, Any], allowed: Sequence[Any]) -> Verdict:
    """Type, then value."""
    written = schema.get("type", "any")
    if isinstance(written, list):  # a union of JSON Schema, which BFCL's own files do not have
        written = next((one for one in written if python_type(one, parameter) is type(value)), (written or ["any"])[0])
    expected, inner, items = python_type(written, parameter), (), schema.get("items")
    if expected is list and isinstance(items, Mapping) and "type" in items:
        inner = types_of_items(items["type"], value, f"{parameter}.items")
    if str(written).lower() == "tuple" and isinstance(value, tuple):
        value = list(value)
    kind = float if expected is float and type(value) is int else type(value)
    first = next((type(answer) for answer in allowed if answer != ""), None)
    if kind is expected:
        if inner and not items_fit(value, inner, allowed):
            return Verdict("type_error:nested", f"{show(parameter)}: {show(value)} does not hold the type of its items")
    elif kind is not first:
        return Verdict("type_error:simple", f"{show(parameter)}: type {written} was expected, not {show(value)}")
    # of another type than documented: what BFCL calls a variable, compared literally
    documented = expected if first in (None, expected) else None
    return check_value(parameter, value, documented, inner, allowed)


def check_value(
    parameter: str, value: Any, expected: type | None, inner: tuple[type, ...], allowed: Sequence[Any]
) -> Verdict:
    if expected is dict:
        return check_object(parameter, value, allowed)
    if expected is list and inner == (dict,):
        return check_objects(parameter, value, allowed)
    if expected is str:
        rule, found = "value_error:string", standard(value) in [standard(one) for one in allowed]
    elif expected is list:
        lists = [[standard(item) for item in answer] for answer in allowed if isinstance(answer, list | str)]
        rule, found = "value_error:list/tuple", [standard(item) for item in value] in lists
    else:
        rule, found = "value_error:others", value in allowed
    return VALID if found else wrong(rule, parameter, value, allowed)


def types_of_items(written: Any, value: Any, place: str) -> tuple[type, ...]:
    """The documented types of items; of a union those that the items have, where they have any of them."""
    types = [python_type(one, place) for one in (written if isinstance(written, list) else [written])]
    there = {type(item) for item in value} if isinstance(value, list | tuple) else set()
    return tuple(one for one in types if len(types) == 1 or one in there) or tuple(types)


def items_fit(value: list[Any], inner: tuple[type, ...], allowed: Sequence[Any]) -> bool:
    """Whether the items have a documented type, or that of the first item of some allowed list."""
    for answer in allowed:
        if not isinstance(answer, list):
            return True
        first = next((type(item) for item in answer if item != ""), None)
        if all(type(item) in (*inner, first) for item in value):
            return True
    return False


def check_object(parameter: str, value: Any, allowed: Sequence[Any]) -> Verdict:
    """Keys and values of one object against each allowed one; the verdict of the last where none fits."""
    verdict = Verdict("value_error:dict_value", f"{show(parameter)}: no object was expected, not {show(value)}")
    if not isinstance(value, dict):
        return verdict
    for answer in allowed:
        if isinstance(answer, Mapping):
            verdict = compare_object(parameter, value, answer)
            if verdict.valid:
                break
    return verdict


def compare_object(parameter: str, value: Mapping[str, Any], answer: Mapping[str, Any]) -> Verdict:
    for key, one in value.items():
        if key not in answer:
            return Verdict("value_error:dict_key", f"{show(parameter)}: key {show(key)} was not expected")
        if isinstance(answer[key], Mapping):  # the nested objects of the first version
            verdict = check_object(f"{parameter}.{key}", one, [answer[key]])
            if not verdict.valid:
                return verdict
        elif standard(one) not in [standard(allowed) for allowed in as_list(answer[key])]:
            return wrong("value_error:dict_value", f"{parameter}.{key}", one, as_list(answer[key]))
    for key, values in answer.items():
        if key not in value and "" not in as_list(values):
            return Verdict("value_error:dict_key", f"{show(parameter)}: key {show(key)} is missing")
    return VALID


def check_objects(parameter: str, value: list[Any], allowed: Sequence[Any]) -> Verdict:
    """A list of objects in order; the verdict of the last allowed list where none fits."""
    verdict = wrong("value_error:list_dict_count", parameter, value, allowed)
    for answer in allowed:
        if not isinstance(answer, list | str) or len(answer) != len(value):
            verdict = Verdict("value_error:list_dict_count", f"{show(parameter)}: wrong number of objects")
            continue
        verdicts = (check_object(parameter, one, [wanted]) for one, wanted in zip(value, answer, strict=True))
        verdict = next((verdict for verdict in verdicts if not verdict.valid), VALID)
        if verdict.valid:
            break
    return verdict


def wrong(rule: str, parameter: str, value: Any, allowed: Sequence[Any]) -> Verdict:
    return Verdict(rule, f"{show(parameter)}: {show(value)} is not among the allowed values {show(list(allowed))}")


def standard(value: Any) -> Any:
    """A string as BFCL compares it; everything else as it is."""
    return value.translate(IGNORED).lower() if isinstance(value, str) else value


def python_type(name: object, place: str) -> type:
    return PYTHON_TYPES[json_type(name, place)]
