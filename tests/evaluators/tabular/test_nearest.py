"""Distances against scipy, and the search by blocks against a brute force of a few lines."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.preprocessing import OneHotEncoder

from bench.progress import Task
from bench.records import Column, Schema
from evaluators.tabular import nearest as search
from evaluators.tabular.nearest import balls_around, cut, lower_bounds, nearest
from evaluators.tabular.points import SDMETRICS, SQUARED, TABSYN, distances, encode, paired_distances

METRICS = [TABSYN, SDMETRICS, SQUARED]
THREE = Schema((Column("x", "real"), Column("k", "integer"), Column("c", "categorical")))


def one_distance(a, b, ranges, metric):
    """Between two records, as the table in points.py says it."""
    total = 0.0
    for name, spread in ranges.items():
        if pd.isna(a[name]) or pd.isna(b[name]):
            total += metric.mismatch * (pd.isna(a[name]) != pd.isna(b[name]))
        elif spread == 0:
            total += metric.mismatch * (a[name] != b[name])
        else:
            step = abs(a[name] - b[name]) / spread
            total += {"absolute": step, "clipped": min(step, 1.0), "squared": step**2}[metric.difference]
    same = (pd.isna(a["c"]) and pd.isna(b["c"])) or (a["c"] == b["c"]) is True
    return total + metric.mismatch * (not same)


def brute_force(first, second, train, metric):
    known = {name: train[name].dropna().to_numpy(dtype=float) for name in ("x", "k")}
    ranges = {name: np.ptp(values) if len(values) else 0.0 for name, values in known.items()}
    pairs = [[one_distance(a, b, ranges, metric) for b in second] for a in first]
    return np.array(pairs).reshape(len(first), len(second))


def table(rows):
    frame = pd.DataFrame(rows, columns=["x", "k", "c"])
    return frame.astype({"x": "float64", "k": "Int64", "c": "str"}).mask(frame.isna())


rows = st.tuples(
    st.one_of(st.none(), st.floats(-5, 5, width=16)),
    st.one_of(st.none(), st.integers(0, 3)),
    st.one_of(st.none(), st.sampled_from(["a", "b", "d"])),
)


@settings(max_examples=80, deadline=None)
@given(
    queries=st.lists(rows, min_size=1, max_size=12),
    reference=st.lists(rows, min_size=1, max_size=20),
    metric=st.sampled_from(METRICS),
    k=st.integers(1, 4),
)
def test_any_small_table_is_searched_as_by_brute_force(queries, reference, metric, k):
    first, second = table(queries), table(reference)
    a, b = encode(THREE, second, first, second)
    expected = brute_force(first.to_dict("records"), second.to_dict("records"), second, metric)
    np.testing.assert_allclose(distances(a, b, metric), expected, rtol=1e-12, atol=1e-12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "QUERY_ROWS", 4)
        patch.setattr(search, "BLOCK_ROWS", 5)
        found, at = nearest(a, b, metric, k, Task())
        width = min(k, len(reference))
        # to the last bit, so that a tie stays a tie and a copy is at distance zero
        full = distances(a, b, metric)
        np.testing.assert_array_equal(found[:, :width], np.sort(full, axis=1)[:, :width])
        np.testing.assert_array_equal(np.take_along_axis(full, at[:, :width], axis=1), found[:, :width])
        assert np.isinf(found[:, width:]).all()
        assert (at[:, width:] == -1).all()
        radii = full.max(axis=0) / 2
        np.testing.assert_array_equal(balls_around(a, b, radii, metric, Task()), (full <= radii).sum(axis=1))


@pytest.mark.parametrize("metric", METRICS)
def test_large_blocks_and_many_threads_change_nothing(mixed, mixed_schema, metric):
    real, synthetic = mixed(1500, seed=0), mixed(900, seed=1)
    a, b = encode(mixed_schema, real, synthetic, real)
    full = distances(a, b, metric)
    found, _ = nearest(a, b, metric, 3, Task())
    np.testing.assert_array_equal(found, np.sort(full, axis=1)[:, :3])
    radii = np.sort(distances(b, b, metric), axis=1)[:, 5]
    np.testing.assert_array_equal(balls_around(a, b, radii, metric, Task()), (full <= radii).sum(axis=1))


@pytest.mark.parametrize(("metric", "name"), [(TABSYN, "cityblock"), (SQUARED, "sqeuclidean")])
def test_distances_are_those_of_scipy_on_scaled_and_one_hot_rows(mixed, mixed_schema, metric, name):
    records = mixed(120, seed=0).dropna().reset_index(drop=True)
    a, b = encode(mixed_schema, records, records.iloc[:40], records.iloc[40:])
    numbers = records[["size", "rooms"]].to_numpy(dtype=float)
    numbers /= numbers.max(axis=0) - numbers.min(axis=0)
    flags = OneHotEncoder(sparse_output=False).fit_transform(records[["colour", "label"]])
    whole = np.hstack([numbers, flags])
    np.testing.assert_allclose(distances(a, b, metric), cdist(whole[:40], whole[40:], name), atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_pairs_and_bounds_are_rounded_like_distances(mixed, mixed_schema, metric):
    records = mixed(400, seed=3)
    a, b = encode(mixed_schema, records, records.iloc[:100], records.iloc[100:])
    full = distances(a, b, metric)
    np.testing.assert_array_equal(full, distances(b, a, metric).T)
    np.testing.assert_array_equal(paired_distances(a, b[np.arange(100)], metric), np.diag(full[:, :100]))
    blocks = cut(b, metric, 16)
    np.testing.assert_array_equal(np.sort(blocks.order), np.arange(300))
    closest = np.minimum.reduceat(full[:, blocks.order], blocks.edges[:-1], axis=1)
    assert (lower_bounds(a, blocks, metric) <= closest).all()


def test_a_step_up_and_a_step_down_tie():
    schema = Schema((Column("x", "integer"),))
    frame = pd.DataFrame({"x": pd.Series(range(18, 91), dtype="Int64")})
    (points,) = encode(schema, frame, frame)
    full = distances(points, points, TABSYN)
    assert len(np.unique(full)) == 73
    assert full.max() == 1


def test_a_missing_value_is_a_category_of_its_own():
    schema = Schema((Column("x", "real"), Column("c", "categorical")))
    gaps = pd.DataFrame({"x": [0.0, 10.0, np.nan], "c": pd.Series(["a", None, "a"], dtype="str")})
    (points,) = encode(schema, gaps, gaps)
    # 10 is the range; a gap against a value costs a mismatch, against a gap nothing
    np.testing.assert_allclose(distances(points, points, TABSYN), [[0, 3, 2], [3, 0, 4], [2, 4, 0]])
    np.testing.assert_allclose(distances(points, points, SDMETRICS), [[0, 2, 1], [2, 0, 2], [1, 2, 0]])


def test_a_number_that_never_varies_is_a_category():
    schema = Schema((Column("x", "real"), Column("gap", "real")))
    train = pd.DataFrame({"x": [3.0, 3.0], "gap": [np.nan, np.nan]})
    other = pd.DataFrame({"x": [3.0, 3.5, np.nan], "gap": [np.nan, np.nan, 1.0]})
    a, b = encode(schema, train, train, other)
    np.testing.assert_array_equal(distances(a, b, TABSYN), [[0, 2, 4]] * 2)


def test_only_sdmetrics_clips_numbers_outside_of_the_range():
    schema = Schema((Column("x", "real"),))
    train, far = pd.DataFrame({"x": [0.0, 2.0]}), pd.DataFrame({"x": [8.0]})
    a, b = encode(schema, train, far, train)
    assert distances(a, b, TABSYN).tolist() == [[4, 3]]
    assert distances(a, b, SDMETRICS).tolist() == [[1, 1]]


def test_time_stamps_keep_their_digits():
    schema = Schema((Column("t", "integer"),))
    frame = pd.DataFrame({"t": pd.Series(1_700_000_000 + np.arange(5), dtype="Int64")})
    (points,) = encode(schema, frame, frame)
    np.testing.assert_array_equal(distances(points, points, TABSYN)[0], np.arange(5) / 4)


@pytest.mark.parametrize(("queries", "reference"), [(0, 5), (5, 0), (5, 2)])
def test_missing_neighbours_are_infinitely_far(mixed, mixed_schema, queries, reference):
    records = mixed(10, seed=0)
    a, b = encode(mixed_schema, records, records.iloc[:queries], records.iloc[:reference])
    found, at = nearest(a, b, TABSYN, 4, Task())
    assert found.shape == at.shape == (queries, 4)
    assert np.isinf(found[:, reference:]).all()
    assert (balls_around(a, b, np.zeros(reference), TABSYN, Task()) <= reference).all()
