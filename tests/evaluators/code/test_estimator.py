"""pass@k against counting all draws, and its error against the closed form."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.code.estimator import bootstrap_error, pass_at_k


@pytest.mark.parametrize(("samples", "k"), [(1, 1), (5, 1), (5, 3), (6, 6)])
def test_it_is_the_share_of_draws_with_a_correct_one(samples, k):
    for correct in range(samples + 1):
        draws = list(combinations([True] * correct + [False] * (samples - correct), k))
        expected = sum(map(any, draws)) / len(draws)
        assert pass_at_k(np.array([correct]), samples, k)[0] == pytest.approx(expected)


@given(st.integers(1, 300), st.data())
def test_it_is_equation_1(samples, data):
    k = data.draw(st.integers(1, samples))
    correct = data.draw(st.integers(0, samples))
    exact = 1 - comb(samples - correct, k) / comb(samples, k)
    assert pass_at_k(np.array([correct]), samples, k)[0] == pytest.approx(exact, abs=1e-9)


def test_more_draws_than_samples_are_refused():
    with pytest.raises(ValueError, match="pass@10 cannot be estimated from 5"):
        pass_at_k(np.array([1]), 5, 10)


def test_the_bootstrap_agrees_with_the_closed_form():
    values = np.random.default_rng(0).random(200)
    assert bootstrap_error(values, 1) == pytest.approx(values.std() / np.sqrt(200), rel=0.1)
    assert bootstrap_error(values, 1) == bootstrap_error(values, 1)
    assert np.isnan(bootstrap_error(values[:1], 1))
