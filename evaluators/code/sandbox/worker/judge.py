"""The process of the trusted test: it starts the program's process, reads the test, and sends the verdict.

The program's process is forked before the test is read, and the test and the verdict go past the worker, over
descriptors that it only hands on. So no memory that a program can look at, its own or an earlier one's, ever
held a test.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from . import frames, namespaces, program, testing
from .confine import Rules, confine
from .kernel import LINUX, PR_SET_PDEATHSIG, prctl
from .remote import Left, Lost, Program

# Memory of the test's process beyond the program's: both sides of a comparison, and the text they came in.
EXTRA_BYTES = 256 * 2**20
GONE_SECONDS = 1.0
# The kernel counts ticks for its limit, and reports finer times that can be well below on a busy machine.
NEARLY = 0.5
HIGHEST_DESCRIPTOR = 512


@dataclass(frozen=True)
class Channels:
    """Descriptors: of the test to come, for the verdict, for notes to the worker, for what the program prints."""

    requests: int
    verdicts: int
    notes: int
    output: int


def judge(source: str, alone: bool, channels: Channels, rules: Rules, folder: str) -> None:
    """Run a task in this process and a child, and send the verdict.

    Raises:
        OSError: the processes could not be set up.
    """
    if "namespaces" in rules.layers:
        namespaces.start_task(rules.limits["file_bytes"])
    if LINUX:  # again in `confine`, as another user forgets it: the program may kill the worker before that
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        try:
            start_program(source, alone, theirs.fileno(), channels.output, rules, folder)
        finally:
            os._exit(1)
    theirs.close()
    os.write(channels.notes, b"program %d\n" % child)
    request = frames.read_frame(channels.requests)
    os.write(channels.notes, b"read\n")
    os.close(channels.requests)
    os.close(channels.output)
    os.chdir(folder)
    generous = {**rules.limits, "memory_bytes": rules.limits["memory_bytes"] + EXTRA_BYTES}
    confine(replace(rules, limits=generous), folder)
    connection = Program(ours.fileno(), rules.limits["result_bytes"])
    try:
        status, detail = testing.verdict(connection, request["test"], request["entry_point"])
    except Left as error:
        status, detail = testing.of_leaving(error)
    except Lost as error:
        status, detail = fate(child, str(error), rules, lambda: os.write(channels.notes, b"gone\n"))
    except BaseException as error:
        status, detail = testing.of_exception(error, "the test", "error")
    frames.write_frame(channels.verdicts, {"status": status, "detail": detail})


def start_program(source: str, alone: bool, descriptor: int, output: int, rules: Rules, folder: str) -> None:
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(descriptor, 3)
    os.closerange(4, HIGHEST_DESCRIPTOR)
    os.chdir(folder)
    confine(rules, folder)
    program.serve(source, 3, rules.limits["result_bytes"], alone)


def fate(child: int, why: str, rules: Rules, tell: Callable[[], object]) -> tuple[str, str]:
    """Status and detail where the program's process no longer answers.

    The worker is told before the number of the dead process becomes free for another, as it would kill that one.
    """
    if why:
        return "error", testing.one_line(why)
    end = time.monotonic() + GONE_SECONDS
    while not is_dead(child):
        if time.monotonic() > end:
            return "error", "the program closed its connection to the test"
        time.sleep(0.002)
    tell()
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    return of_status(status, usage, rules)


def is_dead(child: int) -> bool:
    if not LINUX:  # which has no way to look without taking the number away
        return True
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def of_status(status: int, usage: resource.struct_rusage, rules: Rules, who: str = "program") -> tuple[str, str]:
    """Status and detail of a process that ended without an answer."""
    if not os.WIFSIGNALED(status):
        return "error", f"the {who} ended its process with exit code {os.waitstatus_to_exitcode(status)}"
    number = os.WTERMSIG(status)
    used = usage.ru_utime + usage.ru_stime
    if number == signal.SIGXCPU or (number == signal.SIGKILL and used > NEARLY * rules.limits["cpu_seconds"]):
        return "timeout", f"more than {rules.limits['cpu_seconds']} s of processor time"
    with contextlib.suppress(ValueError):
        return "killed", f"the {who} died of {signal.Signals(number).name}"
    return "killed", f"the {who} died of signal {number}"
