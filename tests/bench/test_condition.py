"""Conditions, held against plain Python over the values."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.condition import Between, OneOf, bound, check_where, matches, restrict
from bench.errors import BenchError
from bench.frames import conform, from_frame
from bench.records import Column, Schema

SCHEMA = Schema((Column("n", "integer"), Column("x", "real"), Column("c", "categorical"), Column("t", "text")))
INTEGERS = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1))
REALS = st.one_of(st.sampled_from([0.0, -0.0, 0.1, 0.5, 1.0]), st.floats(allow_nan=False, allow_infinity=False))
LABELS = st.sampled_from(["a", "b", "null", "2", ""])
VALUES = {"n": INTEGERS, "x": REALS, "c": LABELS}


def is_missing(value):
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


@st.composite
def conditions(draw):
    where = {}
    for name in draw(st.sets(st.sampled_from(list(VALUES)))):
        values = VALUES[name]
        if name != "c" and draw(st.booleans()):
            low, high = sorted(draw(st.tuples(values, values)))
            where[name] = Between(draw(st.sampled_from([low, None])), draw(st.sampled_from([high, None])))
        else:
            where[name] = draw(st.one_of(values, st.none(), st.lists(st.none() | values, min_size=1, max_size=3)))
    return where


def fulfils(value, wanted):
    """The meaning of a condition in plain Python; exact, also for integers that no float holds."""
    if isinstance(wanted, Between):
        inside = not is_missing(value)
        inside = inside and (wanted.low is None or wanted.low <= value)
        return inside and (wanted.high is None or value <= wanted.high)
    wanted = wanted if isinstance(wanted, list) else [wanted]
    return any(is_missing(value) if one is None else not is_missing(value) and value == one for one in wanted)


@given(st.lists(st.tuples(*(st.none() | values for values in VALUES.values())), max_size=12), conditions())
@settings(max_examples=150, deadline=None)
def test_the_records_that_match_are_those_that_a_loop_finds(rows, where):
    frame = pd.DataFrame(rows, columns=list(VALUES), dtype="object").assign(t="text")
    frame = conform(frame, SCHEMA)
    expected = [all(fulfils(row[name], wanted) for name, wanted in where.items()) for row in frame.to_dict("records")]
    checked = check_where(SCHEMA, where)
    found = matches(frame, checked)
    assert found.dtype == bool
    assert found.tolist() == expected
    assert check_where(SCHEMA, checked) == checked


@pytest.mark.parametrize("side", ["low", "high"])
@pytest.mark.parametrize("strict", [False, True])
@given(value=st.fractions(-(10**6), 10**6, max_denominator=8), number=st.integers(-8, 8))
@settings(max_examples=30, deadline=None)
def test_a_bound_of_integers_lets_in_what_exact_arithmetic_does(side, strict, value, number):
    end = bound(Column("n", "integer"), str(float(value)), side, strict=strict)
    candidate = math.floor(value) + number
    wanted = Fraction(candidate) > value if side == "low" else Fraction(candidate) < value
    wanted |= not strict and candidate == value
    assert (candidate >= end if side == "low" else candidate <= end) == wanted


@given(REALS)
def test_a_strict_bound_of_real_numbers_leaves_out_one_float_only(value):
    x = Column("x", "real")
    above, below = bound(x, value, "low", strict=True), bound(x, repr(value), "high", strict=True)
    assert np.nextafter(above, -np.inf) == value == np.nextafter(below, np.inf)
    assert bound(x, value, "low") == bound(x, repr(value), "high") == value


def test_values_come_in_the_dtype_of_their_column():
    where = {"n": "7", "x": 3, "c": 2.0, "t": "a b"}
    checked = check_where(SCHEMA, where)
    assert checked == {"n": OneOf((7,)), "x": OneOf((3.0,)), "c": OneOf(("2",)), "t": OneOf(("a b",))}
    assert [type(wanted.values[0]) for wanted in checked.values()] == [int, float, str, str]
    assert check_where(SCHEMA, {"n": 2**62 + 1}) == {"n": OneOf((2**62 + 1,))}
    assert check_where(SCHEMA, None) == {}


@pytest.mark.parametrize(
    "several", [["b", None, "a", "b"], ("a", None, "b"), {"b", "a", None}, np.array(["b", "a", None])]
)
def test_several_values_come_in_one_order(several):
    assert check_where(SCHEMA, {"c": several}) == {"c": OneOf(("a", "b", None))}


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, np.nan])
def test_every_sign_of_a_missing_value_is_one(missing):
    assert check_where(SCHEMA, {"n": missing, "x": [missing]}) == {"n": OneOf((None,)), "x": OneOf((None,))}


def test_ranges_come_in_the_dtype_of_their_column():
    checked = check_where(SCHEMA, {"n": Between(1.5, np.int64(4)), "x": Between(high=2)})
    assert checked == {"n": Between(2, 4), "x": Between(None, 2.0)}
    assert type(checked["n"].high) is int
    assert type(checked["x"].high) is float


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"cc": "a"}, "column 'cc' is not known; did you mean 'c'?"),
        ({"c": Between(1, 2)}, "column 'c' is categorical; a range needs a numeric column"),
        ({"t": Between()}, "column 't' is text; a range needs a numeric column"),
        ({"n": Between(4, 3)}, "the condition on 'n' is empty: no value is at least 4 and at most 3"),
        ({"n": Between(1.2, 1.8)}, "the condition on 'n' is empty: no value is at least 2 and at most 1"),
        ({"n": Between("many", None)}, "a bound of 'n', which is integer, cannot be 'many'"),
        ({"n": Between(None, 2**63)}, f"a bound of 'n', which is integer, cannot be {2**63}"),
        ({"x": Between(float("nan"), 1)}, "a bound of 'x', which is real, cannot be nan"),
        ({"x": Between(None, float("inf"))}, "a bound of 'x', which is real, cannot be inf"),
        ({"x": Between("1e999", None)}, "a bound of 'x', which is real, cannot be '1e999'"),
        ({"x": Between([1], None)}, "a bound of 'x', which is real, cannot be [1]"),
        ({"n": "x"}, "a value of 'n', which is integer, cannot be 'x'"),
        ({"n": 1.5}, "a value of 'n', which is integer, cannot be 1.5"),
        ({"n": [1, "x"]}, "a value of 'n', which is integer, cannot be 'x'"),
        ({"c": {"a": 1}}, "a value of 'c' cannot be {'a': 1} (dict)"),
        ({"c": []}, "the condition on 'c' has no values; give at least one"),
    ],
)
def test_bad_input_is_one_clear_line(where, message):
    with pytest.raises(BenchError) as caught:
        check_where(SCHEMA, where)
    assert str(caught.value) == message
    assert "\n" not in message


def test_conditions_in_words():
    assert OneOf(("a", None)).describe("c") == "c=a or null"
    assert Between(1, 2).describe("n") == "1<=n<=2"
    assert Between(low=0.5).describe("x") == "0.5<=x"


def test_a_restricted_dataset_holds_what_fulfils_the_condition_in_every_part():
    frame = pd.DataFrame({"n": [1, 2, 3, 4], "c": ["a", "b", "a", "b"]})
    data = from_frame(frame)
    data = replace(data, validation=data.train.iloc[1:], test=data.train.iloc[:1])
    where = check_where(data.schema, {"c": "a", "n": Between(None, 3)})
    small = restrict(data, where)
    assert [part["n"].tolist() for part in (small.train, small.validation, small.test)] == [[1, 3], [3], [1]]
    assert small.train.index.tolist() == [0, 1]
    assert small.condition == where
    assert small.digest != data.digest
    assert small.digest == restrict(data, dict(reversed(where.items()))).digest
    assert restrict(data, {}) is data
    with pytest.raises(BenchError, match="no train record of 'frame' has c=b, n<=1"):
        restrict(data, check_where(data.schema, {"c": "b", "n": Between(None, 1)}))
