"""The copula of a table that is one: its correlations and marginals come back."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from generators import Copula

ROWS = 20_000


def known(rho=0.7, rows=ROWS, seed=0):
    """Two numbers of any marginals and a category, joined by a Gaussian copula."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky([[1, rho, -0.5], [rho, 1, 0], [-0.5, 0, 1]])
    z = rng.normal(size=(rows, 3)) @ root.T
    return pd.DataFrame(
        {"x": np.exp(z[:, 0]), "n": np.round(100 * z[:, 1]).astype(int), "c": np.where(z[:, 2] < 0.5, "often", "rare")}
    )


def test_it_finds_the_copula_it_was_drawn_from():
    frame = known()
    sample = Copula().fit(frame).sample(ROWS, seed=1)
    records = sample.records
    assert (len(records), sample.attempts, sample.rejected, sample.shortfall) == (ROWS, ROWS, {}, None)
    real, ours = (spearmanr(f["x"], f["n"])[0] for f in (frame, records))
    assert ours == pytest.approx(real, abs=0.02)
    assert (records["c"] == "often").mean() == pytest.approx((frame["c"] == "often").mean(), abs=0.01)
    # a place at random inside of a category's interval weakens its correlation
    real, ours = (f.groupby("c")["x"].median() for f in (frame, records))
    assert 0.5 < (ours["often"] / ours["rare"]) / (real["often"] / real["rare"]) < 1.05
    assert np.quantile(records["x"], [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(frame["x"], [0.1, 0.5, 0.9]), rel=0.05
    )


def test_what_is_independent_stays_independent():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"a": rng.random(5000), "b": rng.random(5000)})
    records = Copula().fit(frame).sample(5000, seed=0).records
    assert abs(spearmanr(records["a"], records["b"])[0]) < 0.05
