"""A user's own programs or tools: a file of JSON objects, or a folder of ToolBench's tools.

What a file holds follows from the fields of its first record:

| fields                                                          | records                              |
|-----------------------------------------------------------------|--------------------------------------|
| `program`; or nothing but `code`, or nothing but `text`         | programs                             |
| `instruction` and `output`                                      | programs, from `output`              |
| `api_name` and `parameters`                                     | APIs                                 |
| `name` and `api_list`                                           | tools of ToolBench, a record an API  |
| `name` and `parameters`; `type` "function" and `function`       | functions in OpenAI's form           |
| anything else                                                   | a table                              |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from bench.datasets import flytech
from bench.datasets.fetch import sha256
from bench.datasets.jsonl import Object, compact, read_objects
from bench.datasets.split import groups_of, split
from bench.datasets.tools import SCHEMA, Record, categories, from_function, from_toolbench, read_folder, text
from bench.errors import BenchError
from bench.frames import conform
from bench.records import Dataset, Family, Schema, Source

Objects = Sequence[tuple[str, Object]]


def load_own(path: Path, protocol: str, split_seed: int) -> Dataset | None:
    """Programs or tools as a dataset; None where the file holds a table.

    Args:
        path: `.json` or `.jsonl`, also gzipped, or a folder CATEGORY/TOOL.json.
        protocol: how to split.
        split_seed: chooses the records of each part.

    Raises:
        BenchError: it cannot be used; says why and where.
    """
    extras: dict[str, pd.DataFrame] = {}
    notes: tuple[str, ...] = ()
    if path.is_dir():
        records, tools = read_folder(path)
        frame, extras = pd.DataFrame(records), {"categories": categories(tools)}
    else:
        objects = read_objects(path)
        if not objects:
            raise BenchError(f"'{path}' has no records")
        fields = set(objects[0][1])
        if column := program_field(fields):
            frame, notes = flytech.pairs(path, objects, ["program"], column)
            unused = sorted(fields - {column})
            notes += (f"fields that are not used: {', '.join(unused)}",) if unused else ()
        elif (reader := tool_reader(fields)) is not None:
            frame = pd.DataFrame(read_each(path, objects, reader))
        else:
            return None
    family: Family = "code" if "program" in frame else "tool"
    schema = Schema((flytech.PROGRAM,)) if family == "code" else SCHEMA
    together = "" if family == "code" else "tool_name"
    try:
        frame = conform(frame, schema)
        groups = groups_of(frame, schema, together) if protocol == "harness" else None
        parts = split(frame, schema, protocol, split_seed, groups=groups)
    except BenchError as error:
        raise BenchError(f"'{path}': {error}") from error
    name = path.name.partition(".")[0] or path.name
    source = Source("file", title=path.name, url=str(path), notes=notes)
    return Dataset(name, family, schema, *parts, protocol, split_seed, source, sha256(path), extras)


def program_field(fields: set[str]) -> str:
    """The field that holds a program; empty where none does."""
    if "program" in fields:
        return "program"
    if {"instruction", "output"} <= fields:
        return "output"
    return next(iter(fields)) if fields in ({"code"}, {"text"}) else ""


def tool_reader(fields: set[str]) -> Callable[[Object], list[Record]] | None:
    if {"api_name", "parameters"} <= fields:
        return lambda record: [api_record(record)]
    if "api_list" in fields:
        return from_toolbench
    if {"type", "function"} <= fields or {"name", "parameters"} <= fields:
        return lambda record: [from_function(record)]
    return None


def api_record(record: Object) -> Record:
    """The record of an API, whose tool and descriptions may be missing.

    Raises:
        ValueError: it has no name, or its parameters are no object.
    """
    known = {name: text(record, name) for name in SCHEMA.names if name != "parameters"}
    if not known["api_name"]:
        raise ValueError("the field 'api_name' is missing")
    if not isinstance(record.get("parameters"), dict):
        raise ValueError("the field 'parameters' must be a JSON Schema")
    known["tool_name"] = known["tool_name"] or known["api_name"]
    return {**known, "parameters": compact(record["parameters"])}


def read_each(path: Path, objects: Objects, reader: Callable[[Object], list[Record]]) -> list[Record]:
    records: list[Record] = []
    for place, record in objects:
        try:
            records += reader(record)
        except (ValueError, RecursionError) as error:
            raise BenchError(f"'{path}', {place}: {error}") from error
    if not records:
        raise BenchError(f"'{path}' has tools, but none of them has an API")
    return records
