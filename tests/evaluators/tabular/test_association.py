"""Spearman, Cramér's V and the correlation ratio against scipy, closed forms and what the bias correction is for."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, f_oneway, spearmanr
from scipy.stats.contingency import association, crosstab

from bench.records import Column, Schema
from evaluators.jackknife import assign_groups
from evaluators.tabular.association import correlation_ratio, cramers_v
from evaluators.tabular.correlation import Correlation
from evaluators.tabular.spearman import rank_correlations


def one_group(rows):
    return np.zeros(rows, dtype=np.int64)


def scores(data, synthetic, seed=0):
    return {(s.metric, s.protocol): s for s in Correlation().evaluate(data, synthetic, seed=seed)}


def bergsma(first, second):
    """The corrected V from scipy's chi-square, as the paper writes it (equations 5 to 7)."""
    table = crosstab(first, second).count
    n, (r, c) = len(first), table.shape
    mean_square = chi2_contingency(table, correction=False).statistic / n
    corrected = max(0, mean_square - (r - 1) * (c - 1) / (n - 1))
    sides = [k - (k - 1) ** 2 / (n - 1) for k in (r, c)]
    return np.sqrt(corrected / (min(sides) - 1))


def test_rank_correlations_agree_with_scipy_with_ties_gaps_and_without_a_group():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 4)) @ rng.normal(size=(4, 4))
    values[:, 1] = np.round(values[:, 1])
    values[:, 3] = np.exp(20 * values[:, 3])
    values[rng.random(400) < 0.2, 2] = np.nan
    group = assign_groups(400, 0)
    mine = rank_correlations(values, group)
    for index in (0, 5):
        kept = values[group != index - 1]
        for i, j in ((0, 1), (0, 2), (1, 3), (2, 3)):
            there = ~np.isnan(kept[:, [i, j]]).any(axis=1)
            expected = spearmanr(kept[there, i], kept[there, j]).statistic
            assert mine[index, i, j] == mine[index, j, i] == pytest.approx(expected, abs=1e-12)


def test_spearman_does_not_change_with_the_scale_and_sees_the_sign(make_dataset):
    rng = np.random.default_rng(1)
    schema = Schema((Column("x", "real"), Column("y", "real")))
    x = rng.normal(size=500)
    real = pd.DataFrame({"x": x, "y": x + rng.normal(size=500)})
    data = make_dataset(real, schema=schema)
    stretched = real.assign(y=np.exp(3 * real["y"]))
    found = scores(data, stretched)
    assert found["spearman_error_percent", "harness"].value == pytest.approx(0, abs=1e-9)
    assert found["pair_trend_error_percent", "harness"].value > 5
    turned = scores(data, real.assign(y=-real["y"]))["spearman_error_percent", "harness"]
    assert turned.value == pytest.approx(100 * spearmanr(real["x"], real["y"]).statistic)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_cramers_v_is_bergsmas_and_near_scipys_in_a_large_table(strength):
    rng = np.random.default_rng(2)
    first = rng.integers(0, 4, 3000)
    second = np.where(rng.random(3000) < strength, first, rng.integers(0, 6, 3000))
    mine = cramers_v(first, second, (9, 7), one_group(3000))[0]
    assert mine == pytest.approx(bergsma(first, second), abs=1e-12)
    plain = association(crosstab(first, second).count, method="cramer")
    assert mine == pytest.approx(plain, abs=0.05)
    group = assign_groups(3000, 0)
    without = cramers_v(first, second, (9, 7), group)
    assert without[3] == pytest.approx(bergsma(first[group != 2], second[group != 2]), abs=1e-12)


def test_independent_columns_of_a_small_table_are_not_associated():
    rng = np.random.default_rng(3)
    plain, corrected, ratio, plain_ratio = [], [], [], []
    for _ in range(40):
        first, second, x = rng.integers(0, 10, 200), rng.integers(0, 12, 200), rng.normal(size=200)
        plain.append(association(crosstab(first, second).count, method="cramer"))
        corrected.append(cramers_v(first, second, (10, 12), one_group(200))[0] ** 2)
        ratio.append(correlation_ratio(x, first, 10, one_group(200))[0] ** 2)
        groups = [x[first == k].mean() for k in first]
        plain_ratio.append(np.var(groups) / np.var(x))
    assert np.mean(plain) > 0.2
    assert np.sqrt(np.mean(corrected)) < 0.1
    assert np.mean(ratio) < 0.5 * np.mean(plain_ratio)


def test_the_correlation_ratio_follows_from_the_f_statistic():
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 5, 600)
    values = 1e6 + codes % 3 + rng.normal(size=600)
    values[rng.random(600) < 0.1] = np.nan
    group = assign_groups(600, 0)
    mine = correlation_ratio(values, codes, 8, group)
    for index in (0, 4):
        kept = (group != index - 1) & ~np.isnan(values)
        statistic = f_oneway(*(values[kept & (codes == k)] for k in range(5))).statistic
        between, within = 4, kept.sum() - 5
        # epsilon squared: (F - 1) df_between / (F df_between + df_within)
        expected = (statistic - 1) * between / (statistic * between + within)
        assert mine[index] ** 2 == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "value"), [([0, 0, 1, 1], [1, 1, 0, 0], 1), ([0, 0, 0], [0, 1, 2], 0), ([3], [1], 0)]
)
def test_closed_values_of_cramers_v(first, second, value):
    assert cramers_v(np.array(first), np.array(second), (4, 4), one_group(len(first)))[0] == pytest.approx(value)


@pytest.mark.parametrize(
    ("values", "codes", "value"),
    [
        ([1.0, 1.0, 5.0, 5.0], [0, 0, 1, 1], 1),
        ([2.0, 2.0, 2.0], [0, 1, 1], 0),
        ([1.0, 2.0], [0, 1], 0),
        ([np.nan, np.nan], [0, 1], 0),
        ([1.0, -1.0, 1.0, -1.0], [0, 0, 1, 1], 0),
    ],
)
def test_closed_values_of_the_correlation_ratio(values, codes, value):
    assert correlation_ratio(np.array(values), np.array(codes), 2, one_group(len(codes)))[0] == pytest.approx(value)


def test_scores_are_means_over_the_pairs_of_their_kind(make_dataset, mixed):
    real, synthetic = mixed(800, seed=0), mixed(700, seed=1, noise=5.0)
    found = scores(make_dataset(real), synthetic)
    tables = [frame[["colour", "label"]].fillna("?") for frame in (real, synthetic)]
    expected = 100 * abs(np.subtract(*(bergsma(t["colour"].to_numpy(str), t["label"].to_numpy(str)) for t in tables)))
    cramer = found["cramers_v_error_percent", "harness"]
    assert cramer.value == pytest.approx(expected)
    assert cramer.details["error_percent"] == [[None, pytest.approx(expected)], [pytest.approx(expected), None]]
    ratio = found["correlation_ratio_error_percent", "harness"]
    assert (ratio.details["rows"], ratio.details["columns"]) == (["size", "rooms"], ["colour", "label"])
    assert ratio.value == pytest.approx(np.mean(ratio.details["error_percent"]))
    for score in found.values():
        assert score.stderr > 0


@pytest.mark.parametrize(
    "metric", ["spearman_error_percent", "cramers_v_error_percent", "correlation_ratio_error_percent"]
)
def test_standard_error_is_that_of_many_samples(make_dataset, mixed, metric):
    # far from the truth, where an absolute difference is smooth
    data = make_dataset(mixed(3000, seed=0, noise=0.3))
    found = [scores(data, mixed(600, seed=seed, noise=6.0))[metric, "harness"] for seed in range(1, 40)]
    spread = np.std([score.value for score in found], ddof=1)
    assert 0.6 < np.mean([score.stderr for score in found]) / spread < 1.7
