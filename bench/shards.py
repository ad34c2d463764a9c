"""The results folder: one folder a finished stage, one file a run and a finished cell; all by atomic rename.

    stages/<key>/stage.json    the StageResult; exists only where the stage is done
                 model/        of a fit: what Generator.save wrote
                 records.parquet  of a sample
                 scores.json   of a sample and of an evaluator
    stages/.<key>.checkpoint   what a fit or an evaluation that was stopped goes on from
    runs/<run>/run.json        the run's spec, command, host, versions
               <cell>.json     a cell with the results of all its stages, failed ones included
    bench.duckdb               made from the files above (`bench.store.ingest`)

Something that is being written has a name that starts with a dot.
"""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import socket
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.errors import BenchError

Phase = Literal["raised", "timeout", "memory", "killed", "upstream"]
DATABASE = "bench.duckdb"
# Below this much free space a failed write is the disk's fault, whatever a library made of it.
FULL_DISK_BYTES = 1 << 20


@dataclass(frozen=True)
class StageResult:
    """What became of one stage.

    Args:
        key: the identity of the stage: equal keys compute equal results.
        stage: `fit`, `sample` or the name of an evaluator.
        status: done or failed.
        finished_at: UTC, ISO 8601.
        wall_seconds: what it took, in all tries where it was stopped and went on.
        cpu_seconds: of the process and its children; None where the process could not tell.
        peak_memory_bytes: see `bench.limits`; None where the process could not tell.
        device: what it ran on.
        phase: how it failed; None where it did not.
        error: message of the failure.
        details: of a sample: requested, returned, attempts, rejected, shortfall.
        scores: fields of `evaluators.base.Score`.
    """

    key: str
    stage: str
    status: Literal["done", "failed"]
    finished_at: str
    wall_seconds: float
    cpu_seconds: float | None
    peak_memory_bytes: int | None
    device: str
    phase: Phase | None = None
    error: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    scores: list[dict[str, Any]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.status == "done"


def prepare(results: Path) -> None:
    """Make the results folder.

    Raises:
        BenchError: it cannot be made or written to.
    """
    check_utf8(str(results))
    try:
        for folder in (stages_folder(results), runs_folder(results)):
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".{uuid.uuid4().hex}"
            probe.touch()
            probe.unlink()
    except OSError as error:
        raise BenchError(
            f"results folder '{results}' cannot be written to ({error.strerror}); choose another with --results"
        ) from error


def stages_folder(results: Path) -> Path:
    return results / "stages"


def runs_folder(results: Path) -> Path:
    return results / "runs"


def read_stage(stages: Path, key: str) -> StageResult | None:
    """The result of a finished stage; None where there is none or its file is damaged."""
    try:
        return StageResult(**json.loads((stages / key / "stage.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def start_stage(stages: Path, key: str) -> Path:
    """A fresh folder to build a stage in.

    Raises:
        BenchError: the disk is full, or the folder cannot be written to.
    """
    discard_dead(stages, key)
    building = stages / f".{key}.{socket.gethostname()}.{os.getpid()}"
    discard(building)
    try:
        building.mkdir(parents=True)
    except OSError as error:
        raise BenchError(f"'{stages}' cannot be written to ({error.strerror})") from error
    return building


def discard_dead(stages: Path, key: str) -> None:
    """Remove what killed processes of this machine left of a stage."""
    import psutil  # noqa: PLC0415 - the light commands do not need it

    for left in stages.glob(f".{key}.{socket.gethostname()}.*"):
        if not psutil.pid_exists(int(left.name.split(".")[-1])):
            shutil.rmtree(left, ignore_errors=True)


def finish_stage(building: Path, stages: Path, result: StageResult) -> None:
    """Write the result and give the folder its final name, in place of an older one."""
    if result.scores:
        (building / "scores.json").write_text(to_json(result.scores), encoding="utf-8")
    (building / "stage.json").write_text(to_json(asdict(result)), encoding="utf-8")
    final = stages / result.key
    if final.exists():
        old = building.with_name(f".{result.key}.old.{socket.gethostname()}.{os.getpid()}")
        final.rename(old)
        shutil.rmtree(old, ignore_errors=True)
    building.rename(final)


def discard(building: Path) -> None:
    """Remove what is left of a stage that did not finish; does nothing after `finish_stage`."""
    shutil.rmtree(building, ignore_errors=True)


def private_stages(stages: Path, process: int) -> Path:
    """Where a process that was launched together with others keeps what only the first of them is to keep."""
    return stages / f".process-{process}"


def checkpoint_folder(stages: Path, key: str) -> Path:
    """Where a fit, a sampling or an evaluation keeps its state.

    It stays where the stage was stopped from outside: killed, out of time or memory, left by a model server.
    """
    return stages / f".{key}.checkpoint"


def write_json(path: Path, value: object) -> None:
    write_text(path, to_json(value) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file by atomic rename, making its folder.

    Raises:
        BenchError: the disk is full, the folder cannot be written to, or the path is that of something else.
    """
    try:
        if path.exists() and not path.is_file():  # the rename would put a file in the place of a device
            raise BenchError(f"'{path}' cannot be written (it is no file)")
        building = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            building.write_text(text, encoding="utf-8")
            building.replace(path)
        finally:
            building.unlink(missing_ok=True)
    except OSError as error:
        raise BenchError(f"'{path}' cannot be written ({error.strerror})") from error


def disk_full(error: BaseException, folder: Path) -> bool:
    """Whether a write failed because there is no space left, also where a library hid the error number."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return shutil.disk_usage(folder).free < FULL_DISK_BYTES


def to_json(value: object) -> str:
    """The JSON text of a value.

    Raises:
        BenchError: a text in it, such as the name of a file, is not UTF-8.
    """
    text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False)
    check_utf8(text)
    return text


def check_utf8(text: str) -> None:
    """Refuse what neither a file nor the store can hold: Python's stand-ins for bytes that are not UTF-8.

    Raises:
        BenchError: quotes the first of them, in a form that can be stored itself.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        near = ascii(text[max(0, error.start - 30) : error.start + 1])[1:-1]
        raise BenchError(f"'...{near}' cannot be stored: its end is not UTF-8; rename it") from error


def plain(value: Any) -> Any:
    """A JSON-able copy: NumPy values become Python's, numbers that JSON does not know become null."""
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
