"""The parameters of a tool as JSON Schema: whether they parse, are legal, and agree with themselves.

Legality is that of the metaschema of draft 2020-12, by the `jsonschema` library. It is asked about one level of a
schema at a time, with the schemas inside taken out and what cannot make a level illegal left out (the wording of a
description, unknown keywords). Real levels repeat themselves thousands of times in this form, so the library answers
each question once, and no depth of nesting costs it a recursion.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

# The simple types of JSON Schema (draft 2020-12, validation, section 6.1.1); upper case counts as
# well, because that is how the definitions of RapidAPI, ToolBench's source, write them.
TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

# Keywords that hold schemas: one, a list of them, a mapping from names to them.
ONE = (
    *("items", "contains", "additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties"),
    *("not", "if", "then", "else", "contentSchema"),
)
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
MAPPINGS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
VALUES = ("enum", "examples")  # lists of anything
WORDING = ("description", "title", "$comment")
# A positive whole number is legal in all of them.
NUMBERS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("minItems", "maxItems", "minContains", "maxContains", "minProperties", "maxProperties"),
)
# Others, among them `default` and `const`, may have any value.
KEYWORDS = frozenset(
    {
        *(*ONE, *LISTS, *MAPPINGS, *WORDING, *NUMBERS, *VALUES, "type", "required", "dependentRequired"),
        *("dependencies", "pattern", "format", "uniqueItems", "readOnly", "writeOnly", "deprecated"),
        *("contentEncoding", "contentMediaType", "$schema", "$id", "$ref", "$anchor", "$dynamicRef"),
        *("$dynamicAnchor", "$vocabulary"),
    }
)
METASCHEMA = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is right about the text of a tool's parameters.

    Args:
        parses: it is JSON (`NaN` and its like are not).
        legal: it is a legal JSON Schema of an object with properties, whose names are not blank.
        required: every level asks only for properties that it has.
        types: every type named at any level is one of JSON Schema's.
    """

    parses: bool = False
    legal: bool = False
    required: bool = False
    types: bool = False

    @property
    def valid(self) -> bool:
        return self.parses and self.legal and self.required and self.types


def examine(text: object) -> Findings:
    """Look at the text of a parameters column; anything that is no text has nothing right about it."""
    try:
        parameters = parse(text)
    except ValueError:
        return Findings()
    if not isinstance(parameters, dict):
        return Findings(parses=True)
    legal = parameters.get("type") == "object" and isinstance(parameters.get("properties"), dict)
    required = types = True
    for level in levels(parameters):
        legal = legal and is_legal_level(level)
        if isinstance(level, dict):
            required = required and asks_for_its_own(level)
            types = types and all(isinstance(kind, str) and kind.lower() in TYPES for kind in kinds(level))
    return Findings(True, legal, required, types)


def parse(text: object) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is none, or nested too deeply to tell.
    """
    if not isinstance(text, str):
        raise ValueError("not a text")
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not part of JSON")


def without_halves(text: str) -> str:
    """A ? for each half of a surrogate pair: JSON can escape one alone, but nothing can encode it."""
    return text.encode("utf-8", "replace").decode()


def levels(schema: object) -> Iterator[object]:
    """A schema and all schemas inside it, by a list in place of recursion: models write absurdly deep ones."""
    waiting = [schema]
    while waiting:
        level = waiting.pop()
        yield level
        if isinstance(level, dict):
            waiting += [level[key] for key in ONE if key in level]
            for key in LISTS:
                waiting += level[key] if isinstance(level.get(key), list) else []
            for key in MAPPINGS:
                waiting += level[key].values() if isinstance(level.get(key), dict) else []


def kinds(level: dict[str, Any]) -> list[Any]:
    """The types a level names; without one it allows any value."""
    kind = level.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def asks_for_its_own(level: dict[str, Any]) -> bool:
    required, properties = level.get("required", []), level.get("properties", {})
    if not isinstance(required, list) or not isinstance(properties, dict):
        return False
    return all(isinstance(name, str) and name in properties for name in required)


def is_legal_level(level: object) -> bool:
    """Whether a schema is legal, those inside it aside."""
    if not isinstance(level, dict):
        return isinstance(level, bool)
    properties = level.get("properties")
    if isinstance(properties, dict) and not all(name.strip() for name in properties):
        return False
    return is_legal_question(json.dumps(question(level), sort_keys=True))


def question(level: dict[str, Any]) -> dict[str, Any]:
    """The part of a level that the metaschema has to be asked about."""
    asked = {}
    for key, value in level.items():
        if key in KEYWORDS and not is_harmless(key, value):
            asked[key] = emptied(key, value)
    return asked


def is_harmless(key: str, value: Any) -> bool:
    """Whether a keyword with such a value is legal whatever else it says, the schemas inside it aside."""
    return (
        key in ONE
        or (key in WORDING and isinstance(value, str))
        or (key in NUMBERS and type(value) is int and value > 0)
        or (key == "required" and is_list_of_names(value))
    )


def emptied(key: str, value: Any) -> Any:
    """The value without the schemas and the values inside it, its types in lower case."""
    if key in MAPPINGS and isinstance(value, dict):
        return {}
    if key in LISTS and isinstance(value, list):
        return [True] if value else []
    if key in VALUES and isinstance(value, list):
        return []
    if key == "type":
        return [lower(one) for one in value] if isinstance(value, list) else lower(value)
    return value


def is_list_of_names(value: Any) -> bool:
    strings = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return strings and len(set(value)) == len(value)


def lower(kind: Any) -> Any:
    return kind.lower() if isinstance(kind, str) else kind


@lru_cache(maxsize=4096)
def is_legal_question(text: str) -> bool:
    try:
        return METASCHEMA.is_valid(json.loads(text))
    # what regular expressions and values of odd keywords can do to the library
    except (RecursionError, OverflowError, ValueError, MemoryError):
        return False
