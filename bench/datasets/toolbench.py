"""ToolBench: definitions of web APIs with their parameters, and queries that some of them answer."""

from __future__ import annotations

from pathlib import Path

from bench.datasets.base import DataFile, Loader, Original
from bench.datasets.jsonl import read_jsonl
from bench.errors import BenchError
from bench.records import Column, Schema

APIS = DataFile("toolbench/apis.jsonl.gz", "49071a5670fe536c21345e5ea50e98439701ef445d7faf1e39ec7bcf3e34468d")
QUERIES = DataFile("toolbench/queries_g1.jsonl.gz", "4c6a6e298d2e58e928606c8deab310696dbbf72a666c0dd815306ff1ec4e19dd")
SCHEMA = Schema(
    (
        Column("tool_name", "text", "the tool that the API is part of"),
        Column("tool_description", "text"),
        Column("api_name", "text", "the function to call"),
        Column("api_description", "text"),
        Column("parameters", "json", "JSON Schema of the arguments"),
    )
)


def read(folder: Path) -> Original:
    """APIs as records, queries with the APIs offered and the APIs that answer as `extras['queries']`."""
    apis = read_jsonl(folder / APIS.path, repair=restore_line_break)
    missing = [name for name in SCHEMA.names if name not in apis]
    if missing:
        raise BenchError(f"'{folder / APIS.path}': the records have no field '{missing[0]}'")
    return Original(apis[SCHEMA.names], extras={"queries": read_jsonl(folder / QUERIES.path)})


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
    how_to_get="ToolBench's data archive is linked from the README of github.com/OpenBMB/ToolBench",
    demo="bench.datasets.demo.toolbench",
)
