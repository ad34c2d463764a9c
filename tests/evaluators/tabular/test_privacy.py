"""Distances to closest records of generators whose memory is known, against brute force and closed forms."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.preprocessing import OneHotEncoder

from bench.errors import BenchError
from bench.records import Column, Schema
from evaluators.tabular.privacy import Privacy
from evaluators.tabular.protection import random_rows
from evaluators.tabular.readings import quantile_and_error, reading

REAL = Schema((Column("x", "real"), Column("y", "real")))


def scores(data, synthetic, seed=0, **options):
    found = Privacy(**options).evaluate(data, synthetic, seed=seed)
    return {(score.metric, score.protocol): score for score in found}


def share(data, synthetic, seed=0, protocol="tabsyn"):
    return scores(data, synthetic, seed)["dcr_share_percent", protocol]


def plane(rows, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(shift, 1, rows), "y": rng.normal(0, 1, rows)})


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


def test_the_permutation_error_is_the_spread_over_fresh_train_holdout_and_sample(make_dataset):
    found = []
    for s in range(60):
        data = make_dataset(plane(100, 3 * s), plane(100, 3 * s + 1), schema=REAL)
        found.append(share(data, plane(1000, 3 * s + 2)))
    spread = np.std([score.value for score in found], ddof=1)
    stated = np.mean([score.details["permutation_stderr"] for score in found])
    assert spread == pytest.approx(stated, rel=0.25)
    # rows of the sample share their closest records, so its own error says too little
    assert np.mean([score.stderr for score in found]) < 0.7 * spread
    assert np.mean(["memorises" in score.details["reading"] for score in found]) < 0.1


@pytest.mark.parametrize("protocol", ["tabsyn", "sdmetrics"])
def test_copies_of_train_rows_are_remembered_and_copies_of_held_out_rows_are_not(make_dataset, mixed, protocol):
    train, test = mixed(200, seed=0), mixed(200, seed=1)
    data = make_dataset(train, test)
    copies, held_out = (share(data, frame, protocol=protocol) for frame in (train, test))
    assert (copies.value, held_out.value) == (100, 0)
    assert copies.details["median_distance_train"] == 0
    assert copies.details["reading"] == "closer to train than held-out rows are: memorises"
    assert held_out.details["reading"].startswith("farther from train")
    half = share(data, pd.concat([train.iloc[:100], test.iloc[:100]], ignore_index=True), protocol=protocol)
    assert half.value == 50
    assert half.stderr == pytest.approx(100 * np.sqrt(0.25 / 200), rel=0.01)
    assert half.details["reading"] == "no closer to train than held-out rows are"


def test_a_tie_counts_half(make_dataset, mixed):
    train = mixed(100, seed=0)
    score = share(make_dataset(train, train.sample(frac=1, random_state=0)), mixed(50, seed=1))
    assert (score.value, score.stderr, score.details["ties_percent"]) == (50.0, 0.0, 100.0)


def test_the_larger_part_is_drawn_by_the_seed(make_dataset, mixed):
    for sizes in ((300, 60), (60, 300)):
        data = make_dataset(mixed(sizes[0], seed=0), mixed(sizes[1], seed=1))
        values = [share(data, mixed(200, seed=2), seed=seed).value for seed in (0, 0, 1)]
        assert values[0] == values[1] != values[2]


def test_percentiles_and_ratios_are_those_of_one_hot_rows_by_scipy(make_dataset, mixed):
    train, test, synthetic = (mixed(rows, seed=rows).dropna().reset_index(drop=True) for rows in (300, 200, 250))
    found = scores(make_dataset(train, test), synthetic)
    together = pd.concat([train, test, synthetic])
    numbers = together[["size", "rooms"]].to_numpy(dtype=float)
    spread = np.ptp(numbers[: len(train)], axis=0)
    flags = OneHotEncoder(sparse_output=False).fit_transform(together[["colour", "label"]])
    rows = np.hstack([numbers / spread, flags])
    parts = np.split(rows, np.cumsum([len(train), len(test)]))
    ours, holdout = (np.sort(cdist(part, parts[0], "cityblock"), axis=1)[:, :2] for part in (parts[2], parts[1]))
    for metric, level in (("dcr_median", 0.5), ("dcr_5th_percentile", 0.05)):
        score = found[metric, "tabsyn"]
        assert score.value == pytest.approx(np.quantile(ours[:, 0], level))
        assert score.details["holdout"] == pytest.approx(np.quantile(holdout[:, 0], level))
    score = found["nndr_median", "tabsyn"]
    assert score.value == pytest.approx(np.median(ours[:, 0] / ours[:, 1]))
    assert score.details["holdout"] == pytest.approx(np.median(holdout[:, 0] / holdout[:, 1]))
    bins = found["dcr_median", "tabsyn"].details["histogram"]
    edges = [*bins["edges"][:-1], np.inf]
    np.testing.assert_allclose(bins["synthetic"], np.histogram(ours[:, 0], edges)[0] / len(ours))
    np.testing.assert_allclose(bins["holdout"], np.histogram(holdout[:, 0], edges)[0] / len(holdout))


def test_readings_tell_memory_from_noise_from_distance(make_dataset):
    train, test = plane(600, 0), plane(600, 1)
    data = make_dataset(train, test, schema=REAL)
    step = np.random.default_rng(2).normal(0, 1e-3, (600, 2))
    for synthetic, word in ((train + step, "closer"), (plane(600, 3), "no closer"), (plane(600, 4, 9.0), "farther")):
        found = scores(data, synthetic)
        for metric in ("dcr_median", "dcr_5th_percentile", "nndr_median"):
            assert found[metric, "tabsyn"].details["reading"].startswith(word), (metric, word)


def test_exact_copies_are_counted_whatever_the_distance_says(make_dataset):
    schema = Schema((Column("id", "integer"), Column("c", "categorical")))
    large = 2**60
    train = pd.DataFrame({"id": [large + i for i in range(50)], "c": ["a"] * 49 + [None]})
    test = pd.DataFrame({"id": [large + 49, *range(49)], "c": [None, *["a"] * 49]})
    synthetic = pd.DataFrame({"id": [large, large + 49, large + 50, large + 1], "c": ["a", None, "a", "b"]})
    data = make_dataset(train, test, schema=schema)
    score = scores(data, synthetic.astype({"id": "Int64", "c": "str"}))["identical_match_percent", "harness"]
    assert (score.value, score.details["holdout"]) == (50, 2)


def test_sdmetrics_scores_follow_their_definitions(make_dataset):
    train, test, synthetic = plane(200, 0), plane(80, 1), plane(150, 2)
    found = scores(make_dataset(train, test, schema=REAL), synthetic)

    def closest(rows, reference):
        spread = np.ptp(reference.to_numpy(), axis=0)
        gaps = np.abs(rows.to_numpy()[:, None] - reference.to_numpy()) / spread
        return np.minimum(gaps, 1).mean(axis=2).min(axis=1)

    near = closest(synthetic, train)
    closer = (near < closest(synthetic, test)).mean()
    score = found["dcr_overfitting_protection", "sdmetrics"]
    assert score.details["closer_to_training"] == pytest.approx(closer)
    assert score.value == pytest.approx(min(1, 2 * (1 - closer)))
    score = found["dcr_baseline_protection", "sdmetrics"]
    assert score.details["median_distance_synthetic"] == pytest.approx(np.median(near))
    low, high = train.min(), train.max()
    uniform = pd.DataFrame(np.random.default_rng(5).uniform(low, high, (4000, 2)), columns=["x", "y"])
    assert score.details["median_distance_random"] == pytest.approx(np.median(closest(uniform, train)), rel=0.25)
    assert found["dcr_median", "sdmetrics"].value == pytest.approx(np.median(near))


def test_more_rows_than_the_limit_are_drawn(make_dataset, mixed):
    data = make_dataset(mixed(200, seed=0), mixed(100, seed=1))
    found = scores(data, mixed(300, seed=2), rows=50)
    assert {score.n for score in found.values()} == {50}


@pytest.mark.parametrize(("train", "test", "synthetic"), [(0, 5, 5), (5, 0, 5), (5, 5, 0)])
def test_without_records_there_is_no_value_but_a_reason(make_dataset, mixed, train, test, synthetic):
    records = mixed(5, seed=0)
    data = make_dataset(records.iloc[:train], records.iloc[:test])
    found = scores(data, records.iloc[:synthetic], sensitive="colour")
    assert set(found) == set(scores(make_dataset(records, records), records, sensitive="colour"))
    for score in found.values():
        assert np.isnan(score.value)
        assert "records" in score.details["reason"]


@pytest.mark.parametrize(("train", "test", "synthetic"), [(1, 1, 1), (1, 5, 1), (5, 1, 1), (2, 2, 5)])
def test_few_records_do_no_harm(make_dataset, mixed, train, test, synthetic):
    records = mixed(5, seed=0)
    data = make_dataset(records.iloc[:train], records.iloc[:test])
    for score in scores(data, records.iloc[:synthetic], sensitive="size").values():
        assert np.isfinite(score.value) or score.details["reason"]


def test_constant_and_empty_columns_do_no_harm(make_dataset):
    schema = Schema((Column("x", "real"), Column("gap", "real"), Column("c", "categorical")))
    frame = pd.DataFrame({"x": [1.0] * 6, "gap": [np.nan] * 6, "c": list("ababab")})
    found = scores(make_dataset(frame, frame, schema=schema), frame.assign(c=pd.Series(list("abcabc"), dtype="str")))
    assert found["dcr_share_percent", "tabsyn"].value == 50
    assert found["identical_match_percent", "harness"].value == pytest.approx(100 * 4 / 6)


def test_the_reference_is_neither_train_nor_holdout():
    assert Privacy().reference_records(SimpleNamespace(validation="validation", test="test")) == "validation"


def test_an_unknown_sensitive_column_is_named(make_dataset, mixed):
    with pytest.raises(BenchError, match="column 'color' is not known; did you mean 'colour'"):
        scores(make_dataset(mixed(5, seed=0), mixed(5, seed=1)), mixed(5, seed=2), sensitive="color")


def test_the_error_of_a_quantile_is_its_spread_over_samples():
    rng = np.random.default_rng(0)
    found = np.array([quantile_and_error(rng.exponential(size=2000), 0.5) for _ in range(300)])
    # density of the exponential at its median is one half: sqrt(1/4n) / f
    assert found[:, 0].std() == pytest.approx(1 / np.sqrt(2000), rel=0.15)
    assert found[:, 1].mean() == pytest.approx(1 / np.sqrt(2000), rel=0.05)


def test_a_difference_within_two_errors_is_none():
    assert [reading(x, 1.0, "leak", "none", "opposite") for x in (1.9, 2.0, -1.9, -2.0)] == [
        "none", "leak", "none", "opposite",
    ]  # fmt: skip
    assert reading(5.0, np.nan, "leak", "none") == "none"
    assert reading(5.0, 0.0, "leak", "none") == "leak"
    assert reading(0.0, 0.0, "leak", "none") == "none"


@pytest.mark.parametrize("step", [0, 1, 300, 2**54])
@pytest.mark.parametrize("end", [2**63 - 1, -(2**63)])
def test_random_rows_reach_both_ends_of_the_integers(step, end):
    values = [end - step * i if end > 0 else end + step * i for i in range(500)]
    train = pd.DataFrame({"i": pd.array(values, dtype="Int64")})
    found = random_rows(Schema((Column("i", "integer"),)), train, 200, 0)["i"]
    assert found.dtype == "Int64"
    # to the precision of the floats that are drawn
    assert all(min(values) - 1024 <= int(value) <= max(values) + 1024 for value in found)
    assert step or set(found) == {end}
