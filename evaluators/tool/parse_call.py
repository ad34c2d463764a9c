"""From what a model wrote to the calls in it; nothing is evaluated.

Two forms. JSON: `{"name": ..., "arguments": {...}}`, or the arguments as JSON text as OpenAI's servers write them,
alone, in a list, or under `function` and `tool_calls`; `parameters` may stand for `arguments`. Python, as BFCL
asks for: `[f(a=1, b="x"), g()]`, or one call without the list. There, a bare name stands for its own text, which
is how BFCL reads variables; other expressions are refused, where BFCL evaluates sums and the like.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any

from bench.errors import BenchError
from evaluators.tool.call import Call, show

LONGEST = 100_000  # characters
DEEPEST = 32  # levels of lists and objects in an argument
WIDEST = 1000  # bits of an integer: beyond, it is no float any more, nor can it be printed
FENCE = re.compile(r"\A```[a-z]*\n(.*)\n```\Z", re.DOTALL)


def parse_calls(text: str) -> list[Call]:
    """All calls of a model's answer, in its order; an empty list of calls is none.

    Raises:
        BenchError: the answer is no list of calls, such as a sentence; where no call is expected, that counts
            as none.
    """
    if len(text) > LONGEST:
        raise BenchError(f"the answer has {len(text)} characters; calls of at most {LONGEST} are read")
    text = text.strip()
    fenced = FENCE.match(text)
    text = fenced[1].strip() if fenced else text
    try:
        written = parse_json(text)
    except (ValueError, RecursionError):
        return parse_python(text)
    return json_calls(written)


def parse_json(text: str) -> Any:
    return json.loads(text, parse_constant=refuse)


def json_calls(written: Any) -> list[Call]:
    if isinstance(written, dict) and isinstance(written.get("tool_calls"), list):
        written = written["tool_calls"]
    return [json_call(one) for one in (written if isinstance(written, list) else [written])]


def json_call(written: Any) -> Call:
    if isinstance(written, dict) and isinstance(written.get("function"), dict):
        written = written["function"]
    if not isinstance(written, dict) or not isinstance(written.get("name"), str) or not written["name"]:
        raise BenchError(f"a call is an object with name and arguments, not {show(written)}")
    arguments = written.get("arguments", written.get("parameters", {}))
    if isinstance(arguments, str):
        try:
            arguments = parse_json(arguments)
        except (ValueError, RecursionError):
            raise BenchError(f"call of {show(written['name'])}: the arguments are not JSON") from None
    if not isinstance(arguments, dict):
        raise BenchError(f"call of {show(written['name'])}: arguments must be an object")
    for name, value in arguments.items():
        check_bounds(value, name)
    return Call(written["name"], arguments)


def parse_python(text: str) -> list[Call]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in a model's strings
            body = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise BenchError(f"no calls could be read from {show(text)}") from None
    return [python_call(node) for node in (body.elts if isinstance(body, ast.List | ast.Tuple) else [body])]


def python_call(node: ast.expr) -> Call:
    if not isinstance(node, ast.Call):
        raise BenchError("no calls could be read: something else than a call stands in their list")
    parts = []
    function = node.func
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if not isinstance(function, ast.Name):
        raise BenchError("no calls could be read: what is called has no name")
    name = ".".join([function.id, *reversed(parts)])
    arguments: dict[str, Any] = {}
    if node.args:
        raise BenchError(f"call of {show(name)}: arguments must be given by name")
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in arguments:
            raise BenchError(f"call of {show(name)}: each argument must be given once, by its name")
        arguments[keyword.arg] = literal(keyword.value, keyword.arg)
        check_bounds(arguments[keyword.arg], keyword.arg)
    return Call(name, arguments)


def literal(node: ast.expr, place: str, depth: int = 0) -> Any:
    """The value of a node that is a literal or a bare name."""
    if depth > DEEPEST:
        raise BenchError(f"argument {show(place)} is nested deeper than {DEEPEST} levels")
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str()):
            return node.value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Name():
            return node.id
        case ast.List():
            return [literal(item, place, depth + 1) for item in node.elts]
        case ast.Tuple():
            return tuple(literal(item, place, depth + 1) for item in node.elts)
        case ast.Dict(keys=keys, values=values):
            if not all(isinstance(key, ast.Constant) and isinstance(key.value, str) for key in keys):
                raise BenchError(f"argument {show(place)}: the keys of an object must be strings")
            pairs = zip(keys, values, strict=True)
            return {key.value: literal(value, place, depth + 1) for key, value in pairs}  # type: ignore[union-attr]
        case _:
            raise BenchError(f"argument {show(place)} is no literal")


def check_bounds(value: Any, place: str, depth: int = 0) -> None:
    """Refuse what later readers could not print or walk through."""
    if depth > DEEPEST:
        raise BenchError(f"argument {show(place)} is nested deeper than {DEEPEST} levels")
    if isinstance(value, int) and value.bit_length() > WIDEST:
        raise BenchError(f"argument {show(place)} holds an integer of more than {WIDEST} bits")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        check_bounds(item, place, depth + 1)


def refuse(name: str) -> None:
    raise ValueError(f"{name} is not part of JSON")
