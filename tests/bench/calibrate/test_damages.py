"""Every damage does what it says, as much of it as it is told, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats

from bench.calibrate.damages import DAMAGES
from bench.calibrate.measure import simulator

DAMAGE = {damage.name: damage for damage in DAMAGES}
ROWS = 600
each = pytest.mark.parametrize("name", DAMAGE)


@pytest.fixture(scope="module", params=["adult", "beijing"])
def one(request):
    return simulator(request.param)(ROWS, 0)


def damage(one, name, amount):
    rng = np.random.default_rng(7)
    return DAMAGE[name].apply(one.other, one.data.train, one.data.schema, amount, rng)


def differs(first, second):
    """Which fields differ; a missing one equals a missing one."""
    return ((first != second).fillna(True) & ~(first.isna() & second.isna())).to_numpy(dtype=bool)


def rows_as_text(frame):
    return frame.astype("str").fillna("?").agg("|".join, axis=1)


@each
def test_damages_are_pure_canonical_and_repeatable(one, name):
    before, train = one.other.copy(), one.data.train.copy()
    for amount in DAMAGE[name].levels.values():
        got = damage(one, name, amount)
        assert got.dtypes.equals(one.other.dtypes)
        assert got.index.equals(pd.RangeIndex(len(got)))
        assert_frame_equal(got, damage(one, name, amount))
    assert_frame_equal(one.other, before)
    assert_frame_equal(one.data.train, train)


@pytest.mark.parametrize("name", ["marginals", "noise", "shift", "dropped_category", "missing", "copies"])
def test_a_larger_amount_changes_more(one, name):
    shares = [differs(damage(one, name, amount), one.other).mean() for amount in DAMAGE[name].levels.values()]
    assert shares[0] > 0
    # a shift of another size changes as many fields
    assert sorted(shares) == shares


@pytest.mark.parametrize("name", ["marginals", "dropped_category", "missing", "copies", "near_copies", "bootstrap"])
def test_what_a_small_amount_changes_a_larger_one_changes_too(one, name):
    small, large, _ = (differs(damage(one, name, x), one.other).any(axis=1) for x in DAMAGE[name].levels.values())
    # a row may by chance get back what it had
    assert (small & ~large).sum() <= 0.02 * small.sum()


def test_shuffled_columns_keep_their_values_and_lose_their_relation(one):
    got = damage(one, "marginals", 1.0)
    for name in got:
        assert sorted(got[name].astype("str").fillna("?")) == sorted(one.other[name].astype("str").fillna("?"))
    # shuffled ranks of n rows have a correlation of standard deviation 1 / sqrt(n - 1)
    ranks = got[one.data.schema.numeric].astype(float).rank().corr(min_periods=ROWS).to_numpy()
    assert np.nanmax(np.abs(np.triu(ranks, 1))) < 4 / np.sqrt(ROWS - 1)


def rounded(size):
    """Standard deviation of a normal number of that standard deviation, rounded."""
    whole = np.arange(-10, 11)
    share = stats.norm(0, size).cdf(whole + 0.5) - stats.norm(0, size).cdf(whole - 0.5)
    return float(np.sqrt((whole**2 * share).sum())) if size < 2 else np.sqrt(size**2 + 1 / 12)


def test_noise_has_the_size_that_it_says(one):
    got, schema = damage(one, "noise", 0.5), one.data.schema
    for name in schema.numeric:
        moved = (got[name] - one.other[name]).astype(float)
        size = 0.5 * one.data.train[name].std(ddof=0)
        assert moved.std() == pytest.approx(
            rounded(size) if schema[name].kind == "integer" else size, rel=0.15, abs=0.05
        )
    for name in schema.categorical:
        there = one.other[name].notna()
        assert (got[name] != one.other[name])[there].mean() == pytest.approx(0.5, abs=0.08)
        assert got[name].isna().equals(one.other[name].isna())
        assert set(got[name].dropna()) <= set(one.data.train[name].dropna()) | set(one.other[name].dropna())


def test_a_shift_moves_one_column(one):
    got = damage(one, "shift", 1.0)
    changed = [name for name in got if not got[name].equals(one.other[name])]
    assert len(changed) == 1
    moved = (got[changed[0]] - one.other[changed[0]]).astype(float)
    assert moved.mean() == pytest.approx(one.data.train[changed[0]].std(ddof=0), rel=0.02)
    assert changed[0] != one.data.schema.target


def test_a_category_goes_by_shares_until_it_is_missing(one):
    def counts(frame):
        return {
            (name, label): n for name in one.data.schema.categorical for label, n in frame[name].value_counts().items()
        }

    gone = set(counts(one.other)) - set(counts(damage(one, "dropped_category", 1.0)))
    full = counts(one.other)
    name = max(gone, key=full.get)
    assert full[name] / ROWS == pytest.approx(0.2, abs=0.1)
    half = counts(damage(one, "dropped_category", 0.6))[name] / full[name]
    assert half == pytest.approx(0.4, abs=0.12)


def test_gaps_are_made_everywhere_but_in_the_target(one):
    got, target = damage(one, "missing", 0.3), one.data.schema.target
    assert got[target].equals(one.other[target])
    for name in one.data.schema.features:
        present = one.other[name].notna()
        assert got[name][present].isna().mean() == pytest.approx(0.3, abs=0.07)


@pytest.mark.parametrize(("name", "rows"), [("shrunk", ROWS // 10), ("collapse", ROWS)])
def test_fewer_distinct_rows(one, name, rows):
    got = damage(one, name, 10.0)
    assert len(got) == rows
    assert len(got.drop_duplicates()) == len(one.other.drop_duplicates()) // 10
    assert set(rows_as_text(got)) <= set(rows_as_text(one.other))


@pytest.mark.parametrize(("name", "distinct"), [("copies", 1.0), ("bootstrap", 1 - np.exp(-1))])
def test_copies_are_train_rows(one, name, distinct):
    train, mine = set(rows_as_text(one.data.train)), rows_as_text(damage(one, name, 0.3))
    assert mine.isin(train).mean() == pytest.approx(0.3, abs=0.01)
    everything = rows_as_text(damage(one, name, 1.0))
    assert everything.isin(train).all()
    # of n draws with replacement a share 1 - 1/e is distinct
    assert everything.nunique() / ROWS == pytest.approx(distinct, abs=0.06)


def test_near_copies_are_no_copies_and_keep_every_column(one):
    got, train = damage(one, "near_copies", 1.0), one.data.train
    assert rows_as_text(got).isin(set(rows_as_text(train))).mean() < 0.05
    for name in got:
        assert sorted(got[name].astype("str").fillna("?")) == sorted(train[name].astype("str").fillna("?"))
