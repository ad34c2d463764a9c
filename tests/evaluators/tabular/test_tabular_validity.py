"""Shares of valid, in-range, repeated and copied records on tables small enough to count."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.records import Column, Schema
from evaluators.shares import record_numbers, repeats
from evaluators.tabular.validity import TabularValidity

SCHEMA = Schema((Column("x", "real"), Column("n", "integer"), Column("c", "categorical")))
TRAIN = pd.DataFrame({"x": [0.0, 1.0, None, 1.0], "n": [1, 2, 3, 1], "c": ["a", "b", "a", "b"]})


def scores(data, synthetic):
    return {score.metric: score for score in TabularValidity().evaluate(data, synthetic)}


def test_records_counted_by_hand(make_dataset):
    synthetic = pd.DataFrame(
        {
            "x": [0.0, None, 5.0, 0.5, 0.5],
            "n": pd.array([1, 3, 2, None, 9], dtype="Int64"),
            "c": pd.Series(["a", "a", "new", None, "b"], dtype="str"),
        }
    )
    found = scores(make_dataset(TRAIN, schema=SCHEMA), synthetic)
    # legal: rows 0, 1, 4; train misses x only; in range: all but rows 2 (x) and 4 (n); copies: rows 0, 1
    assert found["valid_percent"].value == pytest.approx(60)
    assert found["valid_percent"].stderr == pytest.approx(100 * np.sqrt(0.6 * 0.4 / 5))
    assert found["valid_percent"].details == {"failing_records": {"x": 0, "n": 1, "c": 2}}
    assert found["in_range_percent"].value == pytest.approx(60)
    assert found["in_range_percent"].details == {"failing_records": {"x": 1, "n": 1}}
    assert found["duplicate_percent"].value == 0
    assert found["copy_percent"].value == pytest.approx(40)


def test_whole_numbers_are_asked_for(make_dataset):
    synthetic = TRAIN.assign(n=[1.5, 2.0, 3.0, 1.0])
    assert scores(make_dataset(TRAIN, schema=SCHEMA), synthetic)["valid_percent"].value == pytest.approx(75)


def test_train_records_are_valid_copies_of_themselves(make_dataset, mixed):
    records = mixed(100, 0)
    found = scores(make_dataset(records), pd.concat([records, records], ignore_index=True))
    assert {name: score.value for name, score in found.items()} == {
        "valid_percent": 100,
        "in_range_percent": 100,
        "duplicate_percent": 50,
        "copy_percent": 100,
    }


def test_without_records_there_is_a_reason(make_dataset, mixed):
    for score in scores(make_dataset(mixed(10, 0)), mixed(0, 1)).values():
        assert np.isnan(score.value)
        assert "no records" in score.details["reason"]


def test_a_column_that_train_never_fills(make_dataset):
    data = make_dataset(TRAIN.assign(x=np.nan), schema=SCHEMA)
    found = scores(data, data.train.assign(x=[np.nan, np.nan, np.nan, 1.0]))
    assert found["valid_percent"].value == 100
    assert found["in_range_percent"].value == pytest.approx(75)


SMALL = st.tuples(st.sampled_from([None, "a", "b", "ab"]), st.sampled_from([None, 0.0, 1.0, 2.0**53]))


@given(st.lists(SMALL, min_size=1, max_size=30), st.lists(SMALL, min_size=1, max_size=30))
def test_copies_and_repeats_are_exactly_the_equal_records(train, sample):
    def frame(rows):
        strings, values = zip(*rows, strict=True)
        return pd.DataFrame({"c": pd.Series(strings, dtype="str"), "x": pd.Series(values, dtype="float64")})

    real, generated = record_numbers(frame(train), frame(sample))
    assert np.isin(generated, real).tolist() == [row in train for row in sample]
    assert repeats(generated).tolist() == [row in sample[:i] for i, row in enumerate(sample)]
