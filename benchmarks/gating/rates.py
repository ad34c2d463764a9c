"""Gates redrawn from pools of cells: how often an honest run is stopped and a damaged one is caught.

A gate needs a baseline and a run with as many seeds each, drawn from a pool: either without overlap and paired in the
order of the draw, as where all random streams have changed, or the same seeds for both, as where only what comes
after the model has. Redraws share cells, so the standard error of a rate is not that of independent draws: it is the
infinitesimal jackknife over the cells (Efron 2014), with the correction for finite numbers of redraws of Wager,
Hastie and Efron (2014, section 3), and the factor for draws without replacement of Wager and Athey (2018, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.gating.pool import Pool
from leaderboards.gate.statistics import holm, p_worse


@dataclass(frozen=True)
class Rate:
    """A share of redrawn gates with its standard error."""

    share: float
    stderr: float
    redraws: int


def rate(
    pools: Sequence[Pool],
    damage: dict[int, tuple[str, str]],
    *,
    pairs: int,
    redraws: int,
    level: float,
    equal_seeds: bool = False,
    seed: int = 0,
) -> Rate:
    """How often the gate over all pools finds a regression: in a damaged pool, or anywhere where none is damaged.

    Args:
        pools: what one gate compares together.
        damage: place of a pool -> what is planted in its run.
        pairs: seeds of the baseline, and of the run.
        redraws: how many gates.
        level: of the gate.
        equal_seeds: the baseline has the seeds of the run; otherwise it has none of them.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    watched = set(damage) or set(range(len(pools)))
    owner = np.concatenate([np.full(len(pool.comparisons), place) for place, pool in enumerate(pools)])
    minimum = np.concatenate([pool.minimum for pool in pools])
    used = [np.zeros((redraws, len(pool.honest))) for pool in pools]
    caught = np.zeros(redraws)
    for redraw in range(redraws):
        sides: list[list[NDArray[np.float64]]] = [[], []]
        for place, pool in enumerate(pools):
            run = pool.damaged[damage[place]] if place in damage else pool.honest
            after = rng.permutation(len(run))[:pairs]
            before = after
            if not equal_seeds:
                before = rng.permutation(np.setdiff1d(np.arange(len(pool.honest)), after))[:pairs]
            used[place][redraw, np.union1d(before, after)] = 1
            sides[0].append(pool.honest[before])
            sides[1].append(run[after])
        caught[redraw] = any(place in watched for place in owner[found(*map(np.hstack, sides), minimum, level)])
    # the choice of cells, and the finite number of redraws
    drawn = pairs if equal_seeds else 2 * pairs
    variance = max(sum(jackknife(counts, caught, drawn) for counts in used), 0.0) + caught.var() / redraws
    return Rate(float(caught.mean()), float(np.sqrt(variance)), redraws)


def found(
    before: NDArray[np.float64], after: NDArray[np.float64], minimum: NDArray[np.float64], level: float
) -> NDArray[np.bool_]:
    """Which comparisons of losses, shape (pairs, comparisons), are regressions; what is not defined any more is one."""
    defined = ~np.isnan(before).any(axis=0)
    lost = defined & np.isnan(after).any(axis=0)
    sound = defined & ~lost
    worse = np.zeros(len(minimum), dtype=bool)
    p_values = holm(p_worse(before[:, sound], after[:, sound], np.zeros(len(before), dtype=np.int64)))
    worse[sound] = (p_values <= level) & ((after - before).mean(axis=0)[sound] > minimum[sound])
    return worse | lost


def jackknife(used: NDArray[np.float64], caught: NDArray[np.float64], drawn: int) -> float:
    """Variance of the rate by the choice of cells of one pool.

    Args:
        used: how often a redraw used each cell, shape (redraws, cells).
        caught: 0 or 1, shape (redraws,).
        drawn: cells of one redraw.
    """
    redraws, cells = used.shape
    covariances = (used - used.mean(axis=0)).T @ (caught - caught.mean()) / redraws
    # what the covariances would be by chance alone
    chance = used.var(axis=0).sum() * caught.var() / redraws
    return float((covariances**2).sum() - chance) * (cells - 1) / cells * (cells / (cells - drawn)) ** 2
