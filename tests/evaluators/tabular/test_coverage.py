"""Precision, recall, density and coverage against scikit-learn, brute force and closed expectations."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.compose import make_column_transformer
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder

from bench.records import Column, Schema
from evaluators.tabular.coverage import NEIGHBOURS, Coverage
from evaluators.tabular.embedding import KernelSpace, centre_distances
from evaluators.tabular.points import encode

REAL = Schema((Column("x", "real"), Column("y", "real")))


def plane(rows, seed, shift=0.0, spread=1.0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(shift, spread, rows), "y": rng.normal(0, spread, rows)})


def scores(data, synthetic, **options):
    return {(s.metric, s.protocol): s for s in Coverage(**options).evaluate(data, synthetic)}


def value(data, synthetic, metric, protocol="harness"):
    return scores(data, synthetic)[metric, protocol].value


@pytest.fixture
def one_hot(mixed):
    """Real and synthetic rows without gaps, and both as arrays by scikit-learn."""
    real, synthetic = (mixed(rows, seed=rows).dropna().head(250).reset_index(drop=True) for rows in (320, 330))
    encoder = make_column_transformer(
        (MinMaxScaler(), ["size", "rooms"]), (OneHotEncoder(sparse_output=False), ["colour", "label"])
    ).fit(real)
    return real, synthetic, encoder.transform(real), encoder.transform(synthetic)


def test_balls_are_those_of_a_brute_force(make_dataset, one_hot):
    real, synthetic, a, b = one_hot
    radius = [np.sort(cdist(rows, rows), axis=1)[:, NEIGHBOURS] for rows in (a, b)]
    between = cdist(a, b)
    # a hair more than the radius, as ties are rounded another way here
    in_real, in_synthetic = between <= radius[0][:, None] + 1e-9, between <= radius[1] + 1e-9
    found = scores(make_dataset(real), synthetic)
    expected = {
        "precision": in_real.any(axis=0).mean(),
        "recall": in_synthetic.any(axis=1).mean(),
        "density": in_real.sum(axis=0).mean() / NEIGHBOURS,
        "coverage": in_real.any(axis=1).mean(),
    }
    assert {name: found[f"ball_{name}", "harness"].value for name in expected} == pytest.approx(expected)


def test_the_naive_variant_is_that_of_its_definition(make_dataset, one_hot):
    real, synthetic, a, b = one_hot
    levels = np.linspace(0, 1, 30)
    to_centre, ours = (np.linalg.norm(rows - a.mean(axis=0), axis=1) for rows in (a, b))
    radii = np.quantile(to_centre, levels)
    precision = [(ours <= radius + 1e-12).mean() for radius in radii]
    own = NearestNeighbors(n_neighbors=2).fit(a).kneighbors(a)[0][:, 1]
    gap, at = (found[:, 0] for found in NearestNeighbors(n_neighbors=1).fit(b).kneighbors(a))
    inner = np.linalg.norm(b[at] - b.mean(axis=0), axis=1)
    recall = [((gap <= own + 1e-12) & (inner <= radius + 1e-12)).mean() for radius in np.quantile(inner, levels)]
    found = scores(make_dataset(real), synthetic)
    for metric, curve in (("alpha_precision", precision), ("beta_recall", recall)):
        score = found[metric, "synthcity-naive"]
        assert score.value == pytest.approx(1 - np.abs(levels - curve).sum() / levels.sum(), abs=2e-3), metric
    back, nearest = (result[:, 0] for result in NearestNeighbors(n_neighbors=1).fit(a).kneighbors(b))
    assert found["authenticity", "harness"].value == pytest.approx((back > own[nearest] + 1e-12).mean())


def test_equal_distributions_get_the_closed_expectation(make_dataset):
    density, coverage, authentic = [], [], []
    size, k = 120, NEIGHBOURS
    for seed in range(30):
        found = scores(make_dataset(plane(size, 2 * seed), schema=REAL), plane(size, 2 * seed + 1))
        density.append(found["ball_density", "harness"])
        coverage.append(found["ball_coverage", "harness"])
        authentic.append(found["authenticity", "harness"].value)
    # each of the k nearest of the others of a row is real or synthetic with the same chance, nearly
    expected = 1 - np.prod([(size - i) / (2 * size - i) for i in range(1, k + 1)])
    assert coverage[0].details["same_distribution"] == pytest.approx(expected)
    for found, ideal in ((density, 1.0), (coverage, expected)):
        values = [score.value for score in found]
        assert abs(np.mean(values) - ideal) < 4 * np.std(values, ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("protocol", ["synthcity-naive", "kernel-one-class"])
def test_supports_of_equal_shifted_wide_and_narrow_distributions(make_dataset, protocol):
    data = make_dataset(plane(600, 0), schema=REAL)
    same = value(data, plane(600, 1), "alpha_precision", protocol)
    assert same > 0.95
    assert value(data, data.train, "alpha_precision", protocol) > 0.99
    # all rows outside of every ball leave 1 - sum level / sum level
    assert value(data, plane(600, 2, shift=50.0), "alpha_precision", protocol) < 0.1
    assert value(data, plane(600, 3, spread=3.0), "alpha_precision", protocol) < 0.7
    assert value(data, data.train, "beta_recall", protocol) > 0.99
    assert 0.4 < value(data, plane(600, 1), "beta_recall", protocol) < 0.6
    assert value(data, plane(600, 4, spread=0.1), "beta_recall", protocol) < 0.3


def test_copies_are_not_authentic_and_a_lost_mode_is_not_covered(make_dataset):
    left, right = plane(300, 0), plane(300, 1, shift=20.0)
    data = make_dataset(pd.concat([left, right], ignore_index=True), schema=REAL)
    assert value(data, data.train, "authenticity") == 0
    found = scores(data, plane(600, 2))
    assert found["ball_precision", "harness"].value > 0.9
    assert found["ball_recall", "harness"].value < 0.55
    assert found["ball_coverage", "harness"].value == pytest.approx(0.5, abs=0.05)


def test_the_distance_to_the_centre_is_that_of_one_hot_rows(one_hot, mixed_schema):
    real, synthetic, a, b = one_hot
    points, others = encode(mixed_schema, real, real, synthetic)
    expected = ((b - a.mean(axis=0)) ** 2).sum(axis=1)
    np.testing.assert_allclose(centre_distances(points, others), expected, atol=1e-9)


def test_kernel_distances_are_those_of_a_gaussian_kernel(one_hot, mixed_schema):
    real, synthetic, a, b = one_hot
    points, others = encode(mixed_schema, real, real, synthetic)
    found = np.mean([KernelSpace(points, others, seed).centre_distances(points, others) for seed in range(20)], axis=0)
    width = np.median(cdist(a, a)[np.triu_indices(len(a), 1)])

    def kernel(x, y):
        return np.exp(-cdist(x, y, "sqeuclidean") / (2 * width**2))

    # the feature map is one for one-hot rows, so equal means of the kernel are equal distances
    expected = 1 - 2 * kernel(b, a).mean(axis=1) + kernel(a, a).mean()
    np.testing.assert_allclose(found, expected, atol=0.05)
    assert np.corrcoef(found, expected)[0, 1] > 0.97


def test_equal_seeds_give_equal_scores_and_the_larger_side_is_drawn(make_dataset, mixed):
    data = make_dataset(mixed(200, seed=0))
    first, second = ([s.value for s in Coverage().evaluate(data, mixed(90, seed=1), seed=4)] for _ in range(2))
    assert first == second
    assert {s.n for s in Coverage(rows=50).evaluate(data, mixed(90, seed=1))} == {50}


@pytest.mark.parametrize(("train", "synthetic"), [(0, 9), (9, 0), (5, 9), (1, 1)])
def test_too_few_rows_give_a_reason(make_dataset, mixed, train, synthetic):
    found = scores(make_dataset(mixed(9, seed=0).iloc[:train]), mixed(9, seed=1).iloc[:synthetic])
    assert found.keys() == scores(make_dataset(mixed(9, seed=0)), mixed(9, seed=1)).keys()
    for score in found.values():
        assert np.isnan(score.value)
        assert "records" in score.details["reason"]


def test_odd_columns_do_no_harm(make_dataset):
    schema = Schema((Column("x", "real"), Column("gap", "real"), Column("c", "categorical")))
    frame = pd.DataFrame({"x": [1.0] * 9, "gap": [np.nan] * 9, "c": list("ababababa")})
    other = frame.assign(c=pd.Series([*"zzzzzzzz", None], dtype="str"), gap=[1.0, np.nan] * 4 + [2.0])
    for synthetic in (frame, other):
        for score in scores(make_dataset(frame, schema=schema), synthetic).values():
            assert np.isfinite(score.value)
