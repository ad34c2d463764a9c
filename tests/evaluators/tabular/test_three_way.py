"""Three-way marginals against pandas, and an interaction that no pair shows."""

import itertools

import numpy as np
import pandas as pd
import pytest

from bench.records import Column, Schema
from evaluators.tabular.correlation import Correlation
from evaluators.tabular.three_way import choose_triples


def scores(data, synthetic, seed=0):
    return {(s.metric, s.protocol): s for s in Correlation().evaluate(data, synthetic, seed=seed)}


def three_way(data, synthetic, seed=0):
    return scores(data, synthetic, seed)["three_way_error_percent", "harness"]


def brute_force(real, synthetic, names):
    shares = [frame.groupby(list(names), dropna=False).size() / len(frame) for frame in (real, synthetic)]
    keys = [[tuple("?" if pd.isna(v) else v for v in key) for key in share.index] for share in shares]
    counted = [dict(zip(key, share, strict=True)) for key, share in zip(keys, shares, strict=True)]
    return 50 * sum(abs(counted[0].get(key, 0) - counted[1].get(key, 0)) for key in {**counted[0], **counted[1]})


def test_every_triple_agrees_with_pandas(make_dataset, mixed, mixed_schema):
    real, synthetic = mixed(600, seed=0), mixed(500, seed=1, noise=4.0)
    score = three_way(make_dataset(real), synthetic)
    cut = [frame.copy() for frame in (real, synthetic)]
    for name in ("size", "rooms"):
        edges = np.histogram_bin_edges(real[name].dropna().astype(float))
        edges[0], edges[-1] = -np.inf, np.inf
        for frame in cut:
            values = frame[name].astype(float)
            frame[name] = pd.Series(np.digitize(values, edges), index=values.index).where(values.notna())
    expected = {names: brute_force(*cut, names) for names in itertools.combinations(mixed_schema.names, 3)}
    assert {tuple(row[:3]): row[3] for row in score.details["triples"]} == pytest.approx(expected)
    assert score.value == pytest.approx(np.mean(list(expected.values())))
    assert score.stderr > 0


def test_an_interaction_that_no_pair_shows(make_dataset):
    rng = np.random.default_rng(0)
    schema = Schema(tuple(Column(name, "categorical") for name in "abc"))
    bits = rng.integers(0, 2, (4000, 3))
    real = bits.copy()
    real[:, 2] = real[:, 0] ^ real[:, 1]
    frames = [pd.DataFrame(values, columns=list("abc")).astype("str") for values in (real, bits)]
    found = scores(make_dataset(frames[0], schema=schema), frames[1])
    assert found["pair_trend_error_percent", "harness"].value < 4
    # four of the eight cells hold all real rows, and half of the synthetic ones
    assert found["three_way_error_percent", "harness"].value == pytest.approx(50, abs=2)


def test_triples_are_all_or_a_sample_by_the_seed():
    names = [f"column {i}" for i in range(12)]
    assert choose_triples(names[:5], 100, 0) == list(itertools.combinations(names[:5], 3))
    chosen = choose_triples(names, 100, 0)
    assert len(set(chosen)) == 100
    assert set(chosen) < set(itertools.combinations(names, 3))
    assert chosen == choose_triples(names, 100, 0) != choose_triples(names, 100, 1)
    assert choose_triples(names[:2], 100, 0) == []


def test_columns_of_many_labels(make_dataset):
    labels = [f"label {i}" for i in range(3000)]
    schema = Schema(tuple(Column(name, "categorical") for name in "abc"))
    records = pd.DataFrame({"a": labels, "b": labels, "c": labels})
    other = records.assign(c=labels[::-1])
    assert three_way(make_dataset(records, schema=schema), records).value == 0
    assert three_way(make_dataset(records, schema=schema), other).value == pytest.approx(100)


def test_two_columns_have_no_triple(make_dataset, mixed, mixed_schema):
    names = mixed_schema.names[:2]
    data = make_dataset(mixed(30, 0)[names], schema=Schema(mixed_schema.columns[:2]))
    score = three_way(data, mixed(30, 1)[names])
    assert np.isnan(score.value)
    assert "fewer than three" in score.details["reason"]
