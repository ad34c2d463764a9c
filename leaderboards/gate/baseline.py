"""The baseline: a snapshot as one parquet file, its provenance in the file's metadata, small enough to commit."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.errors import BenchError
from leaderboards.gate.snapshot import ROW, Snapshot, typed

FORMAT = 1
MARK = b"bench gate baseline"


def write(path: Path, snapshot: Snapshot) -> None:
    """Write a baseline by atomic rename, making its folder.

    Raises:
        BenchError: the folder cannot be written to.
    """
    facts = json.dumps({"format": FORMAT, **snapshot.facts}, ensure_ascii=False, sort_keys=True)
    table = pa.Table.from_pandas(snapshot.rows, preserve_index=False).replace_schema_metadata({MARK: facts})
    building = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, building, compression="zstd")
        building.replace(path)
    except OSError as error:
        raise BenchError(f"'{path}' cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):  # where the folder is a file, not even this can be asked
            building.unlink(missing_ok=True)


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
        raise BenchError(f"'{path}' is no baseline of 'bench gate'; --update writes one from a run") from error
    if found > FORMAT:
        raise BenchError(f"'{path}' has format {found}, this is a bench for format {FORMAT}; install a newer one")
    missing = [name for name in ROW if name not in table.column_names]
    if missing:
        raise BenchError(f"baseline '{path}' lacks the columns {', '.join(missing)}; write it anew with --update")
    return Snapshot(facts, typed([table.to_pandas()]))
