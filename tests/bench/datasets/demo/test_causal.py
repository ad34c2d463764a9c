"""The engine: masses sum to one, frequencies agree with them, and Bayes' rule agrees with counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from bench.datasets.demo.causal import CausalModel, Choice, Mixture, Point, Rounded, among, effect

ROWS = 20_000


def masses(distribution, support, parents=None):
    return np.exp(distribution.log_prob(np.asarray(support), parents or {}))


def goodness_of_fit(distribution, support, parents=None, rows=ROWS):
    """p-value of a chi-square test of sampled counts against the stated masses; rare values are pooled."""
    drawn = distribution.sample(parents or {}, rows, np.random.default_rng(5))
    counts = np.array([(drawn == value).sum() for value in support])
    expected = rows * masses(distribution, support, parents)
    assert counts.sum() == rows
    rare = expected < 10
    counts = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    keep = expected > 1e-9
    return stats.chisquare(counts[keep], expected[keep] * counts[keep].sum() / expected[keep].sum()).pvalue


WEEK = Mixture(
    Choice({"forty": 0.5, "less": 0.2, "more": 0.3}),
    {"forty": Point(40), "less": Rounded(lambda _: stats.norm(26, 9), 1, 60), "more": Point(99)},
)
SUPPORTS = {
    "choice": (Choice({"a": 2, "b": 1, None: 0.5}), np.array(["a", "b", None], dtype=object)),
    "tilted": (Choice({"a": 1, "b": 1}, lambda _: {"b": 1.5}), np.array(["a", "b"], dtype=object)),
    "normal": (Rounded(lambda _: stats.norm(3, 4), -5, 9), np.arange(-5, 10)),
    "thousands": (Rounded(lambda _: stats.expon(scale=3000), 1000, 30000, -3), np.arange(1, 31) * 1000),
    "tenths": (Rounded(lambda _: stats.beta(2, 3), 0, 1, 1), np.round(np.arange(11) / 10, 1)),
    "upper tail": (Rounded(lambda _: stats.norm(0, 1), 4, 9), np.arange(4, 10)),
    "heap": (WEEK, np.append(np.arange(1, 61), 99)),
}


@pytest.mark.parametrize("name", SUPPORTS)
def test_masses_sum_to_one_and_match_sampled_frequencies(name):
    distribution, support = SUPPORTS[name]
    assert masses(distribution, support.astype(object if support.dtype == object else float)).sum() == pytest.approx(1)
    assert goodness_of_fit(distribution, support) > 1e-3


@settings(max_examples=30, deadline=None)
@given(mean=st.floats(-30, 30), deviation=st.floats(0.3, 20), decimals=st.integers(0, 2))
def test_rounded_mass_is_the_integral_of_the_density(mean, deviation, decimals):
    shape = stats.norm(mean, deviation)
    node = Rounded(lambda _: shape, -40, 40, decimals)
    half = 0.5 * 10.0**-decimals
    value = float(np.round(mean / 2, decimals))
    inside = integrate.quad(shape.pdf, value - half, value + half)[0]
    total = integrate.quad(shape.pdf, -40 - half, 40 + half, points=[mean], limit=200)[0]
    assert masses(node, [value])[0] == pytest.approx(inside / total, rel=1e-5, abs=1e-12)


def test_impossible_values_have_no_mass():
    node = Rounded(lambda _: stats.norm(0, 1), -2, 2, 1)
    assert (masses(node, [2.1, -2.1, 0.05, np.nan]) == 0).all()
    assert masses(Choice({"a": 1}), np.array(["b", None], dtype=object)).tolist() == [0, 0]
    assert masses(Point(np.nan), [np.nan, 0.0]).tolist() == [1, 0]
    assert masses(Point(lambda p: 2 * p["x"]), [2.0, 3.0], {"x": np.array([1.0, 1.0])}).tolist() == [1, 0]


def test_bounds_may_depend_on_parents():
    rng = np.random.default_rng(0)
    high = rng.integers(1, 20, size=5000).astype(float)
    node = Rounded(lambda _: stats.norm(10, 8), 0, lambda p: p["high"])
    drawn = node.sample({"high": high}, 5000, rng)
    assert (drawn <= high).all()
    assert (drawn >= 0).all()
    assert np.isfinite(node.log_prob(drawn, {"high": high})).all()


def test_helpers_treat_missing_as_a_value():
    values = np.array(["a", None, "b"], dtype=object)
    assert among(values, "a", None).tolist() == [True, True, False]
    assert effect(values, {"a": 1.5}).tolist() == [1.5, 0, 0]


# Two causes and a target that stands between them in causal order, small enough to count everything.
SMALL = CausalModel(
    nodes={
        "cause": Choice({"u": 0.3, "v": 0.7}),
        "target": Choice({"no": 0.6, "yes": 0.4}, lambda p: {"yes": 1.2 * among(p["cause"], "u")}),
        "count": Rounded(lambda p: stats.norm(2 + 2 * among(p["target"], "yes"), 1.5), 0, 6),
        "gap": Mixture(
            Choice({"some": 0.8, "missing": 0.2}),
            {"some": Rounded(lambda p: stats.norm(p["count"], 1), 0, 6), "missing": Point(np.nan)},
        ),
    },
    columns=("count", "gap", "cause", "target"),
    target="target",
    outcomes=("no", "yes"),
)


def test_frame_is_canonical_and_in_file_order():
    frame = SMALL.sample(50, 1)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "count": "Int64",
        "gap": "Int64",
        "cause": "str",
        "target": "str",
    }


def test_log_likelihood_matches_frequencies_of_whole_records():
    frame = SMALL.sample(200_000, 3)
    mass = np.exp(SMALL.log_likelihood(frame))
    groups = frame.astype(str).assign(mass=mass).groupby(list(SMALL.columns), dropna=False).mass.agg(["size", "first"])
    common = groups[groups["first"] * len(frame) > 50]
    error = (common["size"] - common["first"] * len(frame)) / np.sqrt(common["first"] * len(frame))
    assert len(common) > 50
    assert np.abs(error).max() < 4.5
    assert groups["first"].sum() == pytest.approx(1, abs=0.01)


def test_target_distribution_matches_counting():
    frame = SMALL.sample(300_000, 4)
    happened, stated = (frame.target == "yes").astype(float), SMALL.target_distribution(frame)[:, 1]
    groups = (
        frame.astype(str)
        .assign(yes=happened, stated=stated)
        .groupby(["cause", "count", "gap"], dropna=False)
        .agg(n=("yes", "size"), yes=("yes", "mean"), stated=("stated", "first"))
    )
    groups = groups[groups.n > 400]
    error = (groups.yes - groups.stated) / np.sqrt(groups.stated * (1 - groups.stated) / groups.n)
    assert len(groups) > 20
    assert np.abs(error).max() < 4.5
