"""The worker: a warm process that forks a test's process for every task, watches the clock, and cleans up.

Requests are two messages: what the program's process may know, then what only the test's process reads. Answers are
one or two: the verdict, written by the test's process, then the worker's own, which ends the task.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import frames, judge, landlock, namespaces, seccomp
from .confine import Rules, become, confine
from .kernel import LINUX, PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE, prctl

# What programs import most, so that they need not read it every time.
WARM = (
    *("abc", "argparse", "bisect", "collections", "collections.abc", "copy", "csv", "dataclasses", "datetime"),
    *("decimal", "enum", "fractions", "functools", "hashlib", "heapq", "io", "itertools", "json", "logging", "math"),
    *("operator", "random", "re", "statistics", "string", "textwrap", "threading", "typing"),
)
FIRST_USER = 1_900_000_000
NOBODY = 65534
SETUP_FAILED = 70


class HungUp(Exception):
    """The pool is gone."""


def main() -> None:
    requests, verdicts = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    os.environ.clear()
    settings = frames.read_frame(requests)
    base = settings["folder"]
    try:
        if LINUX:
            prctl(PR_SET_CHILD_SUBREAPER, 1)
        rules = set_up(settings)
        if LINUX:
            prctl(PR_SET_DUMPABLE, 0)  # no process of the same user reads the memory of a test's process
        for name in WARM:
            importlib.import_module(name)
        frames.write_frame(verdicts, {"layers": sorted(rules.layers)})
        gc.collect()
        gc.freeze()
        while True:
            work(requests, verdicts, rules, base)
    except (frames.Closed, HungUp, BrokenPipeError):
        pass
    except Exception as error:
        text = " ".join(traceback.format_exception_only(error)).strip()
        frames.write_frame(verdicts, {"broken": text})
    finally:
        shutil.rmtree(base, ignore_errors=True)


def set_up(settings: dict[str, Any]) -> Rules:
    """Take on every wanted layer that works here; each is first tried in a child."""
    wanted, layers, user = set(settings["layers"]), set(), -1
    others = settings["others"]
    if "namespaces" in wanted and namespaces.available() and works(lambda: try_namespaces(settings["folder"])):
        namespaces.enter(settings["folder"])
        layers.add("namespaces")
    for candidate in (FIRST_USER + settings["number"], NOBODY):
        if "user" in wanted and user < 0 and works(lambda one=candidate: try_user(one)):
            user = candidate
            layers.add("user")
    readable = tuple(path for path in (*namespaces.readable(), *namespaces.DEVICES) if os.path.exists(path))
    rules = Rules(settings["limits"], frozenset(layers), user, 0 if layers else others, readable)
    folder = namespaces.FOLDER if "namespaces" in layers else settings["folder"]
    for name, module in (("landlock", landlock), ("seccomp", seccomp)):
        if name == "landlock" and "namespaces" in layers:
            continue  # there is nothing left to guard
        more = replace(rules, layers=rules.layers | {name})
        if name in wanted and module.available() and works(lambda more=more: try_confinement(more, folder)):
            rules = more
    return rules


def works(attempt: Callable[[], None]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            attempt()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def try_namespaces(folder: str) -> None:
    namespaces.enter(folder)
    namespaces.start_task(2**20)
    read_library()
    child = os.fork()
    if child == 0:
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise OSError("a process with numbers of its own does not run")


def try_user(user: int) -> None:
    if os.getuid() != 0:
        raise PermissionError("only root can become somebody else")
    become(user)
    read_library()


def try_confinement(rules: Rules, folder: str) -> None:
    confine(rules, folder)
    read_library()


def read_library() -> None:
    with open(os.__file__, encoding="utf-8") as file:
        file.read()


def work(requests: int, verdicts: int, rules: Rules, base: str) -> None:
    """One task, from its first message to the answer that ends it.

    Raises:
        HungUp, frames.Closed: the pool is gone.
        RuntimeError: the test's process died before it had read the test, so the next message is not a request.
    """
    task = frames.read_frame(requests)
    inside = "namespaces" in rules.layers
    folder = namespaces.FOLDER if inside else tempfile.mkdtemp(dir=base)
    if not inside and rules.user >= 0:
        os.chown(folder, rules.user, rules.user)
    watch = Watch(requests, rules)
    child = os.fork()
    if child == 0:
        try:
            channels = judge.Channels(requests, verdicts, watch.notes[1], watch.output[1])
            judge.judge(task["program"], task["alone"], channels, rules, folder)
            os._exit(0)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(watch.notes[1], b"failed %s\n" % repr(error).encode("ascii", "replace")[:200])
        finally:
            os._exit(SETUP_FAILED)
    try:
        answer = watch.until_the_end(child)
    finally:
        watch.close()
        if not inside:
            shutil.rmtree(folder, ignore_errors=True)
    frames.write_frame(verdicts, answer)


class Watch:
    """Follows one task: the notes of the test's process, the output of the program, the clock."""

    def __init__(self, requests: int, rules: Rules) -> None:
        self.requests = requests
        self.rules = rules
        self.notes = os.pipe()
        self.output = os.pipe()
        os.set_blocking(self.notes[0], False)
        os.set_blocking(self.output[0], False)
        self.said = b""
        self.kept = bytearray()

    def until_the_end(self, child: int) -> dict[str, Any]:
        """The worker's answer; afterwards no process of the task is left.

        Raises:
            HungUp, RuntimeError: see `work`.
        """
        os.close(self.notes[1])
        os.close(self.output[1])
        in_time, hung_up = self.follow()
        if not in_time or hung_up:
            os.kill(child, signal.SIGKILL)
        program = self.program()
        if program:
            kill(program)
        _, status, usage = os.wait4(child, 0)
        self.reap(program)
        self.drain()
        if hung_up:
            raise HungUp
        if b"read\n" not in self.said:
            why = self.said.partition(b"failed ")[2].decode("ascii", "replace").strip()
            raise RuntimeError(f"the sandbox could not start a task: {why or 'a process died'}")
        answer: dict[str, Any] = {"output": self.kept.decode("utf-8", "replace")}
        if not in_time:
            seconds = self.rules.limits["wall_seconds"]
            answer |= {"status": "timeout", "detail": f"more than {seconds:g} s"}
        elif status != 0:
            verdict = judge.of_status(status, usage, self.rules, "test")
            answer |= {"status": verdict[0], "detail": verdict[1]}
        return answer

    def follow(self) -> tuple[bool, bool]:
        """Whether the test's process ended in time, and whether the pool is gone."""
        end = time.monotonic() + self.rules.limits["wall_seconds"]
        poll = select.poll()
        poll.register(self.notes[0], select.POLLIN)
        poll.register(self.output[0], select.POLLIN)
        poll.register(self.requests, 0)
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return False, False
            for descriptor, event in poll.poll(1000 * left + 1):
                if descriptor == self.requests and event & (select.POLLHUP | select.POLLERR):
                    return True, True
                if descriptor == self.output[0] and not self.drain():
                    poll.unregister(descriptor)
                if descriptor == self.notes[0]:
                    note = os.read(descriptor, 4096)
                    if not note:
                        return True, False
                    self.said += note

    def drain(self) -> bool:
        """Read what is there and keep it up to the limit; whether there may be more."""
        while True:
            try:
                part = os.read(self.output[0], 65536)
            except BlockingIOError:
                return True
            if not part:
                return False
            self.kept += part[: self.rules.limits["output_bytes"] - len(self.kept)]

    def program(self) -> int:
        """The number of the program's process; 0 where it is not known, or no longer its own."""
        with contextlib.suppress(BlockingIOError):
            self.said += os.read(self.notes[0], 4096)
        number = self.said.partition(b"program ")[2].partition(b"\n")[0]
        return 0 if b"gone\n" in self.said or not number else int(number)

    def reap(self, program: int) -> None:
        """Wait for what the death of the test's process left to this one."""
        with contextlib.suppress(ChildProcessError):
            if program and LINUX:
                os.waitpid(program, 0)
        for stray in strays():
            kill(stray)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    def close(self) -> None:
        os.close(self.notes[0])
        os.close(self.output[0])


def strays() -> list[int]:
    """Children that this process did not fork: what a program started and left behind (Linux)."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(number) for number in file.read().split()]
    except OSError:  # such as inside of namespaces, where every task takes its processes with it
        return []


def kill(process: int) -> None:
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(process, signal.SIGKILL)
