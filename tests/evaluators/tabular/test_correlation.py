"""Pair trends against pandas, hand-computed tables, and the stated rules of both protocols."""

import itertools

import numpy as np
import pandas as pd
import pytest

from bench.records import Column, Schema
from evaluators.jackknife import assign_groups
from evaluators.tabular.correlation import Correlation
from evaluators.tabular.pearson import correlations

PAIR = Schema((Column("x", "real"), Column("y", "real")))
CATEGORIES = Schema((Column("a", "categorical"), Column("b", "categorical")))
NUMBER_AND_CATEGORY = Schema((Column("x", "real"), Column("c", "categorical")))


def evaluate(data, synthetic, seed=0):
    found = Correlation().evaluate(data, synthetic, seed=seed)
    return {score.protocol: score for score in found if score.metric == "pair_trend_error_percent"}


def pair_values(score):
    names, matrix = score.details["columns"], score.details["error_percent"]
    assert score.details["rows"] == names
    assert all(matrix[i][j] == matrix[j][i] for i, j in itertools.product(range(len(names)), repeat=2))
    return {(names[i], names[j]): matrix[i][j] for i, j in itertools.combinations(range(len(names)), 2)}


def total_variation(real, synthetic, first, second):
    tables = [
        pd.crosstab(frame[first].fillna("?"), frame[second].fillna("?")).stack() / len(frame)
        for frame in (real, synthetic)
    ]
    return 50 * tables[0].subtract(tables[1], fill_value=0).abs().sum()


def test_pearson_agrees_with_pandas_where_values_are_missing():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 4)) @ rng.normal(size=(4, 4)) * [1, 1e6, 1e-6, 1] + [0, 1e8, 0, -3]
    values[rng.random(values.shape) < 0.2] = np.nan
    group = assign_groups(300, 0)
    mine = correlations(values, group)
    assert mine[0] == pytest.approx(pd.DataFrame(values).corr().to_numpy(), abs=1e-9)
    assert mine[4] == pytest.approx(pd.DataFrame(values[group != 3]).corr().to_numpy(), abs=1e-9)


def test_a_constant_column_has_no_correlation():
    values = np.column_stack([np.full(50, 0.1), np.arange(50.0), np.r_[np.full(49, np.nan), 1.0]])
    found = correlations(values, assign_groups(50, 0))
    assert np.isnan(found[:, [0, 2], :]).all()


def test_numeric_pair_is_half_the_difference_of_correlations(make_dataset):
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    real = pd.DataFrame({"x": x, "y": x + rng.normal(size=400)})
    synthetic = pd.DataFrame({"x": x, "y": -x + rng.normal(size=400)})
    expected = 50 * abs(real.corr().iloc[0, 1] - synthetic.corr().iloc[0, 1])
    for score in evaluate(make_dataset(real, schema=PAIR), synthetic).values():
        assert score.value == pytest.approx(expected)


def test_categories_by_hand_missing_is_a_category(make_dataset):
    real = pd.DataFrame({"a": ["p", "p", "q", None], "b": ["u", "v", "u", "u"]})
    synthetic = make_dataset(
        pd.DataFrame({"a": ["p", "p", "q", "new"], "b": ["u", "u", None, "u"]}), schema=CATEGORIES
    ).train
    # real cells pu pv qu ?u of 1/4 each, synthetic pu 1/2, q? 1/4, new-u 1/4: sum of differences 3/2
    for score in evaluate(make_dataset(real, schema=CATEGORIES), synthetic).values():
        assert score.value == pytest.approx(75.0)


def test_mixed_pair_bins_of_both_protocols(make_dataset):
    rng = np.random.default_rng(1)
    real = pd.DataFrame({"x": rng.gamma(2, size=500), "c": rng.choice(["a", "b"], 500)})
    synthetic = pd.DataFrame({"x": 1.5 * rng.gamma(2, size=400) - 0.5, "c": rng.choice(["a", "b", "z"], 400)})
    found = evaluate(make_dataset(real, schema=NUMBER_AND_CATEGORY), synthetic)
    edges = np.linspace(real["x"].min(), real["x"].max(), 11)
    edges[[0, -1]] = -np.inf, np.inf
    cut = [frame.assign(x=pd.cut(frame["x"], edges, right=False).astype(str)) for frame in (real, synthetic)]
    assert found["harness"].value == pytest.approx(total_variation(*cut, "x", "c"))
    own = [frame.assign(x=np.digitize(frame["x"], np.histogram_bin_edges(frame["x"]))) for frame in (real, synthetic)]
    assert found["sdmetrics-0.11"].value == pytest.approx(total_variation(*own, "x", "c"))
    assert found["harness"].value > found["sdmetrics-0.11"].value  # only one of them sees the shift


def test_missing_numbers_by_protocol(make_dataset):
    real = pd.DataFrame({"x": [0.0, 1.0, 2.0, 10.0], "c": ["a", "a", "b", "b"]})
    synthetic = pd.DataFrame({"x": [0.0, 1.0, np.nan, 10.0], "c": ["a", "a", "b", "b"]})
    found = evaluate(make_dataset(real, schema=NUMBER_AND_CATEGORY), synthetic)
    assert found["harness"].value == pytest.approx(25.0)  # (2, b) against (missing, b)
    assert found["sdmetrics-0.11"].value == pytest.approx(25.0)  # (2, b) against (maximum, b)
    numbers = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0], "y": [1.0, 2.0, 3.0, 4.0, 5.0]})
    gap = numbers.assign(y=[1.0, 2.0, 3.0, 4.0, np.nan])
    found = evaluate(make_dataset(numbers, schema=PAIR), gap)
    assert found["harness"].value == pytest.approx(0.0, abs=1e-9)
    assert found["sdmetrics-0.11"].value == pytest.approx(0.0, abs=1e-9)


def test_constant_columns_by_protocol(make_dataset):
    schema = Schema((Column("x", "real"), Column("y", "real"), Column("z", "real")))
    x = np.arange(30.0)
    real = pd.DataFrame({"x": x, "y": x, "z": -x})
    synthetic = real.assign(y=7.0)
    found = evaluate(make_dataset(real, schema=schema), synthetic)
    assert pair_values(found["harness"]) == pytest.approx({("x", "y"): 50, ("x", "z"): 0, ("y", "z"): 50})
    assert pair_values(found["sdmetrics-0.11"]) == {("x", "y"): None, ("x", "z"): pytest.approx(0), ("y", "z"): None}
    assert found["sdmetrics-0.11"].value == pytest.approx(0)
    constant = evaluate(make_dataset(real[["x", "y"]], schema=PAIR), synthetic[["x", "y"]])
    assert np.isnan(constant["sdmetrics-0.11"].value)
    assert "no pair" in constant["sdmetrics-0.11"].details["reason"]


def test_every_pair_counts_once(make_dataset, mixed, mixed_schema):
    score = evaluate(make_dataset(mixed(200, seed=0)), mixed(200, seed=1))["harness"]
    values = pair_values(score)
    assert sorted(values) == sorted(itertools.combinations(mixed_schema.names, 2))
    assert score.value == pytest.approx(np.mean(list(values.values())))


def test_columns_of_many_labels_need_no_table_of_all_pairs(make_dataset):
    labels = [f"label {i}" for i in range(4000)]
    records = pd.DataFrame({"a": labels, "b": labels[::-1]})
    other = pd.DataFrame({"a": labels, "b": labels})
    found = evaluate(make_dataset(records, schema=CATEGORIES), other)
    assert found["harness"].value == pytest.approx(100.0)


def test_identical_records_have_no_error_and_order_does_not_matter(make_dataset, mixed):
    real, synthetic = mixed(300, seed=0), mixed(250, seed=1)
    for protocol, score in evaluate(make_dataset(real), real).items():
        assert score.value == pytest.approx(0, abs=1e-9)
        shuffled = synthetic.sample(frac=1, random_state=1).reset_index(drop=True)
        before = evaluate(make_dataset(real), synthetic)[protocol].value
        assert evaluate(make_dataset(real), shuffled)[protocol].value == pytest.approx(before, abs=1e-9)


def test_breaking_more_rows_is_a_larger_error(make_dataset, mixed):
    real, synthetic = mixed(2000, seed=0), mixed(2000, seed=1)
    errors = {"harness": [], "sdmetrics-0.11": []}
    for share in (0.0, 0.3, 0.6, 1.0):
        broken = synthetic.copy()
        rows = int(share * len(broken))
        for seed, name in enumerate(broken.columns):
            values = broken[name].iloc[:rows].sample(frac=1, random_state=seed)
            broken[name] = pd.concat([values, broken[name].iloc[rows:]], ignore_index=True)
        for protocol, score in evaluate(make_dataset(real), broken).items():
            errors[protocol].append(score.value)
    for values in errors.values():
        assert values == sorted(values)
        assert values[-1] > values[0] + 5


@pytest.mark.parametrize(("columns", "rows", "reason"), [(1, 20, "no pair"), (4, 0, "records")])
def test_what_has_no_value_has_a_reason(make_dataset, mixed, mixed_schema, columns, rows, reason):
    names = mixed_schema.names[:columns]
    schema = Schema(mixed_schema.columns[:columns])
    found = Correlation().evaluate(make_dataset(mixed(20, 0)[names], schema=schema), mixed(rows, 1)[names])
    assert len(found) == 6
    for score in found:
        assert np.isnan(score.value)
        assert reason in score.details["reason"] or score.metric.startswith("three_way")


@pytest.mark.filterwarnings("error")
def test_columns_without_a_value_raise_no_warning(make_dataset, mixed):
    records = mixed(40, seed=0)
    empty = records.assign(rooms=pd.array([None] * 40, dtype="Int64"))
    for real, synthetic in ((records, empty), (empty, records), (empty, empty)):
        for score in Correlation().evaluate(make_dataset(real), synthetic):
            assert 0 <= score.value <= 100


def test_standard_error_is_that_of_many_samples(make_dataset, mixed):
    data = make_dataset(mixed(3000, seed=0))
    found = [evaluate(data, mixed(1000, seed=seed, noise=6.0))["harness"] for seed in range(1, 50)]
    spread = np.std([score.value for score in found], ddof=1)
    assert 0.6 < np.mean([score.stderr for score in found]) / spread < 1.6


def test_standard_error_is_near_a_bootstrap(make_dataset, mixed):
    data, synthetic = make_dataset(mixed(1000, seed=0)), mixed(800, seed=1, noise=6.0)
    draws = [
        evaluate(data, synthetic.sample(frac=1, replace=True, random_state=seed).reset_index(drop=True))["harness"]
        for seed in range(60)
    ]
    spread = np.std([draw.value for draw in draws], ddof=1)
    errors = [evaluate(data, synthetic, seed)["harness"].stderr for seed in range(10)]
    assert 0.6 < np.mean(errors) / spread < 1.7
