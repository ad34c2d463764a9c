"""ToolBench: definitions of web APIs with their parameters, and queries that some of them answer.

The records are read from one file of APIs, or from ToolBench's own archive unpacked below the data
folder: `data/toolenv/tools/CATEGORY/TOOL.json` and the queries in `data/test_instruction/GROUP.json`.

The APIs of a tool share its description, so a split keeps each tool whole. Queries are kept where no
tool that they offer is in train or validation, and no API that answers them has a near duplicate of
its own name there; so a model that is trained there has not seen what is asked for.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.datasets.base import DataFile, Extras, Loader, Original
from bench.datasets.jsonl import Object, compact, read_objects
from bench.datasets.tools import SCHEMA, Record, categories, parameters, read_folder, text
from bench.errors import BenchError
from bench.near_duplicates import record_texts, similarity_to_nearest
from bench.records import Schema

APIS = DataFile("toolbench/apis.jsonl.gz", "49071a5670fe536c21345e5ea50e98439701ef445d7faf1e39ec7bcf3e34468d")
QUERIES = DataFile("toolbench/queries_g1.jsonl.gz", "4c6a6e298d2e58e928606c8deab310696dbbf72a666c0dd815306ff1ec4e19dd")
TOOLS = DataFile("toolbench/data/toolenv/tools", None)
TESTS = DataFile("toolbench/data/test_instruction", None)


def read(folder: Path) -> Original:
    """APIs as records; queries, and the categories of tools, in the common form (`bench.records`)."""
    path = folder / APIS.path
    if path.exists() or not (folder / TOOLS.path).exists():
        apis = read_objects(path, repair=restore_line_break)
        records = [as_record(path, place, api) for place, api in apis]
        tools = [(record["tool_name"], api.get("category", "")) for record, (_, api) in zip(records, apis, strict=True)]
        queries = list(read_queries(folder / QUERIES.path, "group"))
    else:
        records, tools = read_folder(folder / TOOLS.path)
        queries = [
            row for file in sorted((folder / TESTS.path).glob("*.json")) for row in read_queries(file, file.stem)
        ]
    answered = [query for query in queries if query["answer"] != "[]"]
    extras = {"categories": categories(tools)}
    if answered:
        extras["queries"] = pd.DataFrame(answered, dtype="str")
    missed = len(queries) - len(answered)
    notes = (f"{missed} of {len(queries)} queries left out: no API that they offer answers them",) if missed else ()
    return Original(pd.DataFrame(records, columns=SCHEMA.names), extras=extras, notes=notes)


def as_record(path: Path, place: str, api: Object) -> Record:
    for name in SCHEMA.names:
        if name not in api:
            raise BenchError(f"'{path}', {place}: the field '{name}' is missing")
    return {name: compact(api[name]) if name == "parameters" else api[name] for name in SCHEMA.names}


def read_queries(path: Path, group: str) -> Iterator[Object]:
    """Queries in ToolBench's form, of which each names the APIs that help to answer it.

    An API whose name is also that of another tool's API gets both names, as ToolBench gives them to models.

    Args:
        path: a file of them.
        group: the field that names the group of a query, or the name of the group.

    Raises:
        BenchError: a query has not that form; names the place.
    """
    for place, row in read_objects(path):
        try:
            relevant = {(tool, api) for tool, api in row.get("relevant_apis") or row["relevant APIs"]}
            offered = {(api["tool_name"], api["api_name"]): definition(api) for api in row["api_list"]}
            names = Counter(name for _, name in offered)
            for (tool, name), api in offered.items():
                api["name"] = f"{name}_for_{tool}" if names[name] > 1 else name
            answer = [{"name": api["name"]} for key, api in offered.items() if key in relevant]
            query = text(row, "query")
        except KeyError as error:
            raise BenchError(f"'{path}', {place}: not a query in ToolBench's form: {error} is missing") from error
        except (TypeError, ValueError) as error:
            raise BenchError(f"'{path}', {place}: not a query in ToolBench's form: {error}") from error
        yield {
            "query": query,
            "offered": compact(list(offered.values())),
            "answer": compact(answer),
            "group": str(row.get(group, group)),
        }


def definition(api: dict[str, Any]) -> dict[str, Any]:
    return {
        "tool_name": api["tool_name"],
        "name": api["api_name"],
        "description": text(api, "api_description"),
        "parameters": parameters(api),
    }


def held_out(extras: Extras, seen: pd.DataFrame) -> Extras:
    """Without the queries that offer a tool, or ask for a near duplicate of an API, among the records `seen`."""
    if "queries" not in extras:
        return extras
    queries = extras["queries"]
    tools = set(seen["tool_name"])
    offered = [json.loads(text) for text in queries["offered"]]
    kept = np.array([all(api["tool_name"] not in tools for api in apis) for apis in offered], dtype=bool)
    asked = [
        (row, api["name"], api["description"], compact(api["parameters"]))
        for row in np.flatnonzero(kept)
        for api in offered[row]
        if {"name": api["name"]} in json.loads(queries["answer"].iloc[row])
    ]
    definitions = Schema(SCHEMA.columns[2:])
    answers = pd.DataFrame([api for _, *api in asked], columns=definitions.names, dtype="str")
    namesakes = seen.loc[seen["api_name"].isin(answers["api_name"]), definitions.names]
    near = similarity_to_nearest(record_texts(answers, definitions), record_texts(namesakes, definitions)) > 0
    kept[[row for (row, *_), found in zip(asked, near, strict=True) if found]] = False
    return {**extras, "queries": queries[kept].reset_index(drop=True)}


def restore_line_break(line: str) -> str:
    r"""Put back the n of a \n that the replacement of e-mail addresses has swallowed on six lines of the release."""
    return line.replace(r"\info@example.com", r"\ninfo@example.com")


LOADER = Loader(
    name="toolbench",
    family="tool",
    title="ToolBench",
    schema=SCHEMA,
    url="https://github.com/OpenBMB/ToolBench",
    licence="Apache-2.0",
    citation="Qin, Y. et al. (2023). ToolLLM. arXiv:2307.16789",
    files=(APIS, QUERIES),
    read=read,
    how_to_get=(
        "unpack ToolBench's data archive, which is linked from the README of github.com/OpenBMB/ToolBench, in the "
        "folder 'toolbench'; or get this file"
    ),
    alternatives=(TOOLS, TESTS),
    demo="bench.datasets.demo.toolbench",
    together="tool_name",
    held_out=held_out,
)
