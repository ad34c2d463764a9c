import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from leaderboards.overall.critical import (
    PERMUTATIONS,
    cliques,
    critical_difference,
    friedman,
    iman_davenport,
    nemenyi,
    permutation_p_value,
)

# Demsar 2006, table 6: AUC of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on 14 datasets.
DEMSAR = np.array([
    [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.975, 0.975], [0.957, 0.978, 0.946, 0.970],
])  # fmt: skip
# the two last figures of row 13 are printed equal and ranked 2 and 3
RANKS = stats.rankdata(-(DEMSAR - np.eye(14)[12][:, None] * [0, 0, 0, 0.0001]), axis=1)
NAMES = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]


def test_demsars_example():
    assert RANKS.mean(axis=0) == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    # printed without the correction for ties: 6 each for three pairs, 60 for four equal values
    ties = 1 - (3 * 6 + 60) / (14 * 4 * (4**2 - 1))
    chi_square = friedman(RANKS) * ties
    assert chi_square == pytest.approx(9.28, abs=0.005)
    assert iman_davenport(chi_square, 14, 4) == pytest.approx(3.69, abs=0.005)
    assert nemenyi(14, 4) == pytest.approx(1.25, abs=0.005)
    found = critical_difference(NAMES, RANKS)
    assert found is not None
    assert found.generators == ["C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"]
    assert found.p_value < 0.05
    # as Demsar finds: best and worst lie nearer than the critical difference
    assert found.cliques == [found.generators]


@pytest.mark.parametrize(
    ("generators", "quantile"),
    [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (7, 2.949), (8, 3.031), (9, 3.102), (10, 3.164)],
)
def test_the_quantiles_are_those_of_demsars_table_5(generators, quantile):
    scale = np.sqrt(generators * (generators + 1) / (6 * 20))
    assert nemenyi(20, generators) / scale == pytest.approx(quantile, abs=1.1e-3)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), datasets=st.integers(2, 12), generators=st.integers(3, 7))
def test_the_statistic_is_scipys(data, datasets, generators):
    row = st.lists(st.integers(0, 4), min_size=generators, max_size=generators)
    values = np.array(data.draw(st.lists(row, min_size=datasets, max_size=datasets)))
    own = friedman(stats.rankdata(values, axis=1))
    if all(len(set(row)) == 1 for row in values.tolist()):
        assert own == 0
    else:
        assert own == pytest.approx(stats.friedmanchisquare(*values.T).statistic)


def test_permutations_give_the_exact_p_value():
    # five datasets, three generators, all in the same order: 6 of 6^5 arrangements are as extreme
    ranks = np.tile([1.0, 2.0, 3.0], (5, 1))
    assert permutation_p_value(ranks, seed=0) == pytest.approx(6 / 6**5, abs=4 * np.sqrt(6 / 6**5 / PERMUTATIONS))
    # Friedman's exact table for 5 datasets and 3 generators: P(chi square >= 6.4) = .039
    other = np.array([[1.0, 2, 3], [1, 2, 3], [1, 2, 3], [1, 3, 2], [2, 1, 3]])
    assert friedman(other) == pytest.approx(6.4)
    assert permutation_p_value(other, seed=1) == pytest.approx(0.039, abs=4 * np.sqrt(0.039 / PERMUTATIONS))
    assert permutation_p_value(np.full((5, 3), 2.0), seed=0) == 1.0


def test_permutations_and_the_f_distribution_agree_where_both_hold():
    ranks = np.random.default_rng(3).permuted(np.tile(np.arange(1.0, 9), (30, 1)), axis=1)
    found = critical_difference([str(place) for place in range(8)], ranks)
    assert found is not None
    assert not found.permuted
    assert permutation_p_value(ranks, seed=0) == pytest.approx(found.p_value, abs=0.02)


def test_all_datasets_in_agreement_are_no_division_by_zero():
    found = critical_difference(list("abcdef"), np.tile(np.arange(1.0, 7), (12, 1)))
    assert found is not None
    assert found.statistic == float("inf")
    assert found.p_value == 0
    assert not found.differ("a", "b")
    assert found.differ("a", "f")


@pytest.mark.parametrize(("datasets", "generators"), [(4, 5), (20, 2), (1, 1), (0, 0)])
def test_too_little_to_compare_gives_none(datasets, generators):
    assert critical_difference([""] * generators, np.ones((datasets, generators))) is None


def test_without_significance_nothing_is_told_apart():
    found = critical_difference(list("abc"), np.array([[1.0, 2, 3], [3, 2, 1]] * 4))
    assert found is not None
    assert found.p_value > 0.9
    assert found.cliques == [["a", "b", "c"]]


def test_planted_differences_are_told_apart():
    rng = np.random.default_rng(0)
    values = rng.normal([0, 0, 3, 3, 6, 6], size=(40, 6))
    found = critical_difference(list("abcdef"), stats.rankdata(values, axis=1))
    assert found is not None
    assert [sorted(clique) for clique in found.cliques] == [["a", "b"], ["c", "d"], ["e", "f"]]


@settings(max_examples=200, deadline=None)
@given(
    means=st.lists(st.integers(0, 60), min_size=1, max_size=9).map(lambda found: sorted(x / 8 for x in found)),
    difference=st.integers(1, 40).map(lambda eighths: eighths / 8),
)
def test_cliques_are_the_largest_groups_within_the_difference(means, difference):
    names = [str(place) for place in range(len(means))]
    runs = [set(range(a, b + 1)) for a in range(len(means)) for b in range(a + 1, len(means))]
    within = [run for run in runs if means[max(run)] - means[min(run)] < difference]
    largest = [run for run in within if not any(run < other for other in within)]
    assert [[int(name) for name in clique] for clique in cliques(names, means, difference)] == sorted(
        sorted(run) for run in largest
    )


@pytest.mark.parametrize(("datasets", "generators"), [(5, 3), (5, 11), (7, 4)])
def test_equal_generators_are_told_apart_at_most_as_often_as_stated(datasets, generators):
    rng = np.random.default_rng(0)
    order = np.tile(np.arange(1.0, generators + 1), (4000, datasets, 1))
    means = rng.permuted(order, axis=2).mean(axis=1)
    wrong = (np.ptp(means, axis=1) >= nemenyi(datasets, generators)).mean()
    assert wrong < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)
