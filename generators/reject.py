"""By rejection: draw, keep what is legal and fulfils the condition, until there is enough or too much was tried."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

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


def draw_legal(
    n: int,
    where: Condition,
    draw: Callable[[int], tuple[pd.DataFrame, Sequence[str | None]]],
    *,
    attempts: int,
    batch: int,
    advance: Callable[[int], None],
) -> Sample:
    """`n` records of a source that also makes illegal ones, or as many as a number of attempts gives.

    Args:
        n: how many, at least 1.
        where: what every record must fulfil.
        draw: makes so many attempts; the legal records among them in order, and for every attempt the reason why
            it gave none, or None.
        attempts: most that are made.
        batch: most that are made at once.
        advance: is told how many more records were found.

    Returns:
        The records; whether they are too few is for the caller to say.
    """
    parts: list[pd.DataFrame] = []
    rejected: Counter[str] = Counter()
    have = made = 0
    while have < n and made < attempts:
        # the rate of acceptance so far tells how many attempts the rest will cost
        need = math.ceil((n - have) * (made + 1) / (have + 1)) if made else n
        records, told = draw(min(need, batch, attempts - made))
        reasons = list(told)
        keep = matches(records, where)
        for place in np.flatnonzero([reason is None for reason in reasons])[~keep]:
            reasons[place] = UNFULFILLED
        records = records[keep]
        accepted = np.flatnonzero([reason is None for reason in reasons])
        if len(accepted) > n - have:
            # what comes after the last record needed was not asked for and does not count
            accepted = accepted[: n - have]
            reasons = reasons[: accepted[-1] + 1]
        made += len(reasons)
        rejected.update(reason for reason in reasons if reason is not None)
        parts.append(records.iloc[: len(accepted)])
        have += len(accepted)
        advance(len(accepted))
    return Sample(pd.concat(parts, ignore_index=True), made, dict(rejected))
