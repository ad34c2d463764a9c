"""The classifier two-sample test on samples whose answer is known, and against scikit-learn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from bench.records import Column, Schema
from evaluators.tabular.detection import Detection, discrimination, label, shuffled
from evaluators.tabular.encode import Examples
from evaluators.tabular.models import Fitted

METRIC = "c2st_xgboost_auc"


def detect(data, synthetic, seed=0, **options):
    (score,) = Detection(**options).evaluate(data, synthetic, seed=seed)
    assert (score.metric, score.higher_is_better) == (METRIC, False)
    return score


def test_rows_of_one_distribution_cannot_be_told_apart(make_dataset, mixed):
    score = detect(make_dataset(mixed(1500, seed=0)), mixed(1500, seed=1))
    assert abs(score.value - 0.5) < 4 * score.stderr
    assert 0.005 < score.stderr < 0.02


def test_disjoint_rows_are_always_told_apart_by_the_column_that_differs(make_dataset, mixed):
    synthetic = mixed(300, seed=1)
    score = detect(make_dataset(mixed(400, seed=0)), synthetic.assign(label=synthetic["label"] + "!"))
    assert score.value == pytest.approx(1.0)
    assert score.n == score.details["real_rows"] == 300
    lost = score.details["auc_lost_without_column"]
    assert lost.pop("label") > 0.3
    assert set(lost.values()) == {0.0}


def test_a_shift_is_found_as_well_as_it_can_be(make_dataset):
    # the best AUC of N(0, 1) against N(d, 1) is Phi(d / sqrt 2)
    rng = np.random.default_rng(0)
    schema = Schema((Column("x", "real"), Column("y", "real")))
    real, shifted = (pd.DataFrame({"x": rng.normal(d, 1, 3000), "y": rng.normal(0, 1, 3000)}) for d in (0, 1))
    score = detect(make_dataset(real, schema=schema), shifted)
    best = norm.cdf(1 / np.sqrt(2))
    assert best - 0.04 < score.value < best + 3 * score.stderr
    lost = score.details["auc_lost_without_column"]
    assert lost["x"] == pytest.approx(best - 0.5, abs=0.05)
    assert abs(lost["y"]) < 0.03


def test_missing_values_alone_give_a_sample_away(make_dataset, mixed):
    synthetic = mixed(400, seed=1)
    score = detect(make_dataset(mixed(400, seed=0)), synthetic.assign(size=np.nan))
    assert score.value == pytest.approx(1.0)


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
    assert one == detect(data, synthetic, rows=100, trees=5)
    assert one.n == 100
    assert one.value != detect(data, synthetic, seed=1, rows=100, trees=5).value


def test_too_few_rows_have_no_value_but_a_reason(make_dataset, mixed):
    data = make_dataset(mixed(50, seed=0))
    score = detect(data, mixed(4, seed=1))
    assert np.isnan(score.value)
    assert "folds" in score.details["reason"]
    assert not np.isnan(detect(data, mixed(5, seed=1)).value)
    assert np.isnan(detect(replace(data, train=data.train.iloc[:0]), mixed(9, seed=1)).value)
