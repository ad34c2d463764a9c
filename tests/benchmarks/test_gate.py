import numpy as np
import pandas as pd
import pytest

import bench
from benchmarks.gating.damage import noise, planted
from benchmarks.gating.pool import Pool, carried, flat, halved, losses
from benchmarks.gating.rates import found, rate
from evaluators.tabular.density import Density

HONEST: dict[int, tuple[str, str]] = {}


def pool(rng, *, seeds=24, comparisons=20, shift=0.0, minimum=0.0) -> Pool:
    keys = [("metric", "harness", 1, str(place)) for place in range(comparisons)]
    made = Pool("adult", "tvae", keys, np.full(comparisons, minimum), rng.normal(size=(seeds, comparisons)))
    made.damaged["shift", "first"] = made.honest[:10] + shift * (np.arange(comparisons) == 0)
    return made


@pytest.fixture(scope="module")
def adult():
    return bench.load("adult")


def test_honest_pools_give_few_alarms_and_a_large_shift_is_caught():
    rng = np.random.default_rng(0)
    pools = [pool(rng, shift=9.0), pool(rng)]
    options = {"pairs": 5, "redraws": 200, "level": 0.05}
    assert rate(pools, HONEST, **options).share <= 0.1
    assert rate(pools, {0: ("shift", "first")}, **options).share >= 0.97


def test_a_damage_counts_only_in_the_pool_that_has_it():
    rng = np.random.default_rng(1)
    pools = [pool(rng, shift=0.0), pool(rng)]
    # the second pool's first comparison is worse in every redraw
    pools[1].honest[:, 0] = np.arange(24) * 1e-6
    assert rate(pools, {0: ("shift", "first")}, pairs=5, redraws=100, level=0.05).share <= 0.1


def test_the_standard_error_is_the_spread_over_independent_pools():
    rng = np.random.default_rng(2)
    # a level at which gates often alarm, so that rates have a spread to be seen
    rates = [
        rate([pool(rng, comparisons=2, seeds=20)], HONEST, pairs=3, redraws=100, level=0.6, seed=place)
        for place in range(40)
    ]
    spread = np.std([one.share for one in rates], ddof=1)
    stated = np.sqrt(np.mean([one.stderr**2 for one in rates]))
    assert 0.5 * spread <= stated <= 2 * spread


def test_what_is_not_defined_any_more_is_a_regression_and_small_differences_are_none():
    before = np.random.default_rng(3).normal(size=(5, 4))
    after = before + np.array([0, 0, 50, 50])
    after[2, 0] = np.nan
    before[1, 1] = after[1, 1] = np.nan
    assert found(before, after, np.array([0, 0, 10, 60.0]), 0.05).tolist() == [True, False, True, False]


@pytest.mark.parametrize("name", ["age", "workclass", "income"])
def test_noise_changes_a_tenth_of_one_column_and_nothing_else(adult, name):
    records = adult.train
    column = next(column for column in adult.schema.columns if column.name == name)
    noisy = noise(records, np.random.default_rng(0), column=column, data=adult)
    same = noisy[name].eq(records[name]) | (noisy[name].isna() & records[name].isna())
    assert 0 < (~same).mean() <= 0.1
    pd.testing.assert_frame_equal(noisy.drop(columns=name), records.drop(columns=name))
    assert set(noisy[name].dropna()) <= set(records[name].dropna()) or column.numeric
    if column.numeric:
        assert noisy[name].between(records[name].min(), records[name].max()).all()


def test_every_column_gets_noise_and_three_labels_go(adult):
    damages = planted(adult)
    assert [where for kind, where in damages if kind == "noise"] == list(adult.schema.names)
    dropped = {key: plant for key, plant in damages.items() if key[0].startswith("dropped")}
    assert [kind for kind, _ in dropped] == ["dropped 20%", "dropped 10%", "dropped 5%"]
    for (_, where), plant in dropped.items():
        name, label = where.rsplit(" (", 1)[0].split("=")
        assert (adult.train[name] == label).any()
        assert not (plant(adult.train, np.random.default_rng(0))[name] == label).any()


def test_half_the_budget_is_half_of_the_profiles_steps():
    assert halved("tvae") == {"generators.tvae.steps": 400}
    assert halved("difflm") == {"generators.difflm.steps": 350, "generators.difflm.diffusion_steps": 1000}
    assert halved("smote") == {}


def test_scores_become_losses_by_seed_and_comparison(adult):
    scores = Density().evaluate(adult, adult.test)
    rows = pd.DataFrame([one for score in scores for one in flat(score)]).assign(seed=3)
    shape = ("column_shape_error_percent", "harness", 1, "")
    one = ("single_column_shape_error_percent", "harness", 1, "age")
    values = losses(rows, [shape, one], {shape: False, one: True})
    assert values.tolist() == [[scores[0].value, -scores[0].details["columns"]["age"]]]


def test_what_damage_to_the_records_does_not_change_is_not_lost():
    honest = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    damaged = np.array([[np.nan, 9.0], [np.nan, 8.0]])
    assert carried(damaged, honest, np.array([True, False])).tolist() == [[1, 9], [3, 8]]
