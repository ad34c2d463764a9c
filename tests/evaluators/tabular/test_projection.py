"""Projections against scikit-learn's principal components and closed forms."""

import json
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from bench.frames import conform
from bench.records import Column, Schema
from evaluators.tabular.projection import ROWS, project

NUMBERS = Schema(tuple(Column(name, "real") for name in "xyzw"))
LABELS = Schema((Column("a", "categorical"), Column("b", "categorical"), Column("x", "real")))


def normal_rows(rows, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(rows, 4)) @ rng.normal(size=(4, 4)) * [1, 1e6, 1e-6, 1] + 5, columns=[*"xyzw"])


def label_rows(rows, labels, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.integers(0, labels, rows), "b": rng.random(rows) < 0.3, "x": rng.normal(size=rows)})
    return conform(frame.assign(x=frame["x"] + frame["b"]).astype({"a": str, "b": str}), LABELS)


def same_up_to_sign(found, expected):
    found, expected = np.array(found), np.array(expected)
    signs = np.sign((found * expected).sum(axis=0))
    assert found == pytest.approx(expected * signs, abs=6e-4)


def test_numbers_agree_with_scikit_learn():
    train, synthetic = normal_rows(300), normal_rows(200, seed=1)
    found = project(NUMBERS, train, train.iloc[:50], synthetic, 0)
    scaled, others = (((frame - train.mean()) / train.std(ddof=0)).to_numpy() for frame in (train, synthetic))
    expected = PCA(2).fit(scaled)
    same_up_to_sign(found["train"], expected.transform(scaled))
    same_up_to_sign(found["synthetic"], expected.transform(others))
    assert [axis["explained"] for axis in found["axes"]] == pytest.approx(expected.explained_variance_ratio_, abs=1e-4)
    assert len(found["holdout"]) == 50


def test_categories_agree_with_scikit_learn():
    train = label_rows(350, 6)
    parts = [(train[["x"]] - train["x"].mean()) / train["x"].std(ddof=0)]
    for name in "ab":
        indicators = pd.get_dummies(train[name]).astype(float)
        parts.append((indicators - indicators.mean()) / np.sqrt(indicators.var(ddof=0).sum()))
    table = pd.concat(parts, axis=1).to_numpy()
    expected = PCA(2).fit(table)
    found = project(LABELS, train, train, train, 0)
    same_up_to_sign(found["train"], expected.transform(table))
    assert [axis["explained"] for axis in found["axes"]] == pytest.approx(expected.explained_variance_ratio_, abs=1e-4)


def test_two_numbers_of_known_correlation():
    # x and y have the correlation 0.6: the axes are the diagonals, with shares (1 + 0.6) / 2 and (1 - 0.6) / 2
    u, v = np.array([1.0, 1, -1, -1] * 25), np.array([1.0, -1, 1, -1] * 25)
    train = pd.DataFrame({"x": u, "y": 0.6 * u + 0.8 * v, "z": 7.0, "w": np.nan})
    found = project(NUMBERS, train, train, train, 0)
    assert [axis["explained"] for axis in found["axes"]] == [0.8, 0.2]
    assert found["axes"][0]["columns"] == {"x": 0.5, "y": 0.5}
    expected = np.column_stack([train["x"] + train["y"], train["x"] - train["y"]]) / np.sqrt(2)
    assert np.array(found["train"]) == pytest.approx(expected, abs=6e-4)


def test_a_category_of_two_labels_weighs_as_its_indicator():
    train = label_rows(400, 2)
    indicator = train.assign(a=(train["a"] == "1").astype(float), b=(train["b"] == "True").astype(float))
    schema = Schema(tuple(Column(name, "real") for name in "abx"))
    same_up_to_sign(
        project(LABELS, train, train, train, 0)["train"], project(schema, indicator, indicator, indicator, 0)["train"]
    )


def test_equal_rows_in_another_order_give_the_same_picture():
    train = label_rows(ROWS, 5)
    shuffled = train.sample(frac=1, random_state=3).reset_index(drop=True)
    found, other = (project(LABELS, frame, frame.iloc[:0], train, 0) for frame in (train, shuffled))
    assert found["axes"] == other["axes"]
    assert found["holdout"] == []
    assert found["synthetic"] == other["synthetic"] == found["train"]


def test_missing_numbers_lie_at_the_mean_and_rare_labels_together():
    train = label_rows(3000, 100)
    row = {"a": "new", "b": "True", "x": np.nan}
    others = conform(
        pd.DataFrame([row, row | {"x": train["x"].mean()}, row | {"a": "another"}, row | {"x": 9.0}]), LABELS
    )
    points = project(LABELS, train, train, others, 0)["synthetic"]
    assert points[0] == points[1] == points[2]
    assert points[0] != points[3]


def test_rows_are_drawn_by_the_seed():
    train = normal_rows(3000)
    found = [project(NUMBERS, train, train, train, seed) for seed in (0, 0, 1)]
    assert found[0] == found[1]
    assert found[0]["axes"] == found[2]["axes"]
    assert found[0]["train"] != found[2]["train"]
    assert [len(found[0][side]) for side in ("train", "holdout", "synthetic")] == [ROWS] * 3


def test_many_labels_take_little_memory_and_no_part():
    rng = np.random.default_rng(0)
    train = label_rows(20_000, 10_000).assign(x=rng.normal(size=20_000))
    tracemalloc.start()
    found = project(LABELS, train, train, train, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6  # a one-hot table of all labels has 1.6e9 bytes
    assert found["axes"][0]["columns"]["a"] < 0.01


def test_numbers_of_any_size_stay_finite():
    tiny = pd.DataFrame({"x": [1e-300, 2e-300, 3e-300], "y": [1e30, -1e30, 0.0], "z": [1.0, 1, 1], "w": [0.0, 1, 5]})
    wild = pd.DataFrame({"x": [1e300, -np.inf], "y": [np.inf, np.nan], "z": [2.0, 1], "w": [np.nan, 1e30]})
    json.dumps(project(NUMBERS, tiny, tiny, wild, 0), allow_nan=False)


@pytest.mark.parametrize("rows", [1, 5])
def test_rows_that_do_not_vary_have_no_plane(rows):
    train = pd.DataFrame({"a": ["p"] * rows, "b": [None] * rows, "x": [1.0] * rows})
    assert project(LABELS, conform(train, LABELS), label_rows(4, 2), label_rows(4, 2), 0) is None


def test_one_axis_is_a_line():
    train = pd.DataFrame({"x": [0.0, 1, 2], "y": 0.0, "z": 0.0, "w": 0.0})
    found = project(NUMBERS, train, train, train, 0)
    assert found["train"] == [[-1.225, 0.0], [0.0, 0.0], [1.225, 0.0]]
    assert [axis["explained"] for axis in found["axes"]] == [1.0, 0.0]
