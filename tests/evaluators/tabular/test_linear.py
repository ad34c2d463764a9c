"""The linear learner against scikit-learn used by hand, and on what it must not trip over."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from evaluators.tabular.encode import Examples
from evaluators.tabular.linear import Linear
from evaluators.tabular.models import Problem


def table(rows, seed):
    rng = np.random.default_rng(seed)
    features = np.column_stack([rng.normal(50, 10, rows), rng.integers(3, size=rows), rng.normal(size=rows)])
    score = (features[:, 0] - 50) / 10 + (features[:, 1] == 2) - features[:, 2]
    return features, score + 0.5 * rng.normal(size=rows)


def test_logistic_regression_agrees_with_a_hand_made_design():
    features, score = table(500, 0)
    target = (score > 0).astype(float)
    examples = Examples(features, target)
    fitted = Linear().fit(Problem([1], 2, 1, 0), {"strength": 0.5}, 0, examples, examples)
    numbers = features[:, [0, 2]]
    by_hand = np.column_stack([(numbers - numbers.mean(0)) / numbers.std(0), np.eye(3)[features[:, 1].astype(int)]])
    model = LogisticRegression(C=2.0, tol=1e-8, max_iter=1000).fit(by_hand, target)
    assert fitted.predict(features) == pytest.approx(model.predict_proba(by_hand), abs=5e-3)
    assert fitted.loss == pytest.approx(log_loss(target, model.predict_proba(by_hand)), abs=1e-4)


def test_ridge_regression_agrees_with_its_closed_form():
    features, target = table(300, 1)
    fitted = Linear().fit(Problem([1], 0, 1, 0), {"strength": 7.0}, 0, Examples(features, target), None)
    numbers = features[:, [0, 2]]
    design = np.column_stack([(numbers - numbers.mean(0)) / numbers.std(0), np.eye(3)[features[:, 1].astype(int)]])
    centred = design - design.mean(0)
    weights = np.linalg.solve(centred.T @ centred + 7.0 * np.eye(5), centred.T @ (target - target.mean()))
    assert fitted.predict(features) == pytest.approx(target.mean() + centred @ weights, abs=1e-2)
    assert np.isnan(fitted.loss)


def test_missing_numbers_unseen_categories_and_columns_without_a_value():
    features, score = table(200, 2)
    features = np.column_stack([features, np.full(200, np.nan), np.full(200, 4.0)])
    features[::5, 0] = np.nan
    target = np.where(np.isnan(features[:, 0]), 2.0, score > 0)
    fitted = Linear().fit(Problem([1], 4, 1, 0), {"strength": 1.0}, 0, Examples(features, target), None)
    answer = fitted.predict(features)
    # that a number is missing is learnt by its indicator; a class without a record gets nothing
    assert (answer[::5].argmax(axis=1) == 2).all()
    assert (answer[:, 3] == 0).all()
    features[:, 1] = 9
    features[:, 2:] = np.nan
    assert np.isfinite(fitted.predict(features)).all()
