"""The one place that opens the database, and brings an older one forward."""

from __future__ import annotations

import re
import time
from contextlib import nullcontext, suppress
from pathlib import Path

import duckdb

from bench.errors import BenchError
from bench.shards import check_utf8
from bench.store import published

SCHEMA = Path(__file__).with_name("schema.sql")
VERSION = 2
# MIGRATIONS[v] brings a database from version v to v + 1; schema.sql then adds new tables and views.
MIGRATIONS: dict[int, str] = {
    # no version before 2 filled this table; it has a protocol now
    1: "DROP TABLE published",
}
# Another command holds the file for an instant only; who holds it longer is named to the user.
PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = 0.05


def connect(path: Path | str, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the store; a new file is filled with the schema, an older one is migrated.

    The printed numbers (`published`) are those of this version of the harness. A reader who cannot write the file
    reads the ones that are there.

    Args:
        path: the DuckDB file, usually results/bench.duckdb.
        read_only: the file must exist; several processes may read at the same time.

    Raises:
        BenchError: the file is missing, held by another process, of a newer version, or no store, or its name
            is not UTF-8.
    """
    path = Path(path)
    check_utf8(str(path))
    if read_only and not path.exists():
        raise BenchError(f"'{path}' does not exist; 'bench run' makes it")
    connection = opened(path, read_only)
    try:
        found = version(connection, path)
        if found == VERSION and not published.outdated(connection):
            return connection
        if not read_only:
            migrate(connection, found)
            return connection
    except BaseException:
        connection.close()
        raise
    connection.close()
    with suppress(BenchError) if found == VERSION else nullcontext():
        connect(path).close()
    return opened(path, read_only)


def opened(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the file, waiting a moment for whoever holds it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.Error as error:
            locked = "lock on file" in str(error)
            if locked and time.monotonic() < deadline:
                time.sleep(PAUSE_SECONDS)
                continue
            if not locked:
                raise BenchError(f"'{path}' cannot be opened as a store: {str(error).splitlines()[0]}") from error
            holder = re.search(r"PID (\d+)", str(error))
            who = f"process {holder[1]}" if holder else "another process"
            raise BenchError(f"'{path}' is held by {who}; close it there and run again, nothing is lost") from error


def version(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Version of the schema in an open file, 0 where there is none yet.

    Raises:
        BenchError: a later version of the harness wrote the file, or something else did.
    """
    columns = connection.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal").fetchall()
    ours = ("meta", "schema_version") in columns
    if columns and not ours:
        raise BenchError(f"'{path}' is a database of something else; choose another folder with --results")
    row = connection.execute("SELECT max(schema_version) FROM meta").fetchone() if ours else None
    found = int(row[0]) if row and row[0] is not None else 0
    if found > VERSION:
        raise BenchError(
            f"'{path}' has schema version {found}, this is a bench for version {VERSION}; install a newer one"
        )
    return found


def migrate(connection: duckdb.DuckDBPyConnection, found: int) -> None:
    """Bring an open file from version `found` to the present one, wholly or not at all."""
    connection.begin()
    try:
        if found:
            for step in range(found, VERSION):
                connection.execute(MIGRATIONS[step])
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        connection.execute("DELETE FROM meta")
        connection.execute("INSERT INTO meta VALUES (?)", [VERSION])
        published.fill(connection)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
