"""Numbers that papers print: `published.csv` -> the table `published`.

The table is a copy of the file that this version of the harness comes with. The comment of the table holds the
digest of the file that it was filled from, so that a store learns of another file without a new schema.
"""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import duckdb

FILE = Path(__file__).with_name("published.csv")


def digest() -> str:
    return hashlib.sha256(FILE.read_bytes()).hexdigest()


def outdated(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the table was filled from another file, or not at all."""
    row = connection.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'published'").fetchone()
    return row is None or row[0] != digest()


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the file in place of what the table holds; within a transaction of the caller."""
    connection.execute("DELETE FROM published")
    rows = list(csv.DictReader(io.StringIO(FILE.read_text(encoding="utf-8"))))
    columns = ", ".join(f'"{name}"' for name in rows[0])
    values = [f"({', '.join('?' * len(row))})" for row in rows]
    # an empty field is NULL: the paper does not say
    given = [field or None for row in rows for field in row.values()]
    connection.execute(f"INSERT INTO published ({columns}) VALUES {', '.join(values)}", given)
    connection.execute(f"COMMENT ON TABLE published IS '{digest()}'")
