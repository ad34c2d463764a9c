"""Definitions of tools in the forms they come in, as records with one JSON Schema of the arguments each.

- ToolBench: a tool with `api_list`, whose APIs name `required_parameters` and `optional_parameters`
  (Qin et al. 2023, arXiv 2307.16789);
- OpenAI's functions: {"name", "description", "parameters"}, or {"type": "function", "function": {...}};
- records of an API, as `SCHEMA` has them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.datasets.jsonl import TOO_DEEP, compact
from bench.errors import BenchError
from bench.records import Column, Schema

SCHEMA = Schema(
    (
        Column("tool_name", "text", "the tool that the API is part of"),
        Column("tool_description", "text"),
        Column("api_name", "text", "the function to call"),
        Column("api_description", "text"),
        Column("parameters", "json", "JSON Schema of the arguments"),
    )
)
Record = dict[str, Any]


def from_toolbench(tool: Mapping[str, Any]) -> list[Record]:
    """The records of one of ToolBench's tools, one an API.

    Raises:
        ValueError: it has not the form of one.
    """
    name = text(tool, "tool_name") or text(tool, "name")
    if not name or not isinstance(tool.get("api_list"), list):
        raise ValueError("a tool needs a 'tool_name' and an 'api_list'")
    about = {"tool_name": name, "tool_description": text(tool, "tool_description")}
    records = []
    for number, api in enumerate(tool["api_list"], start=1):
        if not isinstance(api, dict) or not text(api, "name"):
            raise ValueError(f"API {number} of tool '{name}' has no 'name'")
        definition = {"api_name": text(api, "name"), "api_description": text(api, "description")}
        records.append({**about, **definition, "parameters": compact(parameters(api))})
    return records


def parameters(api: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of an API of ToolBench; RapidAPI's names of types (STRING, ENUM) are left as they are.

    Raises:
        ValueError: a parameter has no name, or its parameters are no list.
    """
    properties: dict[str, Any] = {}
    required: list[str] = []
    for group in ("required_parameters", "optional_parameters"):
        given = api.get(group) or []
        if not isinstance(given, list):
            raise ValueError(f"'{group}' must be a list, not {compact(given)[:40]}")
        for parameter in given:
            if not isinstance(parameter, dict) or not text(parameter, "name"):
                raise ValueError(f"one of its '{group}' has no 'name'")
            name = text(parameter, "name")
            # a name that comes twice is described by the first
            properties.setdefault(name, {key: parameter.get(key, "") for key in ("type", "description", "default")})
            if group == "required_parameters" and name not in required:
                required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def read_folder(folder: Path) -> tuple[list[Record], list[tuple[str, str]]]:
    """The records of a folder CATEGORY/TOOL.json of ToolBench's tools, and tool and category of each.

    Raises:
        BenchError: it has no tools, or a file is not one of them.
    """
    records: list[Record] = []
    tools: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*/*.json")):
        try:
            found = from_toolbench(load_object(path))
        except ValueError as error:
            raise BenchError(f"'{path}': not one of ToolBench's tools: {error}") from error
        records += found
        tools += [(record["tool_name"], path.parent.name) for record in found]
    if not records:
        raise BenchError(f"'{folder}' has no tools; ToolBench keeps them as CATEGORY/TOOL.json")
    return records, tools


def load_object(path: Path) -> dict[str, Any]:
    """The JSON object that a file is.

    Raises:
        ValueError: it is something else.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        compact(value).encode("utf-8")
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    if not isinstance(value, dict):
        raise ValueError("a JSON object was expected")
    return value


def categories(tools: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Tool and category, each tool once; of several categories the one that most of its APIs have."""
    pairs = pd.DataFrame(tools, columns=["tool_name", "category"], dtype="str")
    counts = pairs.value_counts(sort=False).reset_index()
    ordered = counts.sort_values(["tool_name", "count", "category"], ascending=[True, False, True])
    return ordered.drop_duplicates("tool_name")[["tool_name", "category"]].reset_index(drop=True)


def from_function(function: Mapping[str, Any]) -> Record:
    """The record of a function in OpenAI's form, which is a tool of its own, without a description beside its own.

    Raises:
        ValueError: it has no name, or its parameters are no object.
    """
    inner = function.get("function") if function.get("type") == "function" else function
    if not isinstance(inner, dict) or not text(inner, "name"):
        raise ValueError("a function needs a 'name'")
    schema = inner.get("parameters") or {"type": "object", "properties": {}}
    if not isinstance(schema, dict):
        raise ValueError(f"'parameters' of function '{inner['name']}' must be a JSON Schema")
    return {
        "tool_name": inner["name"],
        "tool_description": "",
        "api_name": inner["name"],
        "api_description": text(inner, "description"),
        "parameters": compact(schema),
    }


def text(values: Mapping[str, Any], key: str) -> str:
    """A field as text; a missing one and null are the empty text.

    Raises:
        ValueError: it is something else.
    """
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"'{key}' must be a text, not {compact(value)[:40]}")
    return value or ""
