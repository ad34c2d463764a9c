"""Fits side by side: one thread a fit, as many at a time as there are cores.

The libraries release Python's lock while they fit, so threads suffice, and the records are shared.
Nothing that is computed depends on how many run at a time.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

T = TypeVar("T")


def cores() -> int:
    """Those that this process may use: OMP_NUM_THREADS where it is set, as for cells that run side by side."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdecimal() and int(told) > 0 else os.cpu_count() or 1


def side_by_side(
    jobs: Sequence[Callable[[], T]], workers: int | None, done: Callable[[T], object] = lambda result: None
) -> list[T]:
    """The results of the jobs in their order.

    Args:
        jobs: independent of each other.
        workers: how many run at a time; None for one a core.
        done: is told each result in this thread, in the order of the jobs.
    """
    pool = ThreadPoolExecutor(workers or cores())
    with warnings.catch_warnings(), threadpool_limits(1):
        # a linear model that has not settled is scored as it is
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            futures = [pool.submit(job) for job in jobs]
            results = []
            for future in futures:
                results.append(future.result())
                done(results[-1])
            return results
        finally:
            # after an error or an interrupt what has not begun is left out
            pool.shutdown(cancel_futures=True)
