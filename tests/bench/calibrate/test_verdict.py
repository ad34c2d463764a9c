"""Verdicts on courses of values whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bench.calibrate.measure import Reading
from bench.calibrate.verdict import LEVEL, clearly_above, judge

SEEDS = 5


def reading(levels, higher_is_better=False, noise=0.1, seed=0):
    """Values around the given means, the same offset for all levels of a seed."""
    rng = np.random.default_rng(seed)
    offset = rng.normal(0, 5, SEEDS)
    values = tuple(tuple(mean + offset + noise * rng.normal(size=SEEDS)) for mean in levels)
    return Reading("e", "m", "harness", higher_is_better, "noise", ("0", "a", "b", "c")[: len(levels)], values)


@pytest.mark.parametrize(
    ("levels", "higher_is_better", "finding", "sees_from"),
    [
        ([0, 1, 2, 3], False, "sees", "a"),
        ([0, 0, 2, 3], False, "sees", "b"),
        ([0, 0, 0, 3], False, "sees", "c"),
        ([0, -1, -2, -3], True, "sees", "a"),
        ([0, 3, 1, 2], False, "out of order", "a"),
        ([0, -2, 1, 2], False, "out of order", "b"),
        ([0, 0, 0, 0], False, "blind", ""),
        ([0, 2, 2, 0], False, "blind", ""),
        ([0, -1, -2, -3], False, "flattered", ""),
        ([0, 1, 2, 3], True, "flattered", ""),
        ([0, 3], False, "sees", "a"),
        ([np.nan, 1, 2, 3], False, "undefined", ""),
        ([0, 1, 2, np.nan], False, "undefined", ""),
        ([0, np.nan, 2, 3], False, "sees", "b"),
    ],
)
def test_findings(levels, higher_is_better, finding, sees_from):
    got = judge(reading(levels, higher_is_better))
    assert (got.finding, got.sees_from) == (finding, sees_from)


def test_the_offset_of_a_seed_does_not_hide_a_damage_and_its_size_is_told():
    got = judge(reading([0, 1, 2, 3]))
    assert got.finding == "sees"
    assert got.means[3] - got.means[0] == pytest.approx(3, abs=0.3)
    assert got.change == pytest.approx(3 / np.std(got.reading.values[0], ddof=1), rel=0.1)


def test_equal_values_are_no_difference_and_constant_ones_are():
    same = np.full(5, 0.1) + 0.2
    assert not clearly_above(same, np.full(5, 0.3))
    assert clearly_above(np.full(5, 10.0), np.zeros(5))
    assert not clearly_above(np.zeros(5), np.full(5, 10.0))
    assert not clearly_above(np.zeros(5), np.zeros(5))


def test_the_test_errs_as_often_as_it_says():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 4000, SEEDS))
    errors = sum(clearly_above(a, b) for a, b in zip(first, second, strict=True))
    low, high = stats.binom(4000, LEVEL).ppf([0.001, 0.999])
    assert low <= errors <= high
