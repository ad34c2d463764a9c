"""Conditions by rejection: draw, keep what fulfils the condition, until there is enough or too much was tried."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from bench.condition import Condition, matches
from bench.progress import Progress
from generators.base import UNFULFILLED, Sample

# fewest records tried at once for a condition
BATCH = 1000


def draw_where(
    n: int,
    where: Condition,
    draw: Callable[[int, np.random.Generator], pd.DataFrame],
    *,
    rng: np.random.Generator,
    attempts_per_record: int,
    progress: Progress,
) -> Sample:
    """Exactly `n` records, or fewer with a shortfall.

    Args:
        n: how many.
        where: what every record must fulfil; without a condition `n` records are drawn at once.
        draw: so many canonical records, all of them legal.
        rng: all randomness.
        attempts_per_record: cap on the attempts, per record asked for; at least 1000 are made.
        progress: where to report to.
    """
    if not where or n == 0:
        return Sample(draw(n, rng), n)
    cap = max(BATCH, n * attempts_per_record)
    kept: list[pd.DataFrame] = []
    found = attempts = 0
    with progress.task("sampling", n, "records") as task:
        while found < n and attempts < cap:
            # few large batches, from the rate so far
            size = int(1.2 * (n - found) * attempts / found) if found else 2 * attempts
            size = min(max(size, n, BATCH), cap - attempts)
            records = draw(size, rng)
            rows = np.flatnonzero(matches(records, where))[: n - found]
            kept.append(records.iloc[rows])
            found += len(rows)
            # what comes after the last record needed was not asked for and does not count
            attempts += size if found < n else int(rows[-1]) + 1
            task.advance(len(rows))
    shortfall = f"the condition was met {found} times in {attempts} attempts" if found < n else None
    return Sample(pd.concat(kept, ignore_index=True), attempts, {UNFULFILLED: attempts - found}, shortfall)
