"""The matrices of associations against scipy and the scores that are made of them."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.records import Column, Schema
from evaluators.tabular.associations import MOST_COLUMNS
from evaluators.tabular.correlation import Correlation


def evaluate(data, synthetic):
    return {(score.metric, score.protocol): score for score in Correlation().evaluate(data, synthetic)}


def test_values_are_those_of_scipy_and_differ_by_the_errors(make_dataset, mixed, mixed_schema):
    real, synthetic = mixed(400, seed=0), mixed(300, seed=1, noise=5.0)
    found = evaluate(make_dataset(real), synthetic)
    maps = found["pair_trend_error_percent", "harness"].details["associations"]
    assert maps["columns"] == mixed_schema.names
    assert maps["left_out"] == 0
    for side, frame in (("real", real), ("synthetic", synthetic)):
        both = frame[["size", "rooms"]].astype(float)
        assert maps[side][0][1] == round(stats.spearmanr(both, nan_policy="omit").statistic, 3)
        assert all(maps[side][i][i] is None for i in range(4))
        assert all(maps[side][i][j] == maps[side][j][i] for i, j in itertools.combinations(range(4), 2))
    for metric, weight in (
        ("spearman_error_percent", 0.5),
        ("cramers_v_error_percent", 1),
        ("correlation_ratio_error_percent", 1),
    ):
        details = found[metric, "harness"].details
        for row, column in itertools.product(details["rows"], details["columns"]):
            error = details["error_percent"][details["rows"].index(row)][details["columns"].index(column)]
            if error is not None:
                i, j = mixed_schema.names.index(row), mixed_schema.names.index(column)
                difference = abs(maps["real"][i][j] - maps["synthetic"][i][j])
                assert error == pytest.approx(100 * weight * difference, abs=0.11)
    assert "associations" not in found["pair_trend_error_percent", "sdmetrics-0.11"].details


def test_what_is_not_defined_is_none(make_dataset):
    schema = Schema((Column("x", "real"), Column("y", "real")))
    real = pd.DataFrame({"x": np.arange(20.0), "y": -np.arange(20.0)})
    maps = evaluate(make_dataset(real, schema=schema), real.assign(y=3.0))["pair_trend_error_percent", "harness"]
    assert maps.details["associations"]["real"] == [[None, -1.0], [-1.0, None]]
    assert maps.details["associations"]["synthetic"] == [[None, None], [None, None]]


def test_of_a_wide_table_the_worst_columns_stay(make_dataset):
    rng = np.random.default_rng(0)
    names = [f"c{i}" for i in range(MOST_COLUMNS + 5)]
    schema = Schema(tuple(Column(name, "real") for name in names))
    real = pd.DataFrame(rng.normal(size=(60, len(names))), columns=names)
    real["c7"] = real["c44"]
    synthetic = real.copy()
    synthetic["c44"] = -synthetic["c44"]
    details = evaluate(make_dataset(real, schema=schema), synthetic)["pair_trend_error_percent", "harness"].details
    maps = details["associations"]
    assert maps["left_out"] == 5
    assert len(maps["columns"]) == MOST_COLUMNS
    assert maps["columns"] == sorted(maps["columns"], key=names.index)
    i, j = maps["columns"].index("c7"), maps["columns"].index("c44")
    assert (maps["real"][i][j], maps["synthetic"][i][j]) == (1.0, -1.0)


def test_the_details_hold_a_projection_of_all_three_sides(make_dataset, mixed):
    data = make_dataset(mixed(100, 0), mixed(30, 2))
    details = evaluate(data, mixed(50, 1))["pair_trend_error_percent", "harness"].details
    assert [len(details["projection"][side]) for side in ("train", "holdout", "synthetic")] == [100, 30, 50]
    json.dumps(details, allow_nan=False)
