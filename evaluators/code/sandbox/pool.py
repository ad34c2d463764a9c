"""The near side of the sandbox: a pool of warm workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import psutil

from bench.errors import BenchError
from bench.progress import SILENT, Progress
from bench.progress import Task as Bar
from evaluators.code.sandbox.task import Limits, Outcome, Task
from evaluators.code.sandbox.worker import frames
from evaluators.code.sandbox.worker.confine import LAYERS
from evaluators.code.sandbox.worker.testing import prepare

if TYPE_CHECKING:
    # `START` imports it: named here, it and all that it imports are code that a score depends on
    from evaluators.code.sandbox.worker import server  # noqa: F401

# -S, -s, -P: no site packages and no folder of the user's on the path, so that all machines have the same library.
OPTIONS = ("-s", "-S", "-P", "-B", "-X", "utf8")
START = "import sys; sys.path.insert(0, {!r}); from worker.server import main; del sys.path[0]; main()"
GRACE_SECONDS = 20.0
LIMITS = Limits()
WORDS = {
    "namespaces": "namespaces (no network, own process numbers, nothing but Python's own files, read-only)",
    "landlock": "Landlock (nothing but Python's own files, read-only)",
    "seccomp": "a system call filter (no processes, programs, sockets)",
    "user": "a user that owns nothing",
}


class Worker:
    """One worker process and the task that it is busy with."""

    def __init__(self, number: int, limits: Limits, layers: Collection[str], others: int) -> None:
        self.folder = tempfile.mkdtemp(prefix="difflm-bench-sandbox-")
        os.chmod(self.folder, 0o711)
        self.position = -1
        self.deadline = 0.0
        self.verdict: dict[str, Any] = {}
        self.process = subprocess.Popen(
            [sys.executable, *OPTIONS, "-c", START.format(str(Path(__file__).parent))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONHASHSEED": "0"},
            cwd="/",
            start_new_session=True,
        )
        settings = {
            "limits": asdict(limits),
            "layers": sorted(layers),
            "folder": self.folder,
            "number": 1000 * (os.getpid() % 10_000) + number,
            "others": others,
        }
        with suppress(BrokenPipeError):
            frames.write_frame(self.stdin, settings)

    def layers(self) -> list[str]:
        """Wait for the start, and say what protects.

        Raises:
            BenchError: it does not start.
        """
        try:
            message = frames.read_frame(self.stdout)
        except frames.Closed as error:
            raise BenchError(f"a worker of the sandbox does not start: {error}") from error
        if "layers" not in message:
            raise BenchError(f"a worker of the sandbox does not start: {message.get('broken')}")
        return list(message["layers"])

    @property
    def stdin(self) -> int:
        assert self.process.stdin is not None
        return self.process.stdin.fileno()

    @property
    def stdout(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def start(self, position: int, task: Task, limits: Limits) -> None:
        """Hand over a task; a worker that has died shows when its answer is read."""
        self.position, self.verdict = position, {}
        self.deadline = time.monotonic() + limits.wall_seconds + GRACE_SECONDS
        with suppress(BrokenPipeError):
            frames.write_frame(self.stdin, {"program": task.program, "alone": not task.test})
            frames.write_frame(self.stdin, {"test": prepared(task.test), "entry_point": task.entry_point})

    def receive(self) -> Outcome | None:
        """The outcome, if this message ended the task.

        Raises:
            Died: the worker is no more.
        """
        try:
            message = frames.read_frame(self.stdout)
        except frames.Closed:
            raise Died("the worker died") from None
        if "broken" in message:
            raise Died(message["broken"])
        if "output" not in message:
            self.verdict = message
            return None
        final = self.verdict | message
        return Outcome(final["status"], final["detail"], final["output"])

    def close(self) -> None:
        """End the worker, its tasks, and its folder."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Died(Exception):
    """A worker has died; the message says what is known."""


class Sandbox:
    """Runs untrusted programs, several at a time; a context manager that owns its processes.

    Args:
        limits: of every task.
        workers: tasks at the same time; as many as there are cores where None.
        layers: of isolation that may be used, for tests of a machine that lacks some.

    Raises:
        BenchError: not a POSIX machine, or the workers do not start.
    """

    def __init__(self, limits: Limits = LIMITS, workers: int | None = None, layers: Collection[str] = LAYERS) -> None:
        if os.name != "posix":
            raise BenchError("the sandbox needs Linux or macOS; run there, or leave out what executes programs")
        self.limits = limits
        self.allowed = layers
        self.others = own_processes()
        self.workers: list[Worker] = []
        try:
            for number in range(workers or cores()):
                self.workers.append(self.hire(number))
            self.layers = [worker.layers() for worker in self.workers][-1]
        except BaseException:
            self.close()
            raise

    @property
    def isolation(self) -> str:
        """What protects on this machine, in words."""
        words = [WORDS[layer] for layer in LAYERS if layer in self.layers]
        return ", ".join(["limits of time, memory and files", *words])

    def run(self, tasks: Sequence[Task], progress: Progress = SILENT) -> list[Outcome]:
        """Outcomes in the order of the tasks.

        Tasks whose worker died are run again one by one; only one that kills its worker alone is to blame.

        Raises:
            BenchError: the sandbox is closed, which an exception during a run does.
        """
        if not self.workers:
            raise BenchError("this sandbox is closed; make a new one")
        outcomes: dict[int, Outcome] = {}
        try:
            with progress.task("running programs", len(tasks), "programs") as bar:
                for position in self.work(tasks, range(len(tasks)), self.workers, outcomes, bar):
                    alone = self.work(tasks, [position], self.workers[:1], outcomes, bar)
                    if alone:
                        outcomes[position] = Outcome("killed", alone[position], "")
                        bar.advance()
        except BaseException:  # among them Ctrl-C: the answers still to come belong to nobody
            self.close()
            raise
        return [outcomes[position] for position in range(len(tasks))]

    def work(
        self,
        tasks: Sequence[Task],
        positions: Sequence[int],
        workers: Sequence[Worker],
        outcomes: dict[int, Outcome],
        bar: Bar,
    ) -> dict[int, str]:
        """Run the tasks at these positions; why the worker died for each that it died of."""
        waiting, idle, died = deque(positions), list(workers), dict[int, str]()
        busy: dict[int, Worker] = {}
        while waiting or busy:
            while waiting and idle:
                worker = idle.pop()
                position = waiting.popleft()
                worker.start(position, tasks[position], self.limits)
                busy[worker.stdout] = worker
            patience = min(worker.deadline for worker in busy.values()) - time.monotonic()
            ready = wait(list(busy), max(0.0, patience))
            late = [one for one, worker in busy.items() if one not in ready and worker.deadline < time.monotonic()]
            for descriptor in [*ready, *late]:
                worker = busy[descriptor]
                try:
                    if descriptor in late:
                        raise Died("the worker did not answer in time")
                    outcome = worker.receive()
                except Died as error:
                    del busy[descriptor]
                    died[worker.position] = str(error)
                    idle.append(self.replace(worker))
                    continue
                if outcome is not None:
                    outcomes[worker.position] = outcome
                    idle.append(busy.pop(descriptor))
                    bar.advance()
        return died

    def replace(self, worker: Worker) -> Worker:
        worker.process.kill()
        worker.close()
        index = self.workers.index(worker)
        self.workers[index] = self.hire(index)
        self.workers[index].layers()
        return self.workers[index]

    def hire(self, number: int) -> Worker:
        return Worker(number, self.limits, self.allowed, self.others)

    def close(self) -> None:
        for worker in self.workers:
            worker.close()
        self.workers = []

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@lru_cache(maxsize=256)
def prepared(test: str) -> dict[str, Any]:
    return prepare(test) if test else {}


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def own_processes() -> int:
    """Processes and threads of this user, which a limit of processes counts as well."""
    user, threads = os.getuid(), 0
    for process in psutil.process_iter(["uids", "num_threads"]):
        if process.info["uids"] is not None and process.info["uids"].real == user:
            threads += process.info["num_threads"] or 1
    return threads
