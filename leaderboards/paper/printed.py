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
    return [
        Line(plain(method), "printed", plain(f"{short(paper)}, from {short(source)}" if source else short(paper)), plain(split), plain(protocol), found, numbers[key])
        for key, found in entries.items()
        for paper, method, split, protocol, source in [key]
    ]


def short(text: str) -> str:
    """A paper without its number, which the legend has."""
    return REFERENCE.sub(r"\1", text)


def references(connection: duckdb.DuckDBPyConnection, page: str) -> list[tuple[str, str]]:
    """The papers of a page, with their numbers."""
    texts = connection.execute(
        'SELECT DISTINCT paper FROM published WHERE "table" = ? UNION SELECT DISTINCT source FROM published WHERE "table" = ?',
        [page, page],
    ).fetchall()
    return sorted({(plain(name.strip()), plain(number)) for (text,) in texts for name, number in REFERENCE.findall(text)})
