from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from leaderboards.history.steps import LEAST_PART, LEAST_VALUES, Step, best_split, between, detect


def planted(seed: int, runs: int, places: dict[int, float], noise: float = 1.0) -> np.ndarray:
    values = noise * np.random.default_rng(seed).normal(size=runs)
    for place, size in places.items():
        values[place:] += size
    return values


def largest_t(values) -> int:
    """The place with the largest t statistic, from scipy."""
    places = range(LEAST_PART, len(values) - LEAST_PART + 1)
    return max(places, key=lambda place: abs(stats.ttest_ind(values[:place], values[place:]).statistic))


@given(st.lists(st.integers(-1000, 1000), min_size=8, max_size=20, unique=True))
@settings(max_examples=25, deadline=None)
def test_the_place_is_that_of_the_largest_t_statistic(numbers):
    values = np.array(numbers, float)
    place = LEAST_PART + int(between(values[None])[0].argmax())
    statistic = [abs(stats.ttest_ind(values[:at], values[at:]).statistic) for at in (place, largest_t(values))]
    assert statistic[0] == pytest.approx(statistic[1])


def test_the_p_value_is_the_share_of_all_orders_that_split_as_well():
    # two values only, so that the orders can be counted: which 3 of 9 places hold the ones
    values = np.array([0, 0, 0, 0, 0, 1, 0, 1, 1], float)

    def statistic(ones) -> float:
        order = np.zeros(9)
        order[list(ones)] = 1
        parts = [(order[:place], order[place:]) for place in range(2, 8)]
        clean = [np.ptp(before) == np.ptp(after) == 0 for before, after in parts]
        return np.inf if any(clean) else max(abs(stats.ttest_ind(*part).statistic) for part in parts)

    orders = [statistic(ones) for ones in combinations(range(9), 3)]
    exact = np.mean([one >= statistic((5, 7, 8)) - 1e-9 for one in orders])
    estimates = [best_split(values, np.random.default_rng(seed))[1] for seed in range(30)]
    assert np.mean(estimates) == pytest.approx(exact, rel=0.1)


def test_no_series_below_the_least_number_has_a_step():
    short = np.array([0.0] * 4 + [9.0] * (LEAST_VALUES - 5))
    assert detect([short]) == [[]]
    assert detect([np.array([]), np.array([1.0])]) == [[], []]


def test_the_least_number_is_the_first_at_which_a_step_can_be_found():
    clean = np.array([0.0] * 4 + [9.0] * 4)
    (found,) = detect([clean])
    assert [step.place for step in found] == [4]
    assert pytest.approx(found[0].p_value, rel=0.6) == 2 / 70
    shorter = np.array([0.0] * 3 + [9.0] * 4)
    assert best_split(shorter, np.random.default_rng(0))[1] > 0.03


def test_values_that_do_not_vary_have_no_step():
    assert detect([np.zeros(30), np.full(30, 0.1)]) == [[], []]


def test_a_clean_step_without_any_noise_is_found():
    (found,) = detect([np.array([98.0] * 10 + [95.0] * 10)])
    assert found == [Step(10, 98.0, 95.0, found[0].p_value)]


def test_several_steps_are_found_with_the_levels_between_them():
    (found,) = detect([planted(1, 60, {20: 8.0, 40: -12.0})])
    assert [step.place for step in found] == [20, 40]
    assert [step.before for step in found] == pytest.approx([0, 8], abs=0.8)
    assert [step.after for step in found] == pytest.approx([8, -4], abs=0.8)


def test_one_outlier_is_no_step():
    values = planted(2, 30, {})
    values[12] += 50
    assert detect([values]) == [[]]


def test_scale_and_offset_change_no_step():
    values = planted(3, 40, {25: 4.0})
    places = [[step.place for step in found] for found in detect([values]) + detect([values * 1e-6 - 1e3])]
    assert places[0] == places[1] == [25]


def test_the_same_seed_gives_the_same_steps():
    values = [planted(seed, 30, {15: 1.5}) for seed in range(5)]
    assert detect(values, seed=4) == detect(values, seed=4)


def test_a_step_that_one_series_shows_may_be_lost_among_many():
    # 2 / 70 is below 0.05 alone, and not where ten series are searched
    clean = np.array([0.0] * 4 + [9.0] * 4)
    noise = [planted(seed, 8, {}) for seed in range(9)]
    assert detect([clean])[0] != []
    assert detect([clean, *noise])[0] == []


@pytest.mark.parametrize("draw", ["normal", "t"])
def test_false_steps_are_as_rare_as_the_level(draw):
    rng = np.random.default_rng(5)
    series = rng.normal(size=(160, 20)) if draw == "normal" else rng.standard_t(3, size=(160, 20))
    false = sum(bool(detect([values], seed=seed)[0]) for seed, values in enumerate(series))
    # 99.9 % of binomial draws at a rate of exactly 0.05 stay below
    assert false <= stats.binom.ppf(0.999, 160, 0.05)
    assert false > 0


def test_ten_series_together_are_false_as_rarely_as_one():
    rng = np.random.default_rng(6)
    false = sum(any(detect(list(rng.normal(size=(10, 16))), seed=seed)) for seed in range(25))
    assert false <= stats.binom.ppf(0.999, 25, 0.05)


def test_steps_of_three_standard_deviations_are_found_where_they_are():
    found = [detect([planted(seed, 20, {10: 3.0})])[0] for seed in range(40)]
    near = sum(any(abs(step.place - 10) <= 1 for step in steps) for steps in found)
    assert near >= 35
