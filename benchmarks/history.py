"""How often steps are found where there are none, and where there is one of known size.

    python -m benchmarks.history [--series 20]

Each line is over simulated series with noise of standard deviation 1. A planted step counts as found where a step is
reported within two runs of its place. `E-divisive` is the test of Matteson and James (2014) on the same series, for its
first step only and with 199 orders: it looks for any change of the distribution.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from leaderboards.history.steps import LEAST_PART, LEVEL, detect

Noise = Callable[[np.random.Generator, int], np.ndarray]
NOISES: dict[str, Noise] = {
    "normal": lambda rng, size: rng.normal(size=size),
    "Student t, 3 degrees": lambda rng, size: rng.standard_t(3, size=size) / np.sqrt(3),
}
# runs, and how many of them come after the step
LENGTHS = [(12, 6), (20, 10), (24, 4), (30, 15), (52, 3)]
SIZES = (0.0, 1.0, 2.0, 3.0, 4.0)
NEAR = 2
TOGETHER = (10, 100)
ORDERS = 199


def energy_step(values: np.ndarray, rng: np.random.Generator) -> tuple[int, float]:
    """Place and p-value of the first step of E-divisive."""
    orders = np.vstack([values, rng.permuted(np.tile(values, (ORDERS, 1)), axis=1)])
    found = energy(np.abs(orders[:, :, None] - orders[:, None, :]))
    best = found.max(axis=0)
    return LEAST_PART + int(found[:, 0].argmax()), float((1 + np.sum(best[1:] >= best[0] - 1e-12)) / (ORDERS + 1))


def energy(distances: np.ndarray) -> np.ndarray:
    """Scaled energy distance between two parts; distances (r, n, n) -> (places, r)."""
    count = distances.shape[1]
    sums = distances.cumsum(axis=1).cumsum(axis=2)
    found = []
    for first in range(LEAST_PART, count - LEAST_PART + 1):
        second = count - first
        within = sums[:, first - 1, first - 1]
        across = sums[:, first - 1, -1] - within
        rest = sums[:, -1, -1] - within - 2 * across
        distance = 2 * across / (first * second) - within / (first * (first - 1)) - rest / (second * (second - 1))
        found.append(first * second / count * distance)
    return np.stack(found)


def rates(noise: Noise, runs: int, after: int, size: float, count: int) -> tuple[float, float]:
    """Share of series with a step, near the planted one where there is one; the second is E-divisive's."""
    rng = np.random.default_rng((runs, after, int(10 * size)))
    hits = {"found": 0, "energetic": 0}
    for number in range(count):
        values = noise(rng, runs)
        values[runs - after :] += size
        places = [step.place for step in detect([values], seed=number)[0]]
        place, p_value = energy_step(values, rng)
        for name, ours in (("found", places), ("energetic", [place] if p_value <= LEVEL else [])):
            hits[name] += any(not size or abs(one - (runs - after)) <= NEAR for one in ours)
    return hits["found"] / count, hits["energetic"] / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--series", type=int, default=20)
    options = parser.parse_args()
    print(f"steps in {options.series} series each, % (E-divisive in brackets); size in standard deviations of a run")
    for name, noise in NOISES.items():
        print(f"\n{name}\n{'runs':>5}{'after':>6}" + "".join(f"{f'size {size:g}':>12}" for size in SIZES))
        for runs, after in LENGTHS:
            shares = [rates(noise, runs, after, size, options.series) for size in SIZES]
            texts = [f"{100 * ours:.0f} ({100 * theirs:.0f})" for ours, theirs in shares]
            print(f"{runs:>5}{after:>6}" + "".join(f"{text:>12}" for text in texts), flush=True)
    print("\nseveral series of 20 runs at once, the first with a step of 3 before its last 10 runs")
    for together in TOGETHER:
        count = max(1, options.series // 10)
        rng = np.random.default_rng(together)
        false = found = 0
        for number in range(count):
            still = list(rng.normal(size=(together, 20)))
            false += any(detect(still, seed=number))
            still[0][10:] += 3
            found += any(abs(step.place - 10) <= NEAR for step in detect(still, seed=number)[0])
        print(f"{together:>4} series: any step where there is none {100 * false / count:.0f} % of {count}, ", end="")
        print(f"the planted one {100 * found / count:.0f} %", flush=True)


if __name__ == "__main__":
    main()
