"""What goes into the sandbox and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MEBIBYTE = 2**20
Status = Literal["passed", "failed", "error", "timeout", "memory", "killed"]


@dataclass(frozen=True)
class Limits:
    """What one task may use; its program and its test each have the process limits for themselves.

    The limit of CPU time is the tighter one, so that an outcome does not depend on how busy the machine is.

    Args:
        wall_seconds: from its start to its end, after which all its processes are killed.
        cpu_seconds: whole seconds of processor time.
        memory_bytes: address space.
        file_bytes: of one file, and of the temporary folder together where that is a file system of its own.
        output_bytes: of standard output and standard error together that are kept; the rest is read and dropped.
        processes: processes and threads.
        open_files: file descriptors.
        result_bytes: of one value that goes from the program to the test or back.
    """

    wall_seconds: float = 15.0
    cpu_seconds: int = 3
    memory_bytes: int = 512 * MEBIBYTE
    file_bytes: int = 16 * MEBIBYTE
    output_bytes: int = 16 * 1024
    processes: int = 32
    open_files: int = 64
    result_bytes: int = 16 * MEBIBYTE


@dataclass(frozen=True)
class Task:
    """A program, and what it is to do.

    A name that the test uses comes from the program unless the test defines it itself. A builtin (`abs`, `sum`) is
    the test's own, except in a test that uses no other name of the program.

    Args:
        program: untrusted source. It runs as `__main__` where there is no test.
        test: trusted source. It defines `check(candidate)`, or holds plain assertions that use the program's names.
            Empty: the program only runs to its end.
        entry_point: the name of the function given to `check`; empty where the test is plain assertions.
    """

    program: str
    test: str = ""
    entry_point: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a task ended.

    Args:
        status: "passed": the assertions of the test ran and held; without a test, the program ran to its end.
            "failed": an assertion did not hold, or none ran. "error": another exception, or the program left early.
            "timeout", "memory": that limit. "killed": a process died for another reason.
        detail: one line: type and message of the exception, or which limit; empty where passed.
        output: what the program wrote to standard output and standard error, up to the limit.
    """

    status: Status
    detail: str
    output: str
