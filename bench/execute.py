"""One cell: its stages in order, none computed twice, each failure stored as a result.

`steps` decides what is to be done and knows nothing of processes; an executor does it
(`bench.executors`) and sends the result back in.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench import shards
from bench.errors import BenchError
from bench.plan import Cell
from bench.progress import SILENT, Progress
from bench.shards import StageResult
from bench.stages import StageJob, now


@dataclass(frozen=True)
class CellResult:
    """What became of a cell, one result a stage."""

    cell: Cell
    stages: tuple[StageResult, ...]

    @property
    def failed(self) -> list[StageResult]:
        return [stage for stage in self.stages if not stage.done]


class Watcher:
    """Is told how far a run is; this one keeps silent. The command line passes one that draws."""

    progress: Progress = SILENT

    def planned(self, cells: Sequence[Cell]) -> None:
        """The run is about to begin."""

    def started(self, cell: Cell, job: StageJob) -> None:
        """A stage begins."""

    def finished(self, cell: Cell, result: StageResult, *, computed: bool) -> None:
        """A stage ended, or was found finished (`computed` is false)."""


class Executor(Protocol):
    """Runs cells somewhere; results come in the order in which the cells end."""

    def __call__(
        self, cells: Iterable[Cell], stages: Path, *, force: bool, jobs: int, watcher: Watcher
    ) -> Iterator[CellResult]: ...


Steps = Generator[StageJob, StageResult, CellResult]


def steps(cell: Cell, stages: Path, *, force: bool, watcher: Watcher) -> Steps:
    """Yields the jobs of a cell that are to be done now, is sent their results, returns the cell's.

    A finished stage is taken from its folder unless `force`; a failed one left no folder and so is
    tried again; what depends on a failed stage fails with phase `upstream`.
    """
    results: dict[str, StageResult] = {}
    for job in cell.stages:
        cause = results.get(job.upstream) if job.upstream is not None else None
        found = None if force else shards.read_stage(stages, job.key)
        if cause is not None and not cause.done:
            result, computed = upstream_failure(job, cause), True
        elif found is not None:
            result, computed = found, False
        else:
            if force:
                shards.discard(shards.checkpoint_folder(stages, job.key))
            watcher.started(cell, job)
            result, computed = (yield job), True
        results[job.key] = result
        watcher.finished(cell, result, computed=computed)
    return CellResult(cell, tuple(results.values()))


def upstream_failure(job: StageJob, cause: StageResult) -> StageResult:
    return StageResult(
        key=job.key,
        stage=job.stage,
        status="failed",
        finished_at=now(),
        wall_seconds=0.0,
        cpu_seconds=0.0,
        peak_memory_bytes=None,
        device=cause.device,
        phase="upstream",
        error=f"{cause.stage} failed: {cause.error}",
    )


def executor(name: str | None, jobs: int) -> Executor:
    """The executor of that name; without one, `inline` for one job and `process` for several.

    Raises:
        BenchError: several jobs in one process.
    """
    name = name or ("inline" if jobs == 1 else "process")
    if name == "inline":
        if jobs > 1:
            raise BenchError(f"the inline executor runs one job at a time, not {jobs}; leave --executor out")
        from bench.executors.inline import run  # noqa: PLC0415 - one of several, chosen by name

        return run
    from bench.executors.process import run as run_processes  # noqa: PLC0415

    return run_processes
