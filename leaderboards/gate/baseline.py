"""The baseline: a snapshot as one parquet file, its provenance in the file's metadata, small enough to commit."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.errors import BenchError
from leaderboards.gate.snapshot import ROW, Snapshot, typed

FORMAT = 1
MARK = b"bench gate baseline"
FACTS = frozenset({"run_id", "started_at", "profile", "spec"})
# --update compares with the old file first, and so writes over no file that it cannot read
ANEW = "delete it, and --update writes a new one from a run"


def write(path: Path, snapshot: Snapshot) -> None:
    """Write a baseline by atomic rename, making its folder.

    Raises:
        BenchError: the folder cannot be written to, or the path is that of something else.
    """
    facts = json.dumps({"format": FORMAT, **snapshot.facts}, ensure_ascii=False, sort_keys=True)
    table = pa.Table.from_pandas(snapshot.rows, preserve_index=False).replace_schema_metadata({MARK: facts})
    try:
        if path.exists() and not path.is_file():  # the rename would put a file in the place of a device
            raise BenchError(f"'{path}' cannot be written (it is no file)")
        building = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            pq.write_table(table, building, compression="zstd")
            building.replace(path)
        finally:
            building.unlink(missing_ok=True)
    except OSError as error:
        raise BenchError(f"'{path}' cannot be written ({error.strerror})") from error


def read(path: Path) -> Snapshot:
    """Read a baseline.

    Raises:
        BenchError: the file is not there, is no baseline, is damaged, or was written by a later version.
    """
    if not path.is_file():
        raise BenchError(
            f"baseline '{path}' is not there; 'bench gate --baseline {path} --update' writes it from a run"
        )
    try:
        table = pq.read_table(path)
        facts = json.loads((table.schema.metadata or {})[MARK])
        found = int(facts.pop("format"))
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError, AttributeError) as error:
        raise BenchError(f"'{path}' is no baseline of 'bench gate'; {ANEW}") from error
    if found > FORMAT:
        raise BenchError(f"'{path}' has format {found}, this is a bench for format {FORMAT}; install a newer one")
    missing = [name for name in ROW if name not in table.column_names] + sorted(FACTS - facts.keys())
    if missing:
        raise BenchError(f"baseline '{path}' lacks {', '.join(missing)}; {ANEW}")
    try:
        return Snapshot(facts, typed([table.to_pandas()]))
    except (ValueError, TypeError) as error:
        raise BenchError(f"baseline '{path}' holds values of other types; {ANEW}") from error
