"""Parameters of a tool: what form they have in train, as rules of a grammar, and what a grammar cannot say.

The form is that of a JSON Schema of type object (draft 2020-12, validation, section 6.1.1; core, section
10.3): properties that are schemas themselves, the names of those that are required. Which keywords
stand beside them, in which order and with values of which kinds, is learnt from train. That a name is
required only where there is such a property is kept beside the grammar (`generators.difflm.required`), and checked
with all else when the record is read; so is that no name stands twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bench.errors import BenchError
from bench.records import Family, Schema

# upper case is how RapidAPI, ToolBench's source, writes them
TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
# an object, a list, a text; what else a value may be is one lexeme each
KINDS = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
MOST_DEPTH = 100  # of schemas in schemas, well below what the JSON parser follows

Form = tuple[str, ...]


@dataclass
class Forms:
    """What the parameters of train look like.

    Args:
        whole, inner: the keywords of parameters, and of the schemas inside them, in all orders that occur.
        types: of the inner schemas, some of which have several.
        kinds: keyword -> kinds of its values, for those whose value is free.
    """

    whole: set[Form] = field(default_factory=set)
    inner: set[Form] = field(default_factory=set)
    types: set[str | tuple[str, ...]] = field(default_factory=set)
    kinds: dict[str, set[str]] = field(default_factory=dict)


def parameter_columns(train: pd.DataFrame, schema: Schema, family: Family) -> list[str]:
    """The JSON columns of tools that hold parameters: most of their values are legal ones."""
    columns = [column.name for column in schema.columns if column.kind == "json" and family == "tool"]
    return [name for name in columns if 2 * len(legal(train[name])) > len(train)]


def legal(values: pd.Series) -> list[Any]:
    """The parameters among JSON texts that are legal, parsed."""
    found = []
    for text in values.dropna():
        try:
            found.append(read_parameters(text))
        except BenchError:
            continue
    return found


def read_parameters(text: str) -> Any:
    """Legal parameters of a JSON text.

    Raises:
        BenchError: the reason why they are not legal.
    """
    try:
        parameters = json.loads(text, object_pairs_hook=without_repeats, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BenchError("not JSON") from error
    if not isinstance(parameters, dict) or parameters.get("type") != "object" or "properties" not in parameters:
        raise BenchError("parameters are no object with properties")
    for schema, _ in schemas(parameters):
        check_schema(schema)
    return parameters


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not part of JSON")


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its members.

    Raises:
        BenchError: two have one name.
    """
    members = dict(pairs)
    if len(members) < len(pairs):
        raise BenchError("a name stands twice in parameters")
    return members


def schemas(parameters: Any) -> Iterator[tuple[Any, int]]:
    """Parameters, every schema inside them, and how deep each lies."""
    waiting = [(parameters, 0)]  # a list in place of recursion: models write absurdly deep schemas
    while waiting:
        schema, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise BenchError("parameters are nested too deeply")
        yield schema, depth
        properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
        inner = list(properties.values()) if isinstance(properties, dict) else []
        inner += [schema["items"]] if isinstance(schema, dict) and "items" in schema else []
        waiting += [(one, depth + 1) for one in inner]


def check_schema(schema: Any) -> None:
    """Raise BenchError where one level of a schema is not legal."""
    if not isinstance(schema, dict):
        raise BenchError("a parameter is no JSON Schema")
    kinds = schema.get("type", "object")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not kinds or not all(isinstance(kind, str) and kind.lower() in TYPES for kind in kinds):
        raise BenchError("a parameter has an unknown type")
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict) or not all(name.strip() for name in properties):
        raise BenchError("a parameter has no name")
    if not isinstance(required, list) or not all(isinstance(name, str) and name in properties for name in required):
        raise BenchError("a required parameter is not among the properties")
    if len(set(required)) < len(required) or len(set(kinds)) < len(kinds):
        raise BenchError("a parameter names something twice")


def forms_of(found: Sequence[Any]) -> Forms:
    """The forms of legal parameters."""
    forms = Forms()
    for parameters in found:
        for schema, depth in schemas(parameters):
            (forms.inner if depth else forms.whole).add(tuple(schema))
            for keyword, value in schema.items():
                if keyword == "type":
                    forms.types |= {tuple(value) if isinstance(value, list) else value} if depth else set()
                elif keyword not in ("properties", "required", "items"):
                    forms.kinds.setdefault(keyword, set()).add("null" if value is None else KINDS[type(value)])
    return forms
