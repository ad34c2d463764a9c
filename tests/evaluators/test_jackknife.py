"""The delete-a-group jackknife against closed forms."""

import numpy as np
import pytest

from evaluators.jackknife import assign_groups, group_counts, jackknife_error, with_and_without


def test_groups_are_equal_up_to_one_and_follow_the_seed():
    group = assign_groups(1003, seed=5)
    sizes = np.bincount(group)
    assert len(sizes) == 20
    assert sizes.max() - sizes.min() <= 1
    assert (group == assign_groups(1003, seed=5)).all()
    assert (group != assign_groups(1003, seed=6)).any()


def test_error_of_a_share_is_near_the_binomial_one():
    rng = np.random.default_rng(0)
    errors = []
    for seed in range(60):
        flags = (rng.random(2000) < 0.3).astype(np.int64)
        counts = with_and_without(group_counts(flags, 2, assign_groups(2000, seed)))
        errors.append(jackknife_error(counts[:, 1] / counts.sum(axis=1)))
    assert np.mean(errors) == pytest.approx(np.sqrt(0.3 * 0.7 / 2000), rel=0.1)


def test_with_one_group_a_row_it_is_the_classical_standard_error_of_the_mean():
    values = np.array([0, 3, 1, 1, 2, 5, 0, 4])
    group = assign_groups(len(values), seed=0)
    counts = with_and_without(group_counts(values, 6, group))
    means = counts @ np.arange(6) / counts.sum(axis=1)
    assert jackknife_error(means) == pytest.approx(values.std(ddof=1) / np.sqrt(len(values)))


def test_a_single_row_has_no_standard_error():
    counts = with_and_without(group_counts(np.array([1]), 2, assign_groups(1, 0)))
    with np.errstate(invalid="ignore"):
        assert np.isnan(jackknife_error(counts[:, 1] / counts.sum(axis=1)))
