"""Measures of predictions against scikit-learn, and their standard errors against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from evaluators.tabular.prediction import auc, bootstrap_weights, classification, regression, value_and_error


def delong_error(positive, score):
    """DeLong et al. 1988: variances of the mean placement of positives and of negatives."""
    x, y = score[positive], score[~positive]
    wins = (x[:, None] > y).astype(float) + 0.5 * (x[:, None] == y)
    return np.sqrt(wins.mean(axis=1).var(ddof=1) / len(x) + wins.mean(axis=0).var(ddof=1) / len(y))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(1, 4)), min_size=2, max_size=60))
def test_weighted_auc_with_ties_agrees_with_scikit_learn(rows):
    positive, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    mine = auc(positive, score / 7, weight[None, :].astype(float))[0]
    if positive.all() or not positive.any():
        assert np.isnan(mine)
    else:
        assert mine == pytest.approx(metrics.roc_auc_score(positive, score, sample_weight=weight))


@pytest.mark.parametrize("classes", [2, 4])
def test_classification_agrees_with_scikit_learn(classes):
    rng = np.random.default_rng(classes)
    truth = rng.integers(classes, size=500)
    probabilities = rng.dirichlet(np.ones(classes), size=500) + 0.3 * np.eye(classes)[truth]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    weights = bootstrap_weights(500, 3, seed=0)
    found = classification(truth, probabilities, weights)
    for line, weight in enumerate(weights):
        rows = np.repeat(np.arange(500), weight.astype(int))
        y, p = truth[rows], probabilities[rows]
        expected = metrics.roc_auc_score(y, p[:, 1] if classes == 2 else p, multi_class="ovr", average="macro")
        assert found["auc"][line] == pytest.approx(expected)
        assert found["accuracy"][line] == pytest.approx(metrics.accuracy_score(y, p.argmax(axis=1)))
        assert found["macro_f1"][line] == pytest.approx(metrics.f1_score(y, p.argmax(axis=1), average="macro"))


def test_macro_f1_counts_only_classes_that_occur_or_are_predicted():
    truth, probabilities = np.array([0, 0, 1, 1]), np.eye(4)[[0, 2, 1, 1]]
    expected = metrics.f1_score(truth, [0, 2, 1, 1], average="macro", zero_division=0)
    assert classification(truth, probabilities, np.ones((1, 4)))["macro_f1"][0] == pytest.approx(expected)


def test_regression_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    truth = rng.normal(100, 3, size=300)
    predicted = truth + rng.normal(size=300)
    weights = bootstrap_weights(300, 2, seed=0)
    found = regression(truth, predicted, weights)
    for line, weight in enumerate(weights):
        assert found["rmse"][line] == pytest.approx(
            metrics.root_mean_squared_error(truth, predicted, sample_weight=weight)
        )
        assert found["r2"][line] == pytest.approx(metrics.r2_score(truth, predicted, sample_weight=weight))
    assert np.isnan(regression(np.full(5, 7.1), np.arange(5.0), np.ones((1, 5)))["r2"][0])


@pytest.mark.parametrize("unit", [1e-9, 1e-6, 1.0, 1e9])
def test_r2_does_not_depend_on_the_unit_of_the_target(unit):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=200)
    predicted = truth + 0.1 * rng.normal(size=200)
    weights = bootstrap_weights(200, 2, seed=0)
    found = regression(unit * truth, unit * predicted, weights)["r2"]
    for line, weight in enumerate(weights):
        assert found[line] == pytest.approx(metrics.r2_score(truth, predicted, sample_weight=weight))


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e-9 / 3, 1e20 / 3])
@pytest.mark.parametrize("rows", [3, 7, 100_003])
def test_r2_of_a_constant_target_is_not_defined(constant, rows):
    truth = np.full(rows, constant)
    assert np.isnan(regression(truth, truth + 1, np.ones((1, rows)))["r2"][0])


def test_r2_of_a_draw_whose_target_is_constant_is_not_defined():
    truth = np.array([0.1, 0.3, 0.7])
    found = regression(truth, truth[::-1], np.array([[1.0, 1, 1], [3, 0, 0], [0, 0, 3]]))["r2"]
    assert np.isnan(found).tolist() == [False, True, True]


def test_standard_error_of_auc_is_near_delong():
    rng = np.random.default_rng(0)
    positive = rng.random(600) < 0.3
    score = rng.normal(size=600) + positive
    _, error = value_and_error(auc(positive, score, bootstrap_weights(600, 400, seed=0)))
    assert error == pytest.approx(delong_error(positive, score), rel=0.15)


def test_standard_error_of_accuracy_is_near_the_binomial_one():
    rng = np.random.default_rng(1)
    truth = rng.integers(2, size=800)
    probabilities = np.eye(2)[np.where(rng.random(800) < 0.8, truth, 1 - truth)]
    value, error = value_and_error(classification(truth, probabilities, bootstrap_weights(800, 400, 0))["accuracy"])
    assert error == pytest.approx(np.sqrt(value * (1 - value) / 800), rel=0.15)


def test_every_draw_has_as_many_rows_as_the_sample():
    weights = bootstrap_weights(50, 10, seed=3)
    assert (weights.sum(axis=1) == 50).all()
    assert (weights[0] == 1).all()
    assert (weights == bootstrap_weights(50, 10, seed=3)).all()
