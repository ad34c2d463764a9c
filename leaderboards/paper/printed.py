"""The store's table `published` -> one line for each method of each paper."""

from __future__ import annotations

import re

import duckdb

from leaderboards.paper import words
from leaderboards.paper.model import Column, Entry, Line
from leaderboards.render.text import plain

REFERENCE = re.compile(r"([^,;()]+) \((arXiv [\d.]+)\)")
QUERY = """
    SELECT paper, method, coalesce(split, ''), coalesce(protocol, ''), source, dataset, metric, value, certainty
    FROM published WHERE "table" = ? ORDER BY rowid
"""


def printed(connection: duckdb.DuckDBPyConnection, page: str) -> list[Line]:
    """The printed lines of a page, each of one method, source, split and protocol."""
    entries: dict[tuple[str, ...], dict[Column, Entry]] = {}
    numbers: dict[tuple[str, ...], dict[Column, float]] = {}
    for *key, dataset, metric, value, certainty in connection.execute(QUERY, [page]).fetchall():
        entry = Entry(f"{value:.12g}", certainty=words.letter(certainty))
        entries.setdefault(tuple(key), {})[Column(dataset, metric)] = entry
        numbers.setdefault(tuple(key), {})[Column(dataset, metric)] = value
    return [line(key, found, numbers[key]) for key, found in entries.items()]


def line(key: tuple[str, ...], entries: dict[Column, Entry], numbers: dict[Column, float]) -> Line:
    paper, method, split, protocol, source = map(plain, key)
    return Line(method, "printed", origin(short(paper), short(source)), split, protocol, entries, numbers)


def origin(paper: str, source: str) -> str:
    return source if source.startswith(paper) else f"{paper}, from {source}"


def short(text: str) -> str:
    """A paper without its number, which the legend has."""
    return REFERENCE.sub(r"\1", text)


def references(connection: duckdb.DuckDBPyConnection, page: str) -> list[tuple[str, str]]:
    """The papers of a page, with their numbers."""
    texts = connection.execute("SELECT DISTINCT paper || '; ' || source FROM published WHERE \"table\" = ?", [page])
    found = (reference for (text,) in texts.fetchall() for reference in REFERENCE.findall(text))
    return sorted({(plain(name), plain(number)) for name, number in found})
