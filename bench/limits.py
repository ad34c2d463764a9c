"""What a stage may take and what it took: a time limit, and a meter of seconds and memory.

Peak memory is the largest resident size of the process during the stage, whatever was resident
before included. Linux can forget the peak of earlier stages (`/proc/self/clear_refs`, `VmHWM`);
elsewhere the peak is the process's since its start (`ru_maxrss`), so only a process of its own for
each cell measures a stage alone.
"""

from __future__ import annotations

import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from bench.errors import BenchError

STATUS = Path("/proc/self/status")


class TimeUp(BaseException):
    """A stage ran past its limit. Not an Exception, so that no library swallows it."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise `TimeUp` in the block after `seconds` of wall time; None for no limit.

    Python delivers it between two of its own instructions: a long call into compiled code is
    interrupted when it returns. The process executor kills such a stage from outside.

    Raises:
        BenchError: a limit is asked for outside of the main thread, where Python has none.
    """
    if seconds is None:
        yield
        return
    if threading.current_thread() is not threading.main_thread():
        raise BenchError("a time limit needs the main thread; use the process executor, or set no limit")

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TimeUp(f"took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Meter:
    """Counts from its creation on."""

    def __init__(self) -> None:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        self._wall = time.perf_counter()
        self._cpu = cpu_seconds()

    def wall_seconds(self) -> float:
        return time.perf_counter() - self._wall

    def cpu_seconds(self) -> float:
        """Of this process and of the children that it has waited for."""
        return cpu_seconds() - self._cpu


def cpu_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_memory_bytes() -> int:
    with suppress(OSError):
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
