from itertools import product

import numpy as np
import pytest
from scipy import stats

from leaderboards.gate.statistics import draws, holm, interval, noises, p_worse

ONE_SPLIT = np.zeros(5, dtype=int)


def test_holm_by_hand():
    # sorted .01 .02 .03 .04 times 4 3 2 1 are .04 .06 .06 .04, and none may fall below the one before it
    assert holm(np.array([0.04, 0.01, 0.03, 0.02])) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm(np.array([0.5, 0.6])).tolist() == [1, 1]
    assert holm(np.array([])).tolist() == []


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_draws_are_all_ways_to_draw_pairs_with_replacement(count):
    ways, chances = draws(count)
    every = [np.bincount(one, minlength=count) for one in product(range(count), repeat=count)]
    expected = {tuple(way): 0.0 for way in every}
    for way in every:
        expected[tuple(way)] += 1 / count**count
    assert dict(zip(map(tuple, ways), chances, strict=True)) == pytest.approx(expected)


def test_many_pairs_are_drawn_and_chances_sum_to_one():
    ways, chances = draws(30)
    assert (ways.sum(axis=1) == 30).all()
    assert chances.sum() == pytest.approx(1)


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_the_bootstrap_never_blocks_where_all_pairs_agree(count):
    rng = np.random.default_rng(0)
    old = rng.normal(size=(count, 1))
    new = old + 1000 + rng.normal(size=(count, 1))
    splits = np.zeros(count, dtype=int)
    expected = 2 * min(
        stats.ttest_rel(new, old, alternative="greater").pvalue[0],
        stats.ttest_ind(new, old, alternative="greater").pvalue[0],
    )
    assert p_worse(old, new, splits)[0] == pytest.approx(expected, rel=1e-6)
    assert expected < 0.0005 * (count > 2) + 0.005


def test_one_pair_of_five_that_disagrees_has_the_chance_of_drawing_it_often_enough():
    old = np.zeros((5, 1))
    new = np.array([[1.0], [1.0], [1.0], [1.0], [-1.5]])
    # the mean is not above zero where the bad pair is drawn twice or more: its count is binomial(5, 1/5)
    bootstrap = stats.binom.sf(1, 5, 0.2)
    assert p_worse(old, new, ONE_SPLIT)[0] >= bootstrap - 1e-12


def test_with_one_split_the_noise_is_that_of_the_two_sample_t_test():
    rng = np.random.default_rng(1)
    old, new = rng.normal(size=(2, 5, 3))
    _, (stderr, freedom) = noises(old, new, ONE_SPLIT)
    expected = stats.ttest_ind(new, old, axis=0)
    assert freedom == expected.df[0] == 8
    assert (new - old).mean(axis=0) / stderr == pytest.approx(expected.statistic)


def test_the_difference_of_splits_is_no_noise():
    rng = np.random.default_rng(2)
    splits = np.array([0, 0, 0, 1, 1, 1])
    old, new = rng.normal(size=(2, 6, 1))
    _, (stderr, freedom) = noises(old, new, splits)
    _, (moved, same) = noises(old + 100 * splits[:, None], new + 100 * splits[:, None], splits)
    assert moved == pytest.approx(stderr)
    assert freedom == same == 8
    deviations = [side[splits == split] - side[splits == split].mean() for side in (old, new) for split in (0, 1)]
    assert stderr[0] ** 2 == pytest.approx(2 * np.square(deviations).sum() / 8 / 6)


def test_one_seed_a_split_leaves_the_paired_differences():
    rng = np.random.default_rng(3)
    old, new = rng.normal(size=(2, 4, 1))
    ((stderr, freedom),) = noises(old, new, np.arange(4))
    expected = stats.ttest_rel(new, old)
    assert freedom == expected.df[0] == 3
    assert (new - old).mean() / stderr[0] == pytest.approx(expected.statistic[0])


def test_equal_runs_and_rounding_noise_are_no_difference():
    old = np.full((5, 1), 3.0)
    assert p_worse(old, old, ONE_SPLIT)[0] == 1
    assert p_worse(old, old * (1 + 1e-12), ONE_SPLIT)[0] == 1


def test_values_without_any_spread_differ_surely():
    old = np.full((3, 1), 3.0)
    assert p_worse(old, old + 1, np.zeros(3, dtype=int))[0] == 0
    assert p_worse(old, old - 1, np.zeros(3, dtype=int))[0] == 1


def test_two_equal_differences_meet_by_chance_and_say_nothing():
    # shares of fifty problems move in steps of two percent
    splits = np.zeros(2, dtype=int)
    old, new = np.array([[34.0], [30.0]]), np.array([[36.0], [32.0]])
    assert p_worse(old, new, splits)[0] > 0.1
    assert np.isinf(interval(old, new, np.arange(2), 0.05)).all()


def test_false_alarms_of_two_seeds_stay_below_the_level_where_scores_move_in_steps():
    rng = np.random.default_rng(0)
    gates, comparisons = 400, 6
    old, new = 2.0 * rng.binomial(50, 0.3, size=(2, 2, gates * comparisons))
    p_values = p_worse(old, new, np.zeros(2, dtype=int)).reshape(gates, comparisons)
    alarms = np.mean([holm(row).min() <= 0.05 for row in p_values])
    assert alarms <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / gates)


def test_the_interval_is_the_wider_of_the_bootstrap_and_the_narrower_student():
    rng = np.random.default_rng(4)
    old, new = rng.normal(size=(2, 5, 200))
    low, high = interval(old, new, ONE_SPLIT, 0.05)
    both = [test(new, old, axis=0).confidence_interval(0.975) for test in (stats.ttest_ind, stats.ttest_rel)]
    assert (low <= np.max([one.low for one in both], axis=0) + 1e-9).all()
    assert (high >= np.min([one.high for one in both], axis=0) - 1e-9).all()


def test_damage_to_the_records_of_equal_models_is_found_below_the_noise_of_training():
    """Half a standard deviation from seed to seed, the same for every pair: no test of independent runs sees it."""
    rng = np.random.default_rng(7)
    old = rng.normal(size=(5, 1))
    new = old + 0.5 + 0.01 * rng.normal(size=(5, 1))
    assert stats.ttest_ind(new, old, alternative="greater").pvalue[0] > 0.05
    assert p_worse(old, new, ONE_SPLIT)[0] < 1e-6


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(5)
    old, new = rng.normal(size=(2, 5, 2000))
    low, high = interval(old, new + 3, ONE_SPLIT, 0.05)
    assert np.mean((low <= 3) & (high >= 3)) >= 0.94


@pytest.mark.parametrize("pairs", [2, 3, 5, 7])
def test_false_alarms_stay_below_the_level_over_many_gates(pairs):
    """Of 60 comparisons that differ by noise alone, the smallest corrected p value is rarely below .05."""
    rng = np.random.default_rng(pairs)
    gates, comparisons = 600, 60
    old, new = rng.normal(size=(2, pairs, gates * comparisons))
    p_values = p_worse(old, new, np.zeros(pairs, dtype=int)).reshape(gates, comparisons)
    alarms = np.mean([holm(row).min() <= 0.05 for row in p_values])
    assert alarms <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / gates)


def test_a_shift_of_known_size_is_found_as_often_as_its_distribution_says():
    """Six standard deviations in one of 60 comparisons; the chance follows from the non-central t."""
    rng = np.random.default_rng(6)
    gates, comparisons, shift = 400, 60, 6.0
    old, new = rng.normal(size=(2, 5, gates, comparisons))
    new[:, :, 0] += shift
    p_values = p_worse(old.reshape(5, -1), new.reshape(5, -1), ONE_SPLIT).reshape(gates, comparisons)
    caught = np.mean([holm(row)[0] <= 0.05 for row in p_values])
    # at half the level, as the noise is taken in two ways
    student = stats.nct.sf(stats.t.isf(0.025 / comparisons, 8), 8, shift / np.sqrt(2 / 5))
    assert student - 0.03 <= caught <= student + 0.05
    assert caught > 0.95
