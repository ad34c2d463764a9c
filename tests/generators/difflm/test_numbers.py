"""The spelling of numbers is a bijection that keeps every value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.difflm.numbers import GROUP, learn_spelling

integers = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=200)
decimals = st.lists(st.decimals(-10_000, 10_000, places=4).map(float), min_size=1, max_size=200)


def round_trip(values: np.ndarray, **options: float) -> np.ndarray:
    spelling = learn_spelling(values, **{"bins": 8, "atom_limit": 10, "atom_share": 0.1} | options)
    keys = spelling.keys(values)
    cell = spelling.cell(keys)
    assert (cell >= 0).all()
    digits = spelling.digits(keys, cell)
    assert (digits < GROUP).all()
    assert ((digits >= 0).sum(axis=1) == spelling.groups[cell]).all()
    return spelling.values(spelling.read(cell, digits))


@given(integers)
def test_integers_come_back(values):
    np.testing.assert_array_equal(round_trip(np.asarray(values, dtype=np.int64)), values)


@given(decimals)
def test_decimals_come_back_to_the_last_bit(values):
    np.testing.assert_array_equal(round_trip(np.asarray(values)), values)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
@settings(max_examples=100)
def test_any_float_comes_back_to_the_precision_of_its_column(values):
    values = np.asarray(values)
    with np.errstate(over="ignore"):
        # a column has at most 300 decimals
        scale = max(np.abs(values).max(), 1e-290)
    np.testing.assert_allclose(round_trip(values) / scale, values / scale, atol=1e-8)


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1, max_size=50))
def test_wide_integers_keep_their_leading_digits(values):
    values = np.asarray(values, dtype=np.int64)
    scale = float(np.abs(values.astype(float)).max()) or 1.0
    np.testing.assert_allclose(round_trip(values) / scale, values / scale, atol=1e-8)


def test_cells_do_not_overlap_and_hold_the_quantiles():
    values = np.random.default_rng(0).integers(0, 1_000_000, 10_000)
    spelling = learn_spelling(values, bins=64, atom_limit=128, atom_share=0.01)
    assert (spelling.low[1:] > spelling.high[:-1]).all()
    counts = np.bincount(spelling.cell(values), minlength=len(spelling.low))
    assert len(counts) == 64
    assert counts.min() > 0.9 * 10_000 / 64


def test_a_frequent_value_needs_no_digits():
    values = np.concatenate([np.zeros(500, dtype=np.int64), np.random.default_rng(1).integers(1, 10**6, 500)])
    spelling = learn_spelling(values, bins=16, atom_limit=20, atom_share=0.01)
    zero = spelling.cell(np.zeros(1, dtype=np.int64))
    assert spelling.groups[zero] == 0


def test_a_value_between_two_bins_cannot_be_spelled():
    spelling = learn_spelling(np.asarray([1, 2, 100, 200]), bins=2, atom_limit=0, atom_share=1.0)
    assert spelling.cell(np.asarray([50, 0, 201])).tolist() == [-1, -1, -1]


@pytest.mark.parametrize(("text", "expected"), [(["0.5", "0.25"], 2), (["3.0", "4.0"], 0), (["1e-7", "2e-7"], 7)])
def test_decimals_are_those_of_the_column(text, expected):
    values = np.asarray([float(t) for t in text])
    assert learn_spelling(values, bins=2, atom_limit=5, atom_share=1.0).decimals == expected
