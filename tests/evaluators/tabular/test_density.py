"""Column shapes against scipy, hand-computed tables, and what must not or must change them."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from bench.records import Column, Schema
from evaluators.jackknife import assign_groups
from evaluators.tabular.density import Density, kolmogorov_smirnov

NUMBERS = st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=40)


def scores(data, synthetic, seed=0):
    found = Density().evaluate(data, synthetic, seed=seed)
    return {score.metric: score for score in found if score.protocol == "harness"}


def sdmetrics_shape(data, synthetic):
    (score,) = [score for score in Density().evaluate(data, synthetic) if score.protocol == "sdmetrics-0.11"]
    assert score.metric == "column_shape_error_percent"
    return score


def shape(data, synthetic):
    return scores(data, synthetic)["column_shape_error_percent"]


@given(NUMBERS, NUMBERS)
def test_numeric_columns_agree_with_scipy(real, synthetic):
    real, synthetic = np.array(real), np.array(synthetic)
    mine = kolmogorov_smirnov(real, synthetic, assign_groups(len(synthetic), 0))
    assert mine[0] == pytest.approx(ks_2samp(real, synthetic, method="asymp").statistic, abs=1e-12)


def test_leave_one_out_values_are_those_of_the_rows_that_stay():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=200), rng.normal(0.3, 1, size=150)
    synthetic[::7] = np.nan
    group = assign_groups(len(synthetic), 0)
    values = kolmogorov_smirnov(real, synthetic, group)
    for index in (0, 7, 19):
        kept = synthetic[group != index]
        assert values[1 + index] == pytest.approx(ks_2samp(real, kept[~np.isnan(kept)]).statistic)


def test_a_table_computed_by_hand(make_dataset):
    schema = Schema((Column("x", "integer"), Column("c", "categorical")))
    real = pd.DataFrame({"x": [1, 2, 3, 4], "c": ["a", "a", "b", None]})
    synthetic = make_dataset(pd.DataFrame({"x": [3, 4, 5, None], "c": ["a", "z", None, None]}), schema=schema).train
    found = scores(make_dataset(real, schema=schema), synthetic)
    # KS: below 3 real has 1/2 and synthetic nothing, at 4 real has 1 and synthetic 2/3
    # TV: |2/4 - 1/4| + |1/4 - 0| + |0 - 1/4| + |1/4 - 2/4| = 1, halved
    assert found["column_shape_error_percent"].details["columns"] == pytest.approx({"x": 50.0, "c": 50.0})
    assert found["column_shape_error_percent"].value == pytest.approx(50.0)
    assert found["missing_rate_error_percent"].value == pytest.approx(100 * (0.25 + 0.25) / 2)


def test_identical_records_have_no_error(make_dataset, mixed):
    records = mixed(300, seed=0)
    found = scores(make_dataset(records), records)
    assert {score.value for score in found.values()} == {0.0}


def test_row_order_and_names_of_categories_do_not_matter(make_dataset, mixed):
    real, synthetic = mixed(400, seed=0), mixed(300, seed=1)
    value = shape(make_dataset(real), synthetic).value
    shuffled = synthetic.sample(frac=1, random_state=0).reset_index(drop=True)
    assert shape(make_dataset(real), shuffled).value == pytest.approx(value, abs=1e-12)
    renamed = {"red": "1", "green": "zz", "blue": "Ä"}
    relabelled = [frame.assign(colour=frame["colour"].map(renamed).astype("str")) for frame in (real, synthetic)]
    assert shape(make_dataset(relabelled[0]), relabelled[1]).value == pytest.approx(value, abs=1e-12)


def test_more_damage_is_a_larger_error(make_dataset, mixed):
    real, synthetic = mixed(2000, seed=0), mixed(2000, seed=1)
    errors = []
    for damage in (0.0, 0.5, 1.0, 2.0):
        errors.append(shape(make_dataset(real), synthetic.assign(size=synthetic["size"] + damage)).value)
    assert errors == sorted(errors)
    assert errors[-1] > errors[0] + 10


@pytest.mark.parametrize(
    ("real", "synthetic", "error"), [(False, True, 100.0), (True, False, 100.0), (True, True, 0.0)]
)
def test_columns_without_a_value(make_dataset, real, synthetic, error):
    schema = Schema((Column("x", "real"), Column("y", "integer")))
    full = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1, 1, 1]})
    empty = full.assign(x=np.nan)
    data = make_dataset(empty if real else full, schema=schema)
    score = shape(data, make_dataset(empty if synthetic else full, schema=schema).train)
    assert score.details["columns"] == {"x": error, "y": 0.0}


@pytest.mark.parametrize(("real_rows", "synthetic_rows"), [(0, 10), (10, 0)])
def test_without_records_there_is_no_value_but_a_reason(make_dataset, mixed, real_rows, synthetic_rows):
    records = mixed(10, seed=0)
    for score in Density().evaluate(make_dataset(records.iloc[:real_rows]), records.iloc[:synthetic_rows]):
        assert np.isnan(score.value)
        assert "records" in score.details["reason"]


@pytest.mark.parametrize("rows", [1, 2, 15])
def test_a_handful_of_records_is_enough_for_a_value(make_dataset, mixed, rows):
    score = shape(make_dataset(mixed(50, seed=0)), mixed(rows, seed=1))
    assert 0 < score.value <= 100
    assert np.isnan(score.stderr) == (rows == 1)


def test_standard_error_is_that_of_many_samples(make_dataset, mixed):
    data = make_dataset(mixed(3000, seed=0).assign(size=lambda frame: frame["size"] * 1.3))
    found = [shape(data, mixed(1000, seed=seed)) for seed in range(1, 60)]
    spread = np.std([score.value for score in found], ddof=1)
    assert 0.67 < np.mean([score.stderr for score in found]) / spread < 1.5


def test_standard_error_is_near_a_bootstrap(make_dataset, mixed):
    data, synthetic = make_dataset(mixed(1000, seed=0)), mixed(800, seed=1).assign(label="yes")
    draws = [
        shape(data, synthetic.sample(frac=1, replace=True, random_state=seed).reset_index(drop=True)).value
        for seed in range(80)
    ]
    errors = [scores(data, synthetic, seed)["column_shape_error_percent"].stderr for seed in range(10)]
    assert 0.6 < np.mean(errors) / np.std(draws, ddof=1) < 1.7


def test_missing_categories_are_dropped_by_the_other_protocol(make_dataset):
    schema = Schema((Column("x", "integer"), Column("c", "categorical"), Column("d", "categorical")))
    real = pd.DataFrame({"x": [1, 2, 3, 4], "c": ["a", "a", "b", None], "d": [None] * 4})
    other = pd.DataFrame({"x": [3, 4, 5, None], "c": ["a", "z", None, None], "d": ["q"] * 4})
    data, synthetic = make_dataset(real, schema=schema), make_dataset(other, schema=schema).train
    # TV of (2/3, 1/3, 0) and (1/2, 0, 1/2); no value of d can be compared
    assert sdmetrics_shape(data, synthetic).details["columns"] == pytest.approx({"x": 50.0, "c": 50.0})
    assert sdmetrics_shape(make_dataset(real, schema=schema), data.train).value == 0
    empty = data.train.assign(x=pd.array([None] * 4, dtype="Int64"), c=data.train["d"])
    assert "values on both sides" in sdmetrics_shape(data, empty).details["reason"]


def test_plots_hold_both_sides(make_dataset, mixed):
    real, synthetic = mixed(500, seed=0), mixed(300, seed=1)
    plots = shape(make_dataset(real), synthetic).details["plots"]
    assert plots["levels"][:2] == [0.0, 0.025]
    for side, frame in enumerate((real, synthetic)):
        values = np.sort(frame["rooms"].dropna().to_numpy(float))
        reached = np.arange(1, len(values) + 1) / len(values)
        expected = [values[reached >= level - 1e-9][0] for level in plots["levels"]]
        assert plots["columns"]["rooms"]["quantiles"][side] == expected
        colours = plots["columns"]["colour"]
        labels = [label or "?" for label in colours["labels"]]
        counted = frame["colour"].fillna("?").value_counts(normalize=True)
        assert dict(zip(labels, colours["frequencies"][side], strict=True)) == pytest.approx(counted.to_dict())
        assert colours["rest"][side] == 0
    assert json.loads(json.dumps(plots)) == plots


def test_plots_of_many_labels_stay_small(make_dataset):
    schema = Schema((Column("c", "categorical"), Column("x", "real")))
    records = pd.DataFrame({"c": ["often"] * 100 + [f"label {i}" for i in range(900)], "x": np.nan})
    plots = shape(make_dataset(records, schema=schema), records).details["plots"]["columns"]
    assert plots["x"] == {"quantiles": [None, None]}
    assert plots["c"]["labels"][0] == "often"
    assert len(plots["c"]["labels"]) == 30
    assert plots["c"]["rest"] == pytest.approx([0.871, 0.871])
