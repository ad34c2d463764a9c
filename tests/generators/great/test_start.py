"""What records begin with."""

import numpy as np
import pandas as pd
import pytest

from bench.condition import Between, check_where
from bench.errors import BenchError
from bench.frames import from_frame
from generators.great.start import Starts, check_known
from generators.great.table import Table
from generators.great.text import RowText


@pytest.fixture(scope="module")
def known():
    frame = pd.DataFrame({"c": ["a"] * 60 + ["b"] * 30 + ["c"] * 10, "n": range(100), "x": np.arange(100) / 4})
    data = from_frame(frame, target="c")
    text = RowText.learn(data.train, data.schema)
    starts = Starts.learn(Table.of(data.train, text), data.schema)
    return data.schema, text, Starts.restore(starts.state())


def drawn(known, where=None, start="target", n=2000):
    schema, text, starts = known
    return starts.under(check_where(schema, where), text, start).draw(n, np.random.default_rng(0))


def test_the_target_is_as_frequent_as_in_train_and_the_others_follow_in_any_order(known):
    openings = drawn(known)
    given = pd.Series([opening.given[0] for opening in openings])
    assert all(len(opening.given) == 1 for opening in openings)
    for label, share in (("a", 0.6), ("b", 0.3), ("c", 0.1)):
        assert (given == (0, label)).mean() == pytest.approx(share, abs=0.04)
    orders = pd.Series([tuple(opening.following) for opening in openings]).value_counts(normalize=True)
    assert sorted(orders.index) == [(1, 2), (2, 1)]
    assert orders.to_numpy() == pytest.approx(0.5, abs=0.04)


def test_a_condition_on_the_target_leaves_what_it_lets_through(known):
    labels = pd.Series([opening.given[0][1] for opening in drawn(known, {"c": ["b", "c"]})])
    assert (labels == "b").mean() == pytest.approx(0.75, abs=0.04)
    assert set(labels) == {"b", "c"}


def test_columns_with_one_value_come_first_in_any_order_and_the_target_is_left_to_the_model(known):
    openings = drawn(known, {"n": 7, "x": 2.5})
    assert {tuple(opening.given) for opening in openings} == {((1, "7"), (2, "2.5")), ((2, "2.5"), (1, "7"))}
    assert {tuple(opening.following) for opening in openings} == {(0,)}


def test_any_column_may_be_first(known):
    first = pd.Series([opening.following[0] for opening in drawn(known, {"n": Between(3, 5)}, "random")])
    assert first.value_counts(normalize=True).to_numpy() == pytest.approx(1 / 3, abs=0.04)
    assert all(not opening.given for opening in drawn(known, start="random", n=5))


@pytest.mark.parametrize("asked", [0.123456, [2.5, 0.123456]])
def test_a_number_with_more_digits_than_are_written_is_one_line(asked):
    data = from_frame(pd.DataFrame({"x": [0.5, 0.25], "n": [123456, 2]}))
    text = RowText.learn(data.train, data.schema, digits=3)
    for where in ({"x": 0.123}, {"x": 2}, {"n": 123456}, {"x": Between(0.123456, 1)}):
        check_known(check_where(data.schema, where), text)
    where = check_where(data.schema, {"x": asked})
    with pytest.raises(BenchError, match=r"^no record can have x = 0.123456: [^\n]*digits=3[^\n]*0.123[^\n]*$"):
        check_known(where, text)
    check_known(where, RowText.learn(data.train, data.schema))
