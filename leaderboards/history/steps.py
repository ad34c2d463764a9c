"""Where the level of a series changed.

Binary segmentation (Scott and Knott 1974): the place that splits the series into the two parts whose means differ
most, in standard errors of that difference, is a step if a random order of the same values rarely does as well; then
each part is searched in turn. For a fixed total sum of squares the standardised difference of means orders the places
as the sum of squares between the parts does, k (n - k) / n times the squared difference, which needs no variance and so
holds for values that do not vary at all. The p-value is a sequential Monte Carlo one (Besag and Clifford 1991): it asks
nothing of the distribution but that without a step every order is equally likely. Holm's method (1979) over series.
docs/decisions/023 has the comparison with E-divisive (Matteson and James 2014).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.05
# Below eight values no order of them is rare enough: 4 + 4 has a p-value of at least 2 / 70, 3 + 4 of 2 / 35.
LEAST_VALUES = 8
# A single outlier, such as one run on a bad day, is no level.
LEAST_PART = 2
ORDERS = 19_999
BATCH = 500
ENOUGH = 20
# Sums of the same values in another order differ by rounding.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Step:
    """A change of level.

    Args:
        place: number of the first value after it.
        before: mean of the values from the step before (or the start) to this one.
        after: mean of the values from this step to the next one (or the end).
        p_value: of this step against no step in the part it was found in; not corrected.
    """

    place: int
    before: float
    after: float
    p_value: float


def detect(series: Sequence[np.ndarray], *, level: float = LEVEL, seed: int = 0) -> list[list[Step]]:
    """The steps of several series, so that a step in any of them is false at most as often as `level`.

    Args:
        series: values in the order of time, each of shape (runs,), finite.
        level: how often at most there may be a step where no series has one.
        seed: of the random orders.

    Returns:
        One list for each series, in the order of time; empty where a series has too few values.
    """
    places: list[dict[int, float]] = [{} for _ in series]
    tests = {
        number: best_split(values, np.random.default_rng((seed, number)))
        for number, values in enumerate(series)
        if len(values) >= LEAST_VALUES
    }
    # Holm: the smallest p-value is held against level / m, the next against level / (m - 1), until one fails
    for done, number in enumerate(sorted(tests, key=lambda number: tests[number][1])):
        own = level / (len(tests) - done)
        if tests[number][1] > own:
            break
        places[number] = dict(segment(series[number], tests[number], own, np.random.default_rng((seed, number, 1))))
    return [described(values, found) for values, found in zip(series, places, strict=True)]


def segment(
    values: np.ndarray, test: tuple[int, float], level: float, rng: np.random.Generator, start: int = 0
) -> Iterator[tuple[int, float]]:
    """Places and p-values of a tested part and of the parts of it; the two parts of a step share its level."""
    place, p_value = test
    if p_value > level:
        return
    yield start + place, p_value
    for part, offset in ((values[:place], start), (values[place:], start + place)):
        if len(part) >= LEAST_VALUES:
            yield from segment(part, best_split(part, rng), level / 2, rng, offset)


def best_split(values: np.ndarray, rng: np.random.Generator) -> tuple[int, float]:
    """The most likely place of a step, and its p-value.

    Args:
        values: shape (n,), at least twice `LEAST_PART`.
        rng: draws the orders.

    Returns:
        The number of values before it, and how often a random order splits as well.
    """
    if np.ptp(values) <= ROUNDING * np.abs(values).max():
        return LEAST_PART, 1.0
    found = between(values[None])[0]
    observed = found.max() * (1 - ROUNDING)
    exceeded = drawn = 0
    while drawn < ORDERS:
        size = min(BATCH, ORDERS - drawn)
        orders = rng.permuted(np.broadcast_to(values, (size, len(values))), axis=1)
        hits = np.flatnonzero(between(orders).max(axis=1) >= observed)
        if exceeded + len(hits) >= ENOUGH:
            return LEAST_PART + int(found.argmax()), ENOUGH / (drawn + int(hits[ENOUGH - exceeded - 1]) + 1)
        exceeded += len(hits)
        drawn += size
    return LEAST_PART + int(found.argmax()), (exceeded + 1) / (drawn + 1)


def between(orders: np.ndarray) -> np.ndarray:
    """Sum of squares between the two parts, for every place of a step.

    Args:
        orders: shape (r, n).

    Returns:
        Shape (r, n - 2 LEAST_PART + 1); the first column has `LEAST_PART` values before the step.
    """
    count = orders.shape[1]
    before = np.arange(LEAST_PART, count - LEAST_PART + 1)
    # k (n - k) / n (mean before - mean after)² = n / (k (n - k)) (sum of the first k deviations)²
    sums = np.cumsum(orders - orders.mean(axis=1, keepdims=True), axis=1)[:, before - 1]
    return sums**2 * count / (before * (count - before))


def described(values: np.ndarray, found: dict[int, float]) -> list[Step]:
    places = sorted(found)
    if not places:
        return []
    levels = [part.mean() for part in np.split(values, places)]
    return [
        Step(place, float(before), float(after), found[place])
        for place, before, after in zip(places, levels[:-1], levels[1:], strict=True)
    ]
