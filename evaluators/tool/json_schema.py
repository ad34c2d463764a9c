"""From the types that function documents are written in to JSON Schema.

The Berkeley Function Calling Leaderboard names Python's types (dict, float, tuple, any), RapidAPI, ToolBench's
source, writes those of JSON Schema in upper case. Both become the types of draft 2020-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.errors import BenchError

TYPES: dict[str, str | None] = {
    "any": None,
    "array": "array",
    "bool": "boolean",
    "boolean": "boolean",
    "dict": "object",
    "float": "number",
    "int": "integer",
    "integer": "integer",
    "list": "array",
    "null": "null",
    "number": "number",
    "object": "object",
    "str": "string",
    "string": "string",
    "tuple": "array",
}
DEEPEST = 32


def to_json_schema(schema: object, place: str = "parameters", depth: int = 0) -> dict[str, Any]:
    """A schema with the types of JSON Schema; everything else stays as it is.

    Args:
        schema: parameters of a function, or the schema of one of them.
        place: where it stands, for messages.
        depth: how many levels lie above it.

    Raises:
        BenchError: a schema is no object, a type has an unknown name, or levels are nested too deep.
    """
    if not isinstance(schema, Mapping):
        raise BenchError(f"{place}: a schema must be an object, not {type(schema).__name__}")
    if depth > DEEPEST:
        raise BenchError(f"{place}: schemas may be nested {DEEPEST} levels deep")
    translated = dict(schema)
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        names = [json_type(kind, place) for kind in kinds]
        if None in names:
            del translated["type"]
        else:
            translated["type"] = names if isinstance(schema["type"], list) else names[0]
    for keyword in ("properties", "$defs", "definitions"):
        if keyword in schema:
            inner = schema[keyword]
            if not isinstance(inner, Mapping):
                raise BenchError(f"{place}.{keyword}: must be an object, not {type(inner).__name__}")
            translated[keyword] = {
                name: to_json_schema(one, f"{place}.{keyword}.{name}", depth + 1) for name, one in inner.items()
            }
    for keyword in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(keyword), Mapping):
            translated[keyword] = to_json_schema(schema[keyword], f"{place}.{keyword}", depth + 1)
    for keyword in ("anyOf", "allOf", "oneOf"):
        if isinstance(schema.get(keyword), list):
            translated[keyword] = [to_json_schema(one, f"{place}.{keyword}", depth + 1) for one in schema[keyword]]
    return translated


def json_type(name: object, place: str) -> str | None:
    """A type's name in JSON Schema; None where anything is allowed."""
    if isinstance(name, str) and name.lower() in TYPES:
        return TYPES[name.lower()]
    raise BenchError(f"{place}.type: '{name}' is not a type; known: {', '.join(TYPES)}")
