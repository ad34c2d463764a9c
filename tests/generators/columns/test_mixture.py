"""The mixture of a column against scikit-learn's and against truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from sklearn.mixture import BayesianGaussianMixture

from generators.columns.mixture import INTERVALS, GaussianMixture, summed_up


def likelihood(values, weights, means, deviations):
    """log p in nats a row."""
    distance = (values[:, None] - means) / deviations
    return logsumexp(np.log(weights) - np.log(deviations) - distance**2 / 2, axis=1).mean() - np.log(2 * np.pi) / 2


def standard(values):
    return (values - values.mean()) / values.std()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_far_clusters_have_the_same_posterior_as_scikit_learn_finds():
    rng = np.random.default_rng(0)
    values = standard(np.concatenate([rng.normal(-20, 1, 600), rng.normal(0, 2, 300), rng.normal(30, 0.5, 100)]))
    theirs = BayesianGaussianMixture(
        n_components=3,
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=0.001,
        max_iter=1000,
        tol=1e-9,
        reg_covar=0.0,
        random_state=0,
    ).fit(values[:, None])
    ours = GaussianMixture.learn(values, 3, seed=0)
    order, other = ours.means.argsort(), theirs.means_[:, 0].argsort()
    assert ours.means[order] == pytest.approx(theirs.means_[other, 0], abs=1e-6)
    assert ours.deviations[order] == pytest.approx(np.sqrt(theirs.covariances_[other, 0, 0]), rel=1e-5)
    # the stick that comes last is cut off, and which it is is chance
    assert ours.weights[order] == pytest.approx(theirs.weights_[other], abs=2e-3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.lognormal(0, 1, 4000),
        lambda rng: np.where(rng.random(4000) < 0.9, 0.0, rng.gamma(2.0, 3.0, 4000)),
        lambda rng: rng.integers(0, 60, 4000).astype(float),
    ],
    ids=["a long tail", "an atom", "whole numbers"],
)
def test_it_explains_a_column_as_well_as_scikit_learn(draw):
    values = standard(draw(np.random.default_rng(1)))
    theirs = BayesianGaussianMixture(
        n_components=10,
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=0.001,
        random_state=0,
    ).fit(values[:, None])
    best = likelihood(values, theirs.weights_, theirs.means_[:, 0], np.sqrt(theirs.covariances_[:, 0, 0]))
    ours = GaussianMixture.learn(values, 10, seed=0)
    assert likelihood(values, ours.weights, ours.means, ours.deviations) > best - 0.03


def test_components_that_are_not_needed_have_no_weight():
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(-10, 1, 3000), rng.normal(10, 2, 1000)])
    mixture = GaussianMixture.learn(standard(values), 2, seed=0)
    means = mixture.means * values.std() + values.mean()
    assert sorted(means) == pytest.approx([-10, 10], abs=0.2)
    assert sorted(mixture.weights) == pytest.approx([0.25, 0.75], abs=0.01)
    one = GaussianMixture.learn(rng.normal(size=3000), 10, seed=0)
    assert (one.weights > 0.05).sum() < 10


def test_many_values_are_summed_up_without_losing_rows_mean_atoms_or_tails():
    values = np.random.default_rng(3).lognormal(0, 2, 20_000)
    values[:5000] = 7.0
    points, counts = summed_up(values)
    assert len(points) <= 2 * INTERVALS + 2
    assert counts.sum() == 20_000
    assert counts @ points / 20_000 == pytest.approx(values.mean())
    assert counts @ points**2 == pytest.approx((values**2).sum(), rel=1e-3)
    assert counts[np.abs(points - 7).argmin()] >= 5000
    assert (points[0], points[-1]) == pytest.approx((values.min(), values.max()), rel=0.02)


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=40, unique=True), st.integers(1, 10))
@settings(max_examples=40, deadline=None)
def test_any_column_has_a_mixture(values, most):
    mixture = GaussianMixture.learn(standard(np.array(values, dtype=float)), most, seed=0)
    for part in (mixture.means, mixture.deviations, mixture.weights):
        assert np.isfinite(part).all()
    assert (mixture.deviations > 0).all()
    assert mixture.weights.sum() == pytest.approx(1)
