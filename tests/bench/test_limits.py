"""Time limits and what a stage took."""

import signal
import sys
import threading
import time

import numpy as np
import pytest

from bench import limits
from bench.errors import BenchError


def test_work_is_interrupted_at_its_limit():
    begin = time.perf_counter()
    with pytest.raises(limits.TimeUp, match=r"longer than 0\.05 s"), limits.time_limit(0.05):
        time.sleep(10)
    assert time.perf_counter() - begin < 5


def test_a_limit_leaves_no_alarm_behind():
    before = signal.getsignal(signal.SIGALRM)
    with limits.time_limit(5):
        pass
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_library_that_catches_every_exception_does_not_catch_the_limit():
    def library():
        try:
            time.sleep(10)
        except Exception:
            pytest.fail("the limit was swallowed")

    with pytest.raises(limits.TimeUp), limits.time_limit(0.05):
        library()


def test_outside_of_the_main_thread_there_is_no_limit():
    caught = []

    def work():
        try:
            with limits.time_limit(1):
                pass
        except BenchError as error:
            caught.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "main thread" in caught[0]


def test_sleep_costs_wall_seconds_and_work_costs_cpu_seconds():
    meter = limits.Meter()
    time.sleep(0.2)
    assert meter.wall_seconds() >= 0.2
    assert meter.cpu_seconds() < 0.15
    while meter.cpu_seconds() < 0.2:
        sum(range(1000))
    assert meter.wall_seconds() >= 0.4


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forgets the peak of earlier work")
def test_peak_memory_is_that_of_the_present_stage():
    meter = limits.Meter()
    before = limits.peak_memory_bytes()
    block = np.ones(16 << 20)
    assert limits.peak_memory_bytes() - before > 100 << 20
    del block
    assert limits.peak_memory_bytes() - before > 100 << 20
    meter = limits.Meter()
    assert limits.peak_memory_bytes() - before < 64 << 20
    assert meter.wall_seconds() < 60
