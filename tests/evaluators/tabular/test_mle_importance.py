"""Feature importances against scikit-learn's, their rank correlation against scipy's, and known truths."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance

from bench.frames import conform
from bench.records import Column, Schema
from evaluators.tabular.encode import fit_encoding
from evaluators.tabular.mle import MachineLearningEfficiency
from evaluators.tabular.mle_importance import METRIC, loss_increases, losses, spearman
from evaluators.tabular.mle_measures import Trained, train_on
from evaluators.tabular.models import Fitted
from evaluators.tabular.tune import Tuned

FAST = {"trials": 2, "maximum_trees": 40, "bootstrap_draws": 50}
WEIGHTS = np.array([2.0, 1.4, 1.0, 0.7, 0.45, 0.25])
SCHEMA = Schema(
    (*(Column(f"x{i}", "real") for i in range(6)), Column("y", "categorical")), target="y", task="classification"
)


def evaluate(data, synthetic, **options):
    return {s.metric: s for s in MachineLearningEfficiency(**FAST | options).evaluate(data, synthetic)}[METRIC]


def records(rows, seed, weights=WEIGHTS):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 6))
    y = np.where(x @ weights + rng.logistic(size=rows) > 0, "yes", "no")
    return conform(pd.DataFrame(x, columns=[f"x{i}" for i in range(6)]).assign(y=y), SCHEMA)


def test_rank_correlation_agrees_with_scipy():
    rng = np.random.default_rng(0)
    first, second = rng.integers(5, size=(2, 20, 8)).astype(float)
    expected = [spearmanr(a, b).statistic for a, b in zip(first, second, strict=True)]
    assert spearman(first, second) == pytest.approx(expected)
    assert np.isnan(spearman(np.ones((1, 4)), np.arange(4.0)[None])[0])


class Known(ClassifierMixin, BaseEstimator):
    """A model whose probabilities are given."""

    def fit(self, features, target):
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, features):
        positive = 1 / (1 + np.exp(-features @ WEIGHTS))
        return np.column_stack([1 - positive, positive])


def test_importances_agree_with_scikit_learn():
    frame = records(3000, 0)
    encoding = fit_encoding(frame, SCHEMA)
    examples = encoding.examples(frame)
    model = Known().fit(None, None)
    found = loss_increases(Trained(encoding, Fitted(model.predict_proba, 0, 0.0), 0), frame, seed=0).mean(axis=1)
    expected = permutation_importance(
        model, examples.features, examples.target, scoring="neg_log_loss", n_repeats=3, random_state=0
    )
    assert found == pytest.approx(expected.importances_mean, rel=0.1, abs=0.01)


def test_squared_errors_grow_by_twice_the_variance():
    """Of a linear model with independent features: E(b x - b x')² - 0 = 2 b² Var(x)."""
    schema = Schema((Column("a", "real"), Column("b", "real"), Column("y", "real")), "y", "regression")
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 5000))
    frame = conform(pd.DataFrame({"a": a, "b": b, "y": 3 * a - b}), schema)
    model = Fitted(lambda features: features @ np.array([3.0, -1.0]), 0, 0.0)
    found = loss_increases(Trained(fit_encoding(frame, schema), model, 0), frame, seed=0).mean(axis=1)
    assert found == pytest.approx([18, 2], rel=0.1)


def test_a_class_that_the_model_does_not_know_says_nothing_about_features():
    found = losses(np.array([[0.25, 0.75], [0.5, 0.5]]), np.array([1, 2]))
    assert found == pytest.approx([-np.log(0.75), -np.log(1e-15)])


def test_models_of_one_truth_agree_and_of_its_reverse_do_not(make_dataset):
    data = make_dataset(records(3000, 0), records(2000, 1), schema=SCHEMA)
    same = evaluate(data, records(3000, 2))
    reversed_ = evaluate(data, records(3000, 3, weights=WEIGHTS[::-1]))
    assert same.value > 0.9
    assert reversed_.value < 0
    assert same.higher_is_better
    assert same.details["compared"] == "synthetic and real train rows"
    assert set(same.details["loss_increase"]) == {f"x{i}" for i in range(6)}
    reference = evaluate(data, MachineLearningEfficiency().reference_records(data))
    assert reference.details["compared"] == "two halves of the real train rows"
    assert reference.value > 0.9


def test_the_standard_error_is_that_of_drawing_test_rows():
    """Against fresh draws of the test rows, which a simulator can give."""
    weights = np.array([1.0, 0.9, 0.8, 0.3, 0.25, 0.2])
    models = [train_on(records(2000, s, weights), SCHEMA, Tuned({"max_depth": 3}, 40, 0.0), 0) for s in (0, 1)]
    from evaluators.tabular.prediction import bootstrap_weights, value_and_error

    fresh = []
    for seed in range(10, 40):
        increases = [loss_increases(model, records(300, seed, weights), seed) for model in models]
        fresh.append(spearman(*(increase.mean(axis=1)[None] for increase in increases))[0])
    draws = bootstrap_weights(300, 200, 0)
    _, error = value_and_error(spearman(*(draws @ increase.T for increase in increases)))
    assert error == pytest.approx(np.std(fresh, ddof=1), rel=0.8)


@pytest.mark.parametrize(("train", "reason"), [({"y": "yes"}, "no model of real"), ({"x0": np.nan}, None), ({}, None)])
def test_odd_train_rows(make_dataset, train, reason):
    data = make_dataset(records(60, 0).assign(**train), records(50, 1), schema=SCHEMA)
    found = evaluate(data, records(100, 2))
    assert (reason is not None) == np.isnan(found.value)
    assert reason is None or reason in found.details["reason"]


def test_one_feature_has_no_ranks(make_dataset):
    schema = Schema((Column("x0", "real"), Column("y", "categorical")), "y", "classification")
    frames = [records(100, seed)[["x0", "y"]] for seed in range(3)]
    found = evaluate(make_dataset(frames[0], frames[1], schema=schema), frames[2])
    assert "two features" in found.details["reason"]
