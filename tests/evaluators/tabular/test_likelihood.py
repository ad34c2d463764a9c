"""Scores under the known truth against closed forms, and on the simulated tables."""

import importlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import entropy, poisson

from bench.datasets import get_loader, load
from bench.frames import conform
from bench.provenance import data_hash
from bench.records import Column, Schema
from evaluators.tabular.likelihood import Likelihood

TABLES = ["adult", "default", "shoppers", "magic", "beijing"]
SCHEMA = Schema((Column("c", "categorical"), Column("n", "integer")))
SHARES = {"a": 0.7, "b": 0.2, "c": 0.1}


def truth(frame):
    with np.errstate(divide="ignore"):
        return np.log(frame["c"].map(SHARES).fillna(0).to_numpy(float)) + poisson.logpmf(frame["n"].to_numpy(float), 4)


def draw(rows, seed, shares, rate):
    rng = np.random.default_rng(seed)
    labels = rng.choice(list(shares), p=list(shares.values()), size=rows)
    return conform(pd.DataFrame({"c": labels, "n": rng.poisson(rate, rows)}), SCHEMA)


@pytest.fixture
def known(make_dataset):
    parts = [draw(rows, seed, SHARES, 4) for seed, rows in enumerate((500, 20_000, 20_000))]
    return replace(make_dataset(*parts[:2], schema=SCHEMA, validation=parts[2]), log_likelihood=truth)


def scores(data, synthetic):
    return {score.metric: score for score in Likelihood().evaluate(data, synthetic)}


def test_the_gap_is_the_difference_of_cross_entropies(known):
    shares = {"a": 0.3, "b": 0.3, "c": 0.4}
    found = scores(known, draw(20_000, 3, shares, 6))
    p, q = (np.array(list(one.values())) for one in (SHARES, shares))
    grid = np.arange(60)
    cross = [-np.sum(poisson.pmf(grid, rate) * poisson.logpmf(grid, 4)) for rate in (4, 6)]
    expected = (-np.sum(q * np.log(p)) + cross[1]) - (entropy(p) + cross[0])
    gap = found["log_likelihood_gap_nats"]
    assert abs(gap.value - expected) < 4 * gap.stderr
    assert 0.005 < gap.stderr < 0.05
    assert gap.value == pytest.approx(gap.details["real_nats"] - gap.details["synthetic_nats"])
    assert found["impossible_percent"].value == 0


def test_the_standard_error_is_that_of_many_samples(known):
    gaps = []
    for seed in range(60):
        data = replace(known, test=draw(300, 100 + seed, SHARES, 4))
        gaps.append(scores(data, draw(200, 500 + seed, SHARES, 6))["log_likelihood_gap_nats"])
    spread = np.std([gap.value for gap in gaps], ddof=1)
    assert np.mean([gap.stderr for gap in gaps]) == pytest.approx(spread, rel=0.25)


def test_impossible_rows_are_counted_and_left_out_of_the_mean(known):
    rows = draw(400, 3, SHARES, 4)
    spoilt = rows.copy()
    spoilt.loc[:99, "c"] = "z"
    found = scores(known, spoilt)
    assert found["impossible_percent"].value == pytest.approx(25)
    gap = found["log_likelihood_gap_nats"]
    assert gap.value == pytest.approx(truth(known.test).mean() - truth(rows.iloc[100:]).mean())
    assert gap.details["possible_rows"] == 300


def test_rows_of_the_mode_have_a_negative_gap(known):
    assert scores(known, draw(50, 3, {"a": 1.0}, 4).assign(n=4))["log_likelihood_gap_nats"].value < -0.5


def test_without_a_truth_there_is_no_score_and_without_rows_a_reason(known, make_dataset, mixed):
    assert Likelihood().evaluate(make_dataset(mixed(10, 0)), mixed(10, 1)) == []
    for data, synthetic in ((known, known.test.iloc[:0]), (replace(known, test=known.test.iloc[:0]), known.train)):
        score = scores(data, synthetic)["log_likelihood_gap_nats"]
        assert np.isnan(score.value)
        assert "some of both" in score.details["reason"]


@pytest.mark.parametrize("name", TABLES)
def test_simulated_tables_know_their_truth(name):
    data = load(name)
    demo = importlib.import_module(get_loader(name).demo)
    simulated = demo.simulate(300, 5)
    # the canonical form changes the spelling of labels, not the likelihood
    expected = demo.MODEL.log_likelihood(simulated)
    assert data.log_likelihood(conform(simulated, data.schema)) == pytest.approx(expected)
    held_out = Likelihood().evaluate(data, Likelihood().reference_records(data))
    gap, impossible = held_out
    assert abs(gap.value) < 4 * gap.stderr
    assert impossible.value == 0
    label = data.schema.categorical[0]
    assert np.isneginf(data.log_likelihood(data.test.assign(**{label: "never seen"}))).all()
    shuffled = pd.DataFrame({c: data.train[c].sample(frac=1, random_state=i).array for i, c in enumerate(data.train)})
    found = scores(data, shuffled)
    assert found["log_likelihood_gap_nats"].value > 1
    assert np.isnan(found["log_likelihood_gap_nats"].stderr) or found["impossible_percent"].value < 100


def test_the_truth_is_no_part_of_the_identity():
    data = load("adult")
    assert data_hash(data) == data_hash(replace(data, log_likelihood=None))
    assert load("toolbench").log_likelihood is None
