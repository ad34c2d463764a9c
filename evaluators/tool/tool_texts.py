"""Definitions of APIs as text for a language model: the texts it is trained on, and the prompts of the same form.

A record has no user's query, so the request of a training text is made of the record itself: the description of the
API, then every parameter that has a default or example value, as its description and that value. A record gives two
texts, so that what is asked for always stands right before what answers it:

    Request: Finds books by words. words to look for summer, most results to return 20.
    API: Open Books: Search Books (author, query, limit)

    API: Open Books: Search Books (author, query, limit)
    Request: Finds books by words. words to look for summer, most results to return 20.
    Call: Search Books {"query":"summer","limit":20}

In a prompt the user's query stands where the request stands. The rendering is the same for every arm.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evaluators.tool.schemas import kinds, parse, without_halves

# A few records are as long as a page; what matters stands first.
LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_VALUE = 80, 300, 60
MOST_PARAMETERS = 12
NUMBERS = {"integer": int, "number": int | float, "boolean": bool}


@dataclass(frozen=True)
class API:
    """One API that can be called; `parameters` is the schema of its arguments, empty where there is none to read."""

    tool_name: str
    name: str
    description: str
    parameters: Mapping[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        properties = self.parameters.get("properties")
        return dict(list(properties.items())[:MOST_PARAMETERS]) if isinstance(properties, dict) else {}


def apis(records: pd.DataFrame) -> list[API]:
    """The APIs of records with the columns tool_name, api_name, api_description, parameters, in their order."""
    columns = [records[name].fillna("") for name in ("tool_name", "api_name", "api_description", "parameters")]
    return [API(*texts, as_schema(parameters)) for *texts, parameters in zip(*columns, strict=True)]


def as_schema(text: str) -> Mapping[str, Any]:
    try:
        schema = parse(text)
    except ValueError:
        return {}
    return schema if isinstance(schema, dict) else {}


def training_texts(api: API) -> list[str]:
    """The texts of one record; none where it has neither a name nor a description."""
    asked = request(api)
    if not asked and not api.name.strip():
        return []
    call = call_text(api, example_arguments(api))
    return [selection_prompt(asked) + candidate(api), call_prompt([api], asked) + call]


def selection_prompt(query: str) -> str:
    return f"Request: {one_line(query, None)}\nAPI: "


def candidate(api: API) -> str:
    """What is scored after a selection prompt; the line's end is part of it, as a name may begin another."""
    return f"{signature(api)}\n"


def call_prompt(offered: Sequence[API], query: str) -> str:
    lines = [f"API: {signature(api)}\n" for api in offered]
    return f"{''.join(lines)}Request: {one_line(query, None)}\nCall:"


def call_text(api: API, arguments: Mapping[str, Any]) -> str:
    """What follows a call prompt."""
    written = without_halves(json.dumps(arguments, ensure_ascii=False, separators=(",", ":")))
    return f" {one_line(api.name, LONGEST_NAME)} {written}\n"


def signature(api: API) -> str:
    names = ", ".join(one_line(name, LONGEST_NAME) for name in api.properties)
    tool = f"{one_line(api.tool_name, LONGEST_NAME)}: " if api.tool_name.strip() else ""
    return f"{tool}{one_line(api.name, LONGEST_NAME)} ({names})"


def request(api: API) -> str:
    """What a user could ask of an API, by its own documentation."""
    parts = []
    for name, value in example_arguments(api).items():
        description = api.properties[name].get("description")
        about = one_line(description if isinstance(description, str) and description.strip() else name)
        parts.append(about if isinstance(value, bool) else f"{about} {value}")
    ending = f"{', '.join(parts)}." if parts else ""
    return f"{one_line(api.description)} {ending}".strip()


def example_arguments(api: API) -> dict[str, Any]:
    """The parameters that have a default or example value, with it: short, simple and of the type they name."""
    examples = {}
    for name, parameter in api.properties.items():
        if isinstance(parameter, dict):
            listed = parameter.get("examples")
            first = listed[0] if isinstance(listed, list) and listed else None
            value = simple(next((v for v in (parameter.get("default"), first) if v not in (None, "")), None), parameter)
            if value is not None:
                examples[name] = value
    return examples


def simple(value: object, parameter: dict[str, Any]) -> str | int | float | bool | None:
    """A value as its parameter's type has it, None where that cannot be; ToolBench writes numbers as text."""
    kind = str(kinds(parameter)[0]).lower() if kinds(parameter) else "string"
    if kind in NUMBERS and isinstance(value, str):
        try:
            value = parse(value.strip().lower())
        except ValueError:
            return None
    if kind in NUMBERS:
        return value if isinstance(value, NUMBERS[kind]) and isinstance(value, bool) == (kind == "boolean") else None
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return text if 0 < len(text) <= LONGEST_VALUE and "\n" not in text else None


def one_line(text: str, longest: int | None = LONGEST_DESCRIPTION) -> str:
    return " ".join(without_halves(text).split())[:longest]
