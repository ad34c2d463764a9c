"""Distance to closest record (DCR) and nearest-neighbour distance ratio (NNDR), each beside held-out rows.

The share follows TabSyn (Zhang et al. 2024, arXiv 2310.09656, appendix) with a holdout as large as
train; the percentiles and the ratio are those of Zhao et al. 2021 (CTAB-GAN, arXiv 2102.08369, sec. 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.progress import Task
from evaluators.base import Score
from evaluators.tabular.nearest import nearest
from evaluators.tabular.points import SDMETRICS, TABSYN, Array, Metric, Points
from evaluators.tabular.readings import (
    CLOSER,
    FARTHER,
    NOT_CLOSER,
    beside_holdout,
    quantile_and_error,
    reading,
    share_and_error,
    undefined,
)

PROTOCOLS = {"tabsyn": TABSYN, "sdmetrics": SDMETRICS}
# metric, quantile of the synthetic rows
PERCENTILES = (("dcr_median", 0.5), ("dcr_5th_percentile", 0.05))
BINS = 40


@dataclass(frozen=True)
class Sides:
    """Whose distances are measured, in one encoding.

    Args:
        train, holdout: in a random order, so that their first rows are a random sample.
        synthetic: the rows that are judged.
        size: how many train and how many held-out rows the share compares.
        rows: how many synthetic and how many held-out rows look for their neighbours, at most.
    """

    train: Points
    holdout: Points
    synthetic: Points
    size: int
    rows: int


@dataclass(frozen=True)
class Neighbours:
    """What the search found.

    Args:
        train: the two smallest distances of every synthetic row to train rows; (rows, 2).
        chosen, holdout: distance of every synthetic row to the closest of `size` train and of `size`
            held-out rows; shape (rows,) each.
        record: which of these 2 `size` rows is the closest; shape (rows,).
        reference: the two smallest distances of every held-out row to train rows; (holdout rows, 2).
    """

    train: Array
    chosen: Array
    holdout: Array
    record: NDArray[np.int64]
    reference: Array


def find_neighbours(sides: Sides, metric: Metric, columns: int, task: Task) -> Neighbours:
    synthetic = sides.synthetic[: sides.rows]
    chosen, at = nearest(synthetic, sides.train[: sides.size], metric, 2, task)
    others, _ = nearest(synthetic, sides.train[sides.size :], metric, 2, task)
    holdout, holdout_at = nearest(synthetic, sides.holdout[: sides.size], metric, 1, task)
    reference, _ = nearest(sides.holdout[: sides.rows], sides.train, metric, 2, task)
    unit = columns if metric is SDMETRICS else 1
    return Neighbours(
        np.sort(np.hstack([chosen, others]), axis=1)[:, :2] / unit,
        chosen[:, 0] / unit,
        holdout[:, 0] / unit,
        np.where(chosen[:, 0] <= holdout[:, 0], at[:, 0], sides.size + holdout_at[:, 0]),
        reference / unit,
    )


def closeness(sides: Sides, columns: int, protocol: str, task: Task) -> tuple[list[Score], Neighbours]:
    """All scores of one protocol; every side has a row."""
    found = find_neighbours(sides, PROTOCOLS[protocol], columns, task)
    n = len(found.train)
    scores = [share(found, sides.size, protocol)]
    for name, level in PERCENTILES:
        ours, theirs = (quantile_and_error(d[:, 0], level) for d in (found.train, found.reference))
        details = beside_holdout(ours, theirs, leak_is_high=False)
        if level == 0.5:
            details["histogram"] = histogram(found)
        scores.append(Score(name, *ours, True, protocol, 1, n, details))
    scores.append(ratio(found, protocol))
    return scores, found


def share(found: Neighbours, size: int, protocol: str) -> Score:
    """How many synthetic rows have a train row for their closest record; a tie counts half."""
    remembered = np.sign(found.holdout - found.chosen) / 2 + 0.5
    value, error = share_and_error(remembered)
    null_error = permutation_error(remembered, found.record, 2 * size)
    details: dict[str, Any] = {
        "ideal_percent": 50.0,
        "train_rows": size,
        "holdout_rows": size,
        "ties_percent": 100 * float((remembered == 0.5).mean()),
        "median_distance_train": float(np.median(found.chosen)),
        "median_distance_holdout": float(np.median(found.holdout)),
        "permutation_stderr": null_error,
        "reading": reading(value - 50, null_error, CLOSER, NOT_CLOSER, FARTHER),
    }
    return Score("dcr_share_percent", value, error, False, protocol, 2, len(remembered), details)


def permutation_error(flags: Array, record: NDArray[np.int64], records: int) -> float:
    """Standard error in percent of the share of a generator to which train and held-out rows are alike.

    Exact for given rows: half of the `records` are called train, by chance, and a record takes all the
    synthetic rows with it that it is closest to (ties take none); the variance of a sum over a random
    half (Cochran 1977, Sampling Techniques, sec. 2.6). It counts, unlike the error of the sample, that
    train and holdout were drawn as well.
    """
    taken = np.bincount(record[flags != 0.5], minlength=records)
    variance = records / 4 * taken.var(ddof=1)
    return 100 * float(np.sqrt(variance)) / len(flags)


def ratio(found: Neighbours, protocol: str) -> Score:
    """Median over synthetic rows of the distance to the closest over that to the second closest train row."""
    n = len(found.train)
    if not np.isfinite(found.train).all():
        return undefined("nndr_median", protocol, True, n, "train has one record; a second closest does not exist")
    ours, theirs = (quantile_and_error(ratios(d), 0.5) for d in (found.train, found.reference))
    return Score("nndr_median", *ours, True, protocol, 1, n, beside_holdout(ours, theirs, leak_is_high=False))


def ratios(distance: Array) -> Array:
    """First over second distance, 1 where both are 0; (rows, 2) -> (rows,)."""
    return np.divide(distance[:, 0], distance[:, 1], out=np.ones(len(distance)), where=distance[:, 1] > 0)


def histogram(found: Neighbours) -> dict[str, list[float]]:
    """Shares of rows in equal bins up to the 99th percentile of held-out rows, the last bin open-ended.

    The edges hang on real rows alone, so that generators of one split have the same bins.
    """
    top = float(np.quantile(found.reference[:, 0], 0.99))
    edges = np.linspace(0, top if top > 0 else 1.0, BINS + 1)
    shares = {}
    for name, distance in (("synthetic", found.train), ("holdout", found.reference)):
        bins = np.searchsorted(edges[1:-1], distance[:, 0], side="right")
        shares[name] = (np.bincount(bins, minlength=BINS) / len(distance)).tolist()
    return {"edges": edges.tolist(), **shares}
