"""A stand-in for tool definitions: APIs with JSON Schema parameters, and queries with the calls that answer them.

The records have the fields of ToolBench (Qin et al. 2023, arXiv 2307.16789). The APIs that queries offer are
compositions of domain, action and thing that do not stand among the records.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bench.datasets.demo.apis import API, DOMAINS, PROVIDERS, Composition, ask, build, compositions
from bench.errors import BenchError

ROWS = 1000
SEED = 71
QUERIES = 120
OFFERED = 4
ROUNDS = 20
GROUPS = ("tool", "category", "any")
COLUMNS = ("tool_name", "tool_description", "api_name", "api_description", "parameters")


def simulate(rows: int, seed: int) -> pd.DataFrame:
    """`rows` different API definitions.

    Raises:
        BenchError: the grammar is too small for so many.
    """
    rng = np.random.default_rng(seed)
    pool = compositions(held_out=False)
    records: dict[tuple[str, ...], None] = {}
    for _ in range(ROUNDS):
        chosen = rng.integers(len(pool), size=rows - len(records))
        records |= {record(build(pool[i], rng)): None for i in chosen}
        if len(records) == rows:
            return pd.DataFrame(list(records), columns=list(COLUMNS), dtype="str")
    raise BenchError(f"the grammar did not give {rows} different records; ask for fewer rows")


def record(api: API) -> tuple[str, ...]:
    return api.tool_name, api.tool_description, api.name, api.description, compact(api.schema())


def extras(seed: int) -> dict[str, pd.DataFrame]:
    """Queries with the call that answers each, and the categories of the tools (`bench.records`).

    The groups follow ToolBench's: the APIs offered beside the right one come from the same tool, from the same
    domain by other providers, or from anywhere.
    """
    rng = np.random.default_rng(seed)
    pool = compositions(held_out=True)
    rows = [question(pool[int(rng.integers(len(pool)))], GROUPS[i % len(GROUPS)], pool, rng) for i in range(QUERIES)]
    tools = [(f"{provider} {domain.name}", domain.name) for domain in DOMAINS for provider in PROVIDERS]
    return {
        "queries": pd.DataFrame(rows, dtype="str"),
        "categories": pd.DataFrame(tools, columns=["tool_name", "category"], dtype="str"),
    }


def question(right: Composition, group: str, pool: list[Composition], rng: np.random.Generator) -> dict[str, str]:
    api = build(right, rng)
    others = [other for other in pool if other != right and (group == "any" or other[0] == right[0])]
    beside = [build(others[i], rng) for i in rng.permutation(len(others))[: OFFERED - 1]]
    if group == "tool":
        beside = [replace(other, provider=api.provider, tool_description=api.tool_description) for other in beside]
    offered = [api, *beside]
    query, arguments = ask(api, rng)
    return {
        "query": query,
        "offered": compact([definition(offered[i]) for i in rng.permutation(len(offered))]),
        "answer": compact([{"name": api.name, "arguments": arguments}]),
        "group": group,
    }


def definition(api: API) -> dict[str, Any]:
    return {
        "tool_name": api.tool_name,
        "name": api.name,
        "description": api.description,
        "parameters": api.schema(),
    }


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
