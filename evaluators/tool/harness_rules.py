"""One call against a function and, where there is one, a possible answer by the harness's own rules.

Stricter and simpler than BFCL's: arguments must fit the JSON Schema of the parameters (draft 2020-12, by jsonschema)
to any depth, and values must equal an allowed one as JSON values do: 5 equals 5.0, true is no number, and strings
are compared letter by letter. The form of the possible answers is BFCL's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import referencing
import referencing.exceptions
from jsonschema import Draft202012Validator, SchemaError
from jsonschema.exceptions import best_match

from bench.errors import BenchError
from evaluators.tool.call import VALID, Answer, Call, Verdict, as_list, show
from evaluators.tool.json_schema import to_json_schema


def check_harness(call: Call, function: Mapping[str, Any], allowed: Mapping[str, Any] | None) -> Verdict:
    """Whether a call is legal, and the expected one where `allowed` (parameter -> allowed values) is given.

    Raises:
        BenchError: the parameters of the function are no legal JSON Schema.
    """
    return next(broken_rules(call, function, allowed), VALID)


def broken_rules(call: Call, function: Mapping[str, Any], allowed: Mapping[str, Any] | None) -> Iterator[Verdict]:
    if call.name != function["name"]:
        yield Verdict("wrong_func_name", f"function {show(function['name'])} was expected, not {show(call.name)}")
    parameters = function["parameters"]
    for name in call.arguments:
        if name not in parameters.get("properties", {}):
            yield Verdict("unexpected_param", f"parameter {show(name)} is not one of the function")
    for name in parameters.get("required") or ():
        if name not in call.arguments:
            yield Verdict("missing_required", f"required parameter {show(name)} is missing")
    verdict = fits_schema(call, parameters)
    if not verdict.valid:
        yield verdict
    if allowed is None:
        return
    for name, value in call.arguments.items():
        if name not in allowed:
            yield Verdict("unexpected_param", f"parameter {show(name)} was not expected")
        elif not any(equal(value, one) for one in as_list(allowed[name])):
            yield Verdict("wrong_value", f"{show(name)}: {show(value)} is not among {show(allowed[name])}")
    for name, values in allowed.items():
        if name not in call.arguments and not may_be_left_out(values):
            yield Verdict("missing_optional", f"parameter {show(name)} is missing and may not be left out")


def fits_schema(call: Call, parameters: Mapping[str, Any]) -> Verdict:
    schema = to_json_schema(parameters, f"function {show(call.name)}: parameters")
    try:
        Draft202012Validator.check_schema(schema)
        # an empty registry: a reference into the web is refused, not followed
        found = best_match(
            Draft202012Validator(schema, registry=referencing.Registry()).iter_errors(as_json(call.arguments))
        )
    except SchemaError as error:
        raise BenchError(f"function {show(call.name)}: illegal parameters: {one_line(error.message)}") from error
    except (referencing.exceptions.Unresolvable, RecursionError) as error:
        raise BenchError(f"function {show(call.name)}: parameters refer to what cannot be resolved") from error
    if found is None:
        return VALID
    place = ".".join(str(part) for part in found.absolute_path) or "arguments"
    return Verdict(f"schema:{found.validator}", f"{show(place)}: {one_line(found.message)}")


def equal(value: Any, allowed: Any) -> bool:
    """Whether a value is what an answer allows; an object of the answer lists the allowed values of each key."""
    if isinstance(allowed, Mapping):
        if not isinstance(value, Mapping) or not set(value) <= set(allowed):
            return False
        return all(
            any(equal(value[key], one) for one in as_list(values)) if key in value else may_be_left_out(values)
            for key, values in allowed.items()
        )
    if isinstance(allowed, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(value) == len(allowed)
            and all(equal(one, wanted) for one, wanted in zip(value, allowed, strict=True))
        )
    if isinstance(value, Mapping | list | tuple):
        return False
    return isinstance(value, bool) == isinstance(allowed, bool) and value == allowed


class Exactly(list[Any]):
    """Allowed values among which "" is a value like others, no mark that there may be none."""


def may_be_left_out(values: Any) -> bool:
    return "" in as_list(values) and not isinstance(values, Exactly)


def as_json(value: Any) -> Any:
    """The value with the tuples of a call in Python's form as lists."""
    if isinstance(value, Mapping):
        return {key: as_json(one) for key, one in value.items()}
    return [as_json(one) for one in value] if isinstance(value, list | tuple) else value


def exact_answer(call: Call) -> Answer:
    """The possible answer that only this call is."""
    return {call.name: {name: Exactly([exact_value(value)]) for name, value in call.arguments.items()}}


def exact_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: Exactly([exact_value(one)]) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [exact_value(one) for one in value]
    return value


def one_line(text: str) -> str:
    return show(text)[1:-1]
