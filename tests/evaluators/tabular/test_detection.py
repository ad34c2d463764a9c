"""The classifier two-sample test on samples whose answer is known, and against scikit-learn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from bench.records import Column, Schema
from evaluators.tabular.detection import Detection, discrimination, label, shuffled
from evaluators.tabular.encode import Examples
from evaluators.tabular.models import Fitted


def all_scores(data, synthetic, seed=0, trees=30, **options):
    found = {score.metric: score for score in Detection(trees=trees, **options).evaluate(data, synthetic, seed=seed)}
    assert list(found) == ["c2st_xgboost_auc", "c2st_xgboost_score", "c2st_logistic_auc", "c2st_logistic_score"]
    assert [score.higher_is_better for score in found.values()] == [False, True, False, True]
    return found


def detect(data, synthetic, seed=0, classifier="xgboost", **options):
    return all_scores(data, synthetic, seed, **options)[f"c2st_{classifier}_auc"]


def test_rows_of_one_distribution_cannot_be_told_apart(make_dataset, mixed):
    found = all_scores(make_dataset(mixed(1500, seed=0)), mixed(1500, seed=1))
    for name in ("xgboost", "logistic"):
        area = found[f"c2st_{name}_auc"]
        assert abs(area.value - 0.5) < 4 * area.stderr
        assert 0.005 < area.stderr < 0.02
        assert found[f"c2st_{name}_score"].value == pytest.approx(1 - 2 * max(area.value - 0.5, 0))


def test_disjoint_rows_are_always_told_apart_by_the_column_that_differs(make_dataset, mixed):
    synthetic = mixed(300, seed=1)
    found = all_scores(make_dataset(mixed(400, seed=0)), synthetic.assign(label=synthetic["label"] + "!"))
    for name in ("xgboost", "logistic"):
        score = found[f"c2st_{name}_auc"]
        assert score.value == pytest.approx(1.0)
        assert score.n == score.details["real_rows"] == 300
        lost = score.details["auc_lost_without_column"]
        assert lost.pop("label") > 0.3
        assert max(lost.values()) < 0.01
        assert found[f"c2st_{name}_score"].value == pytest.approx(0, abs=1e-9)


def test_a_shift_is_found_as_well_as_it_can_be(make_dataset):
    # the best AUC of N(0, 1) against N(d, 1) is Phi(d / sqrt 2)
    rng = np.random.default_rng(0)
    schema = Schema((Column("x", "real"), Column("y", "real")))
    real, shifted = (pd.DataFrame({"x": rng.normal(d, 1, 3000), "y": rng.normal(0, 1, 3000)}) for d in (0, 1))
    best = norm.cdf(1 / np.sqrt(2))
    # a linear classifier can be the best one here, boosted trees only come near it
    for name, short in (("xgboost", 0.04), ("logistic", 0.02)):
        score = detect(make_dataset(real, schema=schema), shifted, classifier=name)
        assert best - short < score.value < best + 3 * score.stderr
        lost = score.details["auc_lost_without_column"]
        assert lost["x"] == pytest.approx(best - 0.5, abs=0.05)
        assert abs(lost["y"]) < 0.03


def test_the_logistic_area_is_that_of_scikit_learns_pipeline(make_dataset, mixed, mixed_schema):
    real, synthetic = mixed(400, seed=0), mixed(400, seed=1, noise=4.0).assign(size=lambda f: f["size"] * 1.5 + 0.4)
    score = detect(make_dataset(real), synthetic, classifier="logistic", trees=1)
    rng = np.random.default_rng(0)
    shuffled_rows = [frame.iloc[rng.permutation(400)] for frame in (real, synthetic)]
    rows = pd.concat(shuffled_rows, ignore_index=True)
    rows = rows.astype({"rooms": "float64"}).assign(**{c: rows[c].fillna("?") for c in mixed_schema.categorical})
    number = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(with_std=False))
    encode = make_column_transformer(
        (make_pipeline(StandardScaler(), number), mixed_schema.numeric),
        (OneHotEncoder(handle_unknown="ignore"), mixed_schema.categorical),
    )
    target = np.repeat([0, 1], 400)
    folds = np.tile(np.arange(400) % 5, 2)
    model = make_pipeline(encode, LogisticRegression(max_iter=1000, tol=1e-6))
    predicted = cross_val_predict(model, rows, target, cv=PredefinedSplit(folds), method="predict_proba")[:, 1]
    expected = np.mean([roc_auc_score(target[folds == k], predicted[folds == k]) for k in range(5)])
    # they differ in which columns the penalty is spread over: an indicator that is centred or is not
    assert score.value == pytest.approx(expected, abs=1e-3)


def test_missing_values_alone_give_a_sample_away(make_dataset, mixed):
    synthetic = mixed(400, seed=1)
    for name in ("xgboost", "logistic"):
        score = detect(make_dataset(mixed(400, seed=0)), synthetic.assign(size=np.nan), classifier=name)
        assert score.value == pytest.approx(1.0)


def test_columns_of_many_labels_and_huge_numbers_can_be_fitted(make_dataset):
    schema = Schema((Column("c", "categorical"), Column("x", "real")))
    rng = np.random.default_rng(0)
    real, synthetic = (
        pd.DataFrame({"c": [f"{side}{i}" for i in range(400)], "x": rng.normal(size=400) * 1e12}) for side in "rs"
    )
    score = detect(make_dataset(real, schema=schema), synthetic, classifier="logistic")
    assert 0.3 < score.value < 0.7  # every label occurs once, so none says anything of another row


def test_the_area_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    examples = Examples(rng.integers(0, 5, (200, 2)).astype(float), rng.integers(0, 2, 200).astype(float))
    fitted = Fitted(lambda features: features / 10, 1, np.nan)
    (area,) = discrimination(fitted, examples, np.ones((1, 200)))
    assert area == pytest.approx(roc_auc_score(examples.target, examples.features[:, 1]))
    kept, lost = shuffled(fitted, examples, rng)
    assert kept == pytest.approx(area)
    assert lost != pytest.approx(area)


def test_both_sides_share_their_codes(mixed, mixed_schema):
    real = mixed(30, seed=0)
    examples = label(mixed_schema, real, real)
    assert np.array_equal(examples.features[:30], examples.features[30:], equal_nan=True)
    assert examples.target.tolist() == [0.0] * 30 + [1.0] * 30


def test_seeds_and_the_limit_of_rows_are_kept(make_dataset, mixed):
    data, synthetic = make_dataset(mixed(300, seed=0)), mixed(500, seed=1)
    one = detect(data, synthetic, rows=100, trees=5)
    assert all_scores(data, synthetic, rows=100, trees=5) == all_scores(data, synthetic, rows=100, trees=5)
    assert one.n == 100
    assert one.value != detect(data, synthetic, seed=1, rows=100, trees=5).value


def test_too_few_rows_have_no_value_but_a_reason(make_dataset, mixed):
    data = make_dataset(mixed(50, seed=0))
    score = detect(data, mixed(4, seed=1))
    assert np.isnan(score.value)
    assert "folds" in score.details["reason"]
    assert not np.isnan(detect(data, mixed(5, seed=1)).value)
    assert np.isnan(detect(replace(data, train=data.train.iloc[:0]), mixed(9, seed=1)).value)
