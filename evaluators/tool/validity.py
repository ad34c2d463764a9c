"""Validity of synthetic tool definitions: legal parameters, names, uniqueness, copies and lengths."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.records import Schema
from evaluators.texts import TextValidity

# The simple types of JSON Schema (draft 2020-12, validation, section 6.1.1); upper case counts as
# well, because that is how the definitions of RapidAPI, ToolBench's source, write them.
TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


@dataclass(frozen=True)
class ToolValidityConfig:
    """Nothing to choose."""


class ToolValidity(TextValidity):
    """`valid_percent`: every JSON column describes parameters legally, and no `*name` column is blank."""

    Config = ToolValidityConfig
    families = frozenset({"tool"})
    validity_metric = "valid_percent"

    def is_valid(self, schema: Schema, records: pd.DataFrame) -> NDArray[np.bool_]:
        valid = np.ones(len(records), dtype=bool)
        for column in schema.columns:
            values = records[column.name]
            if column.kind == "json":
                valid &= np.array([isinstance(v, str) and describes_parameters(v) for v in values], dtype=bool)
            elif column.name.endswith("name"):
                valid &= values.fillna("").str.strip().ne("").to_numpy(dtype=bool)
        return valid


def describes_parameters(text: str) -> bool:
    """Whether a text is a JSON object that is a legal JSON Schema of the parameters of a function."""
    try:
        parameters = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return False
    if not isinstance(parameters, dict) or parameters.get("type") != "object" or "properties" not in parameters:
        return False
    waiting = [parameters]  # a list in place of recursion: models write absurdly deep schemas
    while waiting:
        schema = waiting.pop()
        if not is_legal_schema(schema):
            return False
        waiting += schema.get("properties", {}).values()
        if "items" in schema:
            waiting.append(schema["items"])
    return True


def is_legal_schema(schema: object) -> bool:
    """Whether one level of a schema is legal: its type, the names of its properties, the required ones."""
    if not isinstance(schema, dict):
        return False
    kinds = schema.get("type", "object")  # a property without a type may be anything
    kinds = kinds if isinstance(kinds, list) else [kinds]
    properties, required = schema.get("properties", {}), schema.get("required", [])
    return (
        len(kinds) > 0
        and all(isinstance(kind, str) and kind.lower() in TYPES for kind in kinds)
        and isinstance(properties, dict)
        and all(name.strip() for name in properties)
        and isinstance(required, list)
        and all(isinstance(name, str) and name in properties for name in required)
    )


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not part of JSON")
