"""Encoding and decoding give back what train had, whatever the table looks like."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from bench.errors import BenchError
from bench.frames import from_frame
from generators.columns import MixedTable, Modes, Quantiles, layout
from generators.columns.one_hot import ModeTable

RNG = np.random.default_rng(0)
ODD = pd.DataFrame(
    {
        "whole": RNG.integers(-5, 90, 400),
        "money": np.round(RNG.lognormal(3, 2, 400), 2),
        "zeros": np.where(RNG.random(400) < 0.8, 0.0, RNG.gamma(2.0, 3.0, 400)),
        "gaps": np.where(RNG.random(400) < 0.3, np.nan, RNG.normal(size=400)),
        "constant": np.full(400, 7.5),
        "huge": RNG.normal(size=400) * 1e300,
        "nothing": np.full(400, np.nan),
        "ünï": RNG.choice(["a", "b", "ß"], 400),
        "job": RNG.choice(["x", "y", None], 400, p=[0.5, 0.3, 0.2]),
    }
)
KINDS = {"nothing": "real", "huge": "real", "constant": "real"}
numbers = st.lists(st.floats(-1e308, 1e308) | st.sampled_from([0.0, 1.0, -1e-300]), min_size=1, max_size=60).map(
    np.array
)


@pytest.fixture(scope="module")
def odd():
    return from_frame(ODD, kinds=KINDS)


def test_a_mixed_table_gives_back_its_records_up_to_the_smoothing_of_its_quantiles(odd):
    table = MixedTable.learn(odd.train, odd.schema)
    encoded = table.encode(odd.train)
    back = table.decode(encoded)
    assert encoded.numbers.shape == (400, 6)
    assert table.sizes == (2, 3, 3)
    for name in ("ünï", "job", "whole", "money", "zeros", "gaps", "constant", "nothing"):
        left, right = back[name], odd.train[name]
        assert (left.isna() == right.isna()).all(), name
        if odd.schema[name].numeric:
            assert left.dropna().to_numpy(float) == pytest.approx(right.dropna().to_numpy(float), abs=1e-4), name
        else:
            assert (left.dropna() == right.dropna()).all()


def test_normal_scores_are_normal_and_an_atom_stands_in_the_middle_of_its_share():
    smooth = RNG.gamma(2.0, 1.0, 5000)
    assert kstest(Quantiles.learn(smooth).encode(smooth), "norm").pvalue > 0.5
    atom = np.concatenate([np.zeros(800), np.linspace(1, 2, 200)])
    scores = Quantiles.learn(atom).encode(atom)
    assert scores[0] == pytest.approx(-0.2533, abs=0.01)  # the normal quantile of .4
    drawn = Quantiles.learn(atom).decode(np.random.default_rng(1).normal(size=20_000))
    assert (drawn == 0).mean() == pytest.approx(0.8, abs=0.01)


def test_modes_find_two_gaussians_and_lose_nothing():
    values = np.concatenate([RNG.normal(-10, 1, 3000), RNG.normal(50, 2, 1000)])
    modes = Modes.learn(values, seed=0)
    means = np.asarray(modes.means) * modes.scale + modes.centre
    assert min(abs(means + 10)) < 0.5
    assert min(abs(means - 50)) < 0.5
    places, mode = modes.encode(values, np.random.default_rng(0))
    inside = np.abs(places) < 1
    assert inside.mean() > 0.99
    assert modes.decode(places, mode)[inside] == pytest.approx(values[inside], abs=1e-6)


def test_a_mode_table_gives_back_labels_gaps_and_numbers(odd):
    table = ModeTable.learn(odd.train, odd.schema, seed=0)
    encoded = table.encode(odd.train, np.random.default_rng(0))
    assert table.blocks.width == encoded.numbers.shape[1] + sum(table.sizes)
    assert (encoded.codes < table.sizes).all()
    assert (encoded.codes >= 0).all()
    back = table.decode(encoded)
    assert (back["job"].isna() == odd.train["job"].isna()).all()
    assert (back["gaps"].isna() == odd.train["gaps"].isna()).all()
    assert back["whole"].to_numpy(float) == pytest.approx(odd.train["whole"].to_numpy(float), abs=1)
    assert (back["constant"] == 7.5).all()


@pytest.mark.parametrize("kind", [MixedTable, ModeTable])
def test_a_table_is_restored_from_json(odd, kind):
    table = kind.learn(odd.train, odd.schema, **({"seed": 0} if kind is ModeTable else {}))
    again = kind.restore(json.loads(json.dumps(table.state())), odd.schema)
    extra = () if kind is MixedTable else (np.random.default_rng(0),)
    for part in ("numbers", "codes"):
        more = () if kind is MixedTable else (np.random.default_rng(0),)
        one, two = (getattr(t.encode(odd.train, *e), part) for t, e in ((table, extra), (again, more)))
        extra = () if kind is MixedTable else (np.random.default_rng(0),)
        assert (one == two).all()
    assert again.sizes == table.sizes


def learnt(kind, data):
    """A table and the records that it makes of those of train."""
    if kind is MixedTable:
        table = MixedTable.learn(data.train, data.schema)
        return table.decode(table.encode(data.train))
    table = ModeTable.learn(data.train, data.schema, seed=0)
    return table.decode(table.encode(data.train, np.random.default_rng(0)))


@pytest.mark.parametrize("kind", [MixedTable, ModeTable])
def test_real_numbers_that_are_whole_and_beyond_64_bits_keep_their_size(kind):
    wei = np.arange(1, 401) * 1e20
    back = learnt(kind, from_frame(pd.DataFrame({"wei": wei})))["wei"]
    assert back.to_numpy() == pytest.approx(wei, rel=1e-3, abs=2e20)


@pytest.mark.parametrize("kind", [MixedTable, ModeTable])
def test_integers_that_no_float_tells_apart_come_back_exactly(kind):
    gaps = pd.array([-(2**60) - 1, None, -(2**60) - 1, -(2**60) - 1] * 10, dtype="Int64")
    data = from_frame(pd.DataFrame({"id": [2**53 + 1] * 40, "gaps": gaps}))
    assert data.train["gaps"][0] == -(2**60) - 1
    pd.testing.assert_frame_equal(learnt(kind, data), data.train)


@pytest.mark.parametrize("kind", [MixedTable, ModeTable])
def test_integers_at_both_ends_of_64_bits_stay_inside(kind):
    ends = np.array([-(2**63), 2**63 - 1] * 20)
    back = learnt(kind, from_frame(pd.DataFrame({"ends": ends}), kinds={"ends": "integer"}))["ends"]
    assert back.to_numpy(np.float64) == pytest.approx(ends.astype(np.float64), rel=1e-3)


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_column_that_is_no_number_and_no_label_is_one_line(kind):
    frame = pd.DataFrame({"x": [1, 2], "note": ['"one"', '"two"'], "none": [None, None]})
    data = from_frame(frame, kinds={"note": kind, "none": kind})
    with pytest.raises(BenchError, match=f"^column 'note' is {kind}; [^\n]*leave it out[^\n]*difflm[^\n]*$"):
        layout(data.train, data.schema)
    # one without any value stays without
    assert layout(data.train.drop(columns="note"), from_frame(frame.drop(columns="note")).schema).empty == ("none",)


@given(numbers)
@example(np.array([0.0] * 14 + [1.0] * 5 + [6e307, 0.015]))
@settings(max_examples=60, deadline=None)
def test_quantiles_stay_finite_and_inside_the_range_of_train(values):
    quantiles = Quantiles.learn(values)
    scores = quantiles.encode(values)
    assert np.isfinite(scores).all()
    for score in (scores, np.array([-40.0, 0.0, 40.0])):
        back = quantiles.decode(score)
        assert np.isfinite(back).all()
        # the smallest numbers have fewer digits beside the largest ones
        slack = 1e-300 * np.abs(values).max()
        assert (back >= values.min() - 1e-9 * abs(values.min()) - slack).all()
        assert (back <= values.max() + 1e-9 * abs(values.max()) + slack).all()


@given(numbers)
@settings(max_examples=25, deadline=None)
def test_modes_stay_finite(values):
    modes = Modes.learn(values, seed=0)
    places, mode = modes.encode(values, np.random.default_rng(0))
    assert (np.abs(places) <= 1).all()
    assert ((mode >= 0) & (mode < len(modes))).all()


def test_decimals_are_those_of_train(odd):
    columns = layout(odd.train, odd.schema)
    assert columns.decimals["money"] == 2
    assert columns.decimals["whole"] == 0
    assert columns.empty == ("nothing",)
    assert columns.gaps == ("gaps",)
