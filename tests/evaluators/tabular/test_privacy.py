"""Distance to closest record against scipy and scikit-learn, and generators whose memory is known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.preprocessing import OneHotEncoder

from bench.progress import Task
from bench.records import Column, Schema
from evaluators.tabular.privacy import Privacy, closest, distances, encode


def share(data, synthetic, seed=0):
    (score,) = Privacy().evaluate(data, synthetic, seed=seed)
    assert (score.metric, score.protocol) == ("dcr_share_percent", "tabsyn")
    return score


def test_distances_are_those_of_scipy_on_scaled_and_one_hot_rows(make_dataset, mixed, mixed_schema):
    records = make_dataset(mixed(120, seed=0).dropna()).train
    real, synthetic = records.iloc[:70], records.iloc[70:]
    a, b = encode(mixed_schema, records, real, synthetic)
    numbers = records[["size", "rooms"]].to_numpy(dtype=float)
    numbers /= numbers.max(axis=0) - numbers.min(axis=0)
    flags = OneHotEncoder(sparse_output=False).fit_transform(records[["colour", "label"]])
    rows = np.hstack([numbers, flags])
    expected = cdist(rows[70:], rows[:70], "cityblock")
    np.testing.assert_allclose(distances(b, a), expected, atol=1e-5)

    nearest = closest(a, b, 30, Task())
    np.testing.assert_allclose(nearest[0], expected[:, :30].min(axis=1), atol=1e-5)
    np.testing.assert_allclose(nearest[1], expected[:, 30:].min(axis=1), atol=1e-5)


def test_blocks_change_nothing(monkeypatch, mixed, mixed_schema):
    real, synthetic = mixed(90, seed=0), mixed(50, seed=1)
    a, b = encode(mixed_schema, real, real, synthetic)
    whole = closest(a, b, 40, Task())
    monkeypatch.setattr("evaluators.tabular.privacy.BLOCK_ROWS", 7)
    monkeypatch.setattr("evaluators.tabular.privacy.BLOCK_COLUMNS", 11)
    np.testing.assert_array_equal(closest(a, b, 40, Task()), whole)


def test_a_missing_value_is_a_category_of_its_own():
    schema = Schema((Column("x", "real"), Column("c", "categorical")))
    gaps = pd.DataFrame({"x": [0.0, 10.0, np.nan], "c": pd.Series(["a", None, "a"], dtype="str")})
    (points, same) = encode(schema, gaps, gaps, gaps)
    # 10 is the range; a gap against a value costs 2, against a gap nothing
    expected = [[0, 3, 2], [3, 0, 4], [2, 4, 0]]
    np.testing.assert_allclose(distances(points, same), expected)


def test_time_stamps_keep_their_digits():
    schema = Schema((Column("t", "integer"),))
    frame = pd.DataFrame({"t": pd.Series(1_700_000_000 + np.arange(5), dtype="Int64")})
    a, b = encode(schema, frame, frame, frame)
    np.testing.assert_allclose(distances(a, b)[0], np.arange(5) / 4)


def test_rows_of_the_distribution_are_near_the_ideal(make_dataset, mixed):
    data = make_dataset(mixed(1000, seed=0), mixed(400, seed=1))
    # the holdout that is drawn moves the share as well; the standard error is that of the sample alone
    found = [
        share(make_dataset(mixed(1000, seed=s), mixed(400, seed=s + 50)), mixed(1000, seed=s + 99)) for s in range(8)
    ]
    error = np.std([score.value for score in found], ddof=1) / np.sqrt(len(found))
    assert abs(np.mean([score.value for score in found]) - 50) < 4 * error
    details = share(data, mixed(200, seed=2)).details
    assert (details["train_rows"], details["holdout_rows"], details["ideal_percent"]) == (400, 400, 50.0)


def test_copies_of_train_rows_are_remembered_and_copies_of_held_out_rows_are_not(make_dataset, mixed):
    train, test = mixed(200, seed=0), mixed(200, seed=1)
    data = make_dataset(train, test)
    assert share(data, train).value == 100
    assert share(data, test).value == 0
    assert share(data, train).details["median_distance_train"] == 0
    half = pd.concat([train.iloc[:100], test.iloc[:100]], ignore_index=True)
    assert share(data, half).value == 50
    assert share(data, half).stderr == pytest.approx(100 * np.sqrt(0.25 / 200), rel=0.01)


def test_a_tie_counts_half(make_dataset, mixed):
    train = mixed(100, seed=0)
    score = share(make_dataset(train, train.sample(frac=1, random_state=0)), mixed(50, seed=1))
    assert (score.value, score.stderr, score.details["ties_percent"]) == (50.0, 0.0, 100.0)


def test_the_larger_part_is_drawn_by_the_seed(make_dataset, mixed):
    for sizes in ((300, 60), (60, 300)):
        data = make_dataset(mixed(sizes[0], seed=0), mixed(sizes[1], seed=1))
        values = [share(data, mixed(200, seed=2), seed=seed).value for seed in (0, 0, 1)]
        assert values[0] == values[1] != values[2]


@pytest.mark.parametrize(("train", "test", "synthetic"), [(0, 5, 5), (5, 0, 5), (5, 5, 0)])
def test_without_records_there_is_no_value_but_a_reason(make_dataset, mixed, train, test, synthetic):
    records = mixed(5, seed=0)
    score = share(make_dataset(records.iloc[:train], records.iloc[:test]), records.iloc[:synthetic])
    assert np.isnan(score.value)
    assert "records" in score.details["reason"]


def test_constant_and_empty_columns_do_no_harm(make_dataset):
    schema = Schema((Column("x", "real"), Column("gap", "real"), Column("c", "categorical")))
    frame = pd.DataFrame({"x": [1.0] * 6, "gap": [np.nan] * 6, "c": list("ababab")})
    data = make_dataset(frame, frame, schema=schema)
    assert share(data, data.train).value == 50


def test_the_reference_is_neither_train_nor_holdout():
    assert Privacy().reference_records(SimpleNamespace(validation="validation", test="test")) == "validation"
