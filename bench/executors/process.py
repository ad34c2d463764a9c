"""Runs cells side by side, each in a fresh spawned process that the run survives.

A crash, a kill by the system or a hang ends that process only: the stage in flight fails, and a new
process takes up the cell's remaining stages. The cores are shared out among the processes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from bench import provenance, shards
from bench.errors import BenchError
from bench.execute import CellResult, Steps, Watcher, steps
from bench.plan import Cell
from bench.progress import SILENT
from bench.shards import Phase, StageResult
from bench.stages import StageJob, now, perform

# A stage that does not end itself at its limit, stuck in compiled code, is killed this much later.
GRACE_SECONDS = 15.0
# Before its time begins, a stage that has a limit may take this long to import its code and read its data.
PREPARE_SECONDS = 1800.0
# The system cannot wait for weeks at once; who has waited so long waits again.
LONGEST_WAIT_SECONDS = 86_400.0
READY, PREPARED = "ready", "prepared"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


def run(cells: Iterable[Cell], stages: Path, *, force: bool, jobs: int, watcher: Watcher) -> Iterator[CellResult]:
    """Keep up to `jobs` cells going until all are done.

    Raises:
        BenchError: there is no space left to write to.
    """
    waiting = iter(cells)
    lanes: list[Lane] = []
    with threads_per_process(max(1, (os.cpu_count() or 1) // jobs)):
        try:
            while True:
                for cell in islice(waiting, jobs - len(lanes)):
                    lanes.append(Lane(steps(cell, stages, force=force, watcher=watcher), stages))
                if not lanes:
                    return
                wait_for_any(lanes)
                for lane in list(lanes):
                    lane.collect()
                    if lane.result is not None:
                        lanes.remove(lane)
                        yield lane.result
        finally:
            for lane in lanes:
                lane.stop()


@contextmanager
def threads_per_process(count: int) -> Iterator[None]:
    """Children compute with `count` threads each, unless the user has said otherwise."""
    added = {name: str(count) for name in THREAD_VARIABLES if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


class Lane:
    """One cell on its way, and the process that works for it."""

    def __init__(self, todo: Steps, stages: Path) -> None:
        self.result: CellResult | None = None
        self._todo = todo
        self._stages = stages
        self._process: BaseProcess | None = None
        self._advance(None)

    @property
    def handles(self) -> list[Connection | int]:
        """What becomes ready when there is something to collect."""
        return [] if self._process is None else [self._pipe, self._process.sentinel]

    @property
    def patience(self) -> float | None:
        """Seconds until the stage is killed; 0 where there is something to collect, None for no limit."""
        if self.result is not None:
            return 0.0
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def collect(self) -> None:
        """Take the stage's result if there is one, or end it if it is dead or too late."""
        if self.result is not None:
            return
        assert self._process is not None
        if self._pipe.poll():
            try:
                reply = self._pipe.recv()
            except (EOFError, OSError):
                self._process.join()
                self._advance(self._lost("killed", death(self._process.exitcode)))
                return
            if isinstance(reply, BenchError):
                raise reply
            if reply == READY:
                self._send()
            elif reply == PREPARED:
                self._begin()
            else:
                self._advance(reply)
        elif not self._process.is_alive():
            self._advance(self._lost("killed", death(self._process.exitcode)))
        elif self.patience == 0.0:
            self._advance(self._lost("timeout", self._too_long))

    def stop(self) -> None:
        """End the process, whatever it is doing, and remove what it has half written."""
        if self._process is None:
            return
        self._process.kill()
        self._process.join()
        self._process = None
        self._pipe.close()
        shards.discard_dead(self._stages, self._job.key)

    def _advance(self, result: StageResult | None) -> None:
        try:
            self._job = next(self._todo) if result is None else self._todo.send(result)
        except StopIteration as end:
            self.stop()
            self.result = end.value
            return
        if self._process is None:
            self._start()
        else:
            self._send()

    def _send(self) -> None:
        """Set the process to work."""
        self._wait(PREPARE_SECONDS)
        self._too_long = f"importing the code and reading the data took longer than {PREPARE_SECONDS:g} s"
        with suppress(OSError):  # a process that is dead already is found by `collect`
            self._pipe.send(self._job)

    def _begin(self) -> None:
        """Code and data are there: only now the stage's time begins."""
        limit = self._job.timeout_seconds
        if limit is not None:
            self._too_long = f"took longer than {limit:g} s and did not stop"
        self._wait(GRACE_SECONDS + (limit or 0.0))

    def _wait(self, seconds: float) -> None:
        """Be patient for so long, or for ever where the stage has no limit."""
        self._started = time.monotonic()
        self._deadline = None if self._job.timeout_seconds is None else self._started + seconds

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, self._stages), daemon=False)
        # Ctrl-C reaches the whole process group: children never see it, the parent ends them
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        theirs.close()
        self._started, self._deadline = time.monotonic(), None

    def _lost(self, phase: Phase, error: str) -> StageResult:
        """The result of a stage whose process cannot tell it."""
        self.stop()
        return StageResult(
            key=self._job.key,
            stage=self._job.stage,
            status="failed",
            finished_at=now(),
            wall_seconds=time.monotonic() - self._started,
            cpu_seconds=None,
            peak_memory_bytes=None,
            device=provenance.device(),
            phase=phase,
            error=error,
        )


def wait_for_any(lanes: list[Lane]) -> None:
    patience = [lane.patience for lane in lanes if lane.patience is not None]
    wait([handle for lane in lanes for handle in lane.handles], min([*patience, LONGEST_WAIT_SECONDS]))


def death(exitcode: int | None) -> str:
    """How a process ended, in words."""
    if exitcode is None or exitcode >= 0:
        return f"the process ended with exit code {exitcode}"
    name = signal.Signals(-exitcode).name
    hint = ", as the system does when memory runs out" if -exitcode == signal.SIGKILL else ""
    return f"the process was ended by {name}{hint}"


def work(pipe: Connection, stages: Path) -> None:
    """What the process does: one stage after another, until the parent hangs up."""
    with suppress(EOFError, BrokenPipeError):
        pipe.send(READY)
        while True:
            job: StageJob = pipe.recv()
            try:
                pipe.send(perform(job, stages, SILENT, lambda: tell(pipe)))
            except BenchError as error:
                pipe.send(error)


def tell(pipe: Connection) -> None:
    """That a stage is prepared; a parent that is gone is noticed at the stage's end, whose result is kept."""
    with suppress(OSError):
        pipe.send(PREPARED)
