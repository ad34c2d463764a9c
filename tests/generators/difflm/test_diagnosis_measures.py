"""Measures of a diagnosis against closed forms and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm, wasserstein_distance
from sklearn.metrics import r2_score
from torch.distributions import Normal, kl_divergence

from generators.difflm.diagnosis import measures


def gaussian(rows, size, seed, shift=0.0, scale=1.0):
    return np.random.default_rng(seed).normal(shift, scale, (rows, size))


def test_sliced_wasserstein_of_shifted_gaussians():
    # along a direction t the distance is |<t, shift>|, whose mean square over directions is |shift|^2 / size
    shift = np.array([2.0, -1.0, 0.5, 0.0])
    found = measures.sliced_wasserstein(gaussian(20000, 4, 0), gaussian(20000, 4, 1, shift), seed=0)
    assert found == pytest.approx(np.linalg.norm(shift) / 2, rel=0.05)


def test_sliced_wasserstein_of_scaled_gaussians():
    found = measures.sliced_wasserstein(gaussian(20000, 3, 0), gaussian(20000, 3, 1, scale=3.0), seed=0)
    assert found == pytest.approx(2.0, rel=0.05)


def test_sliced_wasserstein_on_a_line_is_the_distance_itself():
    first, second = gaussian(500, 1, 0), gaussian(500, 1, 1, shift=4.0, scale=0.1)
    # so far apart every row moves in one direction, and the 2-distance is at least the 1-distance of scipy
    least = wasserstein_distance(first[:, 0], second[:, 0])
    moved = np.sqrt(((np.sort(first[:, 0]) - np.sort(second[:, 0])) ** 2).mean())
    assert measures.sliced_wasserstein(first, second, seed=3) == pytest.approx(moved)
    assert least < moved
    assert measures.sliced_wasserstein(first, first[::-1], seed=3) == 0


def test_the_two_sample_test_knows_equal_shifted_and_disjoint_samples():
    equal, error = measures.two_sample_auc(gaussian(1500, 3, 0), gaussian(1500, 3, 1), seed=0)
    assert abs(equal - 0.5) < max(4 * error, 0.04)
    disjoint, _ = measures.two_sample_auc(gaussian(200, 3, 0), gaussian(200, 3, 1, shift=20), seed=0)
    # a tree splits at the outermost row it has seen, so a held-out row may lie beyond
    assert disjoint > 0.99
    # the best AUC of N(0, 1) against N(1, 1) in one dimension
    shifted, error = measures.two_sample_auc(gaussian(2000, 1, 0), gaussian(2000, 1, 1, shift=1.0), seed=0)
    assert shifted == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.03)
    assert 0 < error < 0.02


def test_fields_that_came_back():
    original = pd.DataFrame(
        {
            "x": pd.Series([1, None, 3, None], dtype="Int64"),
            "c": pd.Series(["a", "b", None, None], dtype="str"),
            "r": [0.5, np.nan, 2.5, 1.0],
        }
    )
    decoded = original.iloc[[0, 1, 3]].reset_index(drop=True)
    decoded.loc[0, "c"] = "b"
    decoded.loc[1, "x"] = 7
    decoded.loc[2, "c"] = "a"
    matches = measures.field_matches(original, decoded, np.array([True, True, False, True]))
    assert matches.tolist() == [[True, False, True], [False, True, True], [False] * 3, [True, False, True]]


@pytest.mark.parametrize("width", [2, 3, 5])
def test_tokens_that_came_back(width):
    original = np.array([[5, 6, 7], [8, 9, -1]])
    decoded = np.full((2, width), -1)
    decoded[:, :2] = [[5, 0], [8, 9]]
    assert measures.token_matches(original, decoded, pad=-1) == pytest.approx(3 / 5)


def test_kl_is_that_of_torch():
    mean, deviation = gaussian(50, 3, 0), 0.1 + np.abs(gaussian(50, 3, 1))
    expected = kl_divergence(Normal(torch.tensor(mean), torch.tensor(deviation)), Normal(0.0, 1.0)).mean(dim=0)
    np.testing.assert_allclose(measures.dimension_kl(mean, deviation), expected.numpy())


def test_a_unit_is_active_where_the_mean_moves():
    mean = gaussian(2000, 3, 0) * [1.0, 0.2, 0.05] + [0.0, 5.0, 5.0]
    assert measures.active_units(mean) == 2


def test_the_picture_keeps_the_axes_of_most_variance():
    cloud = gaussian(400, 5, 0) * [0.1, 4.0, 0.1, 2.0, 0.1]
    flat, other = measures.flatten(cloud, cloud + 1.0)
    assert flat.shape == (400, 2)
    # each axis is a column of the cloud up to its sign
    for axis, column in ((0, 1), (1, 3)):
        assert abs(np.corrcoef(flat[:, axis], cloud[:, column])[0, 1]) > 0.99
    assert r2_score(flat, other - other.mean(axis=0)) == pytest.approx(1.0)
    assert measures.flatten(cloud[:, :1])[0].shape == (400, 2)
