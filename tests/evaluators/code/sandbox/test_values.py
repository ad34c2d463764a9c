"""Values keep their content on the way, and nothing else comes through."""

import json
import math
from collections import Counter, OrderedDict, deque
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.code.sandbox.worker import values

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text()
    | st.binary()
    | st.fractions()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.sampled_from([int, str, ValueError, ..., NotImplemented, range(1, 9, 3), bytearray(b"a")])
)
HASHABLE = st.integers() | st.text() | st.tuples(st.integers(), st.text())
PLAIN = st.recursive(
    SCALARS | st.sets(HASHABLE) | st.frozensets(HASHABLE),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(HASHABLE, inner)
        | st.dictionaries(HASHABLE, inner).map(OrderedDict)
        | st.lists(inner).map(deque)
        | st.lists(st.integers()).map(Counter)
    ),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from([*values.PLAIN, *values.CONTAINERS, "handle", "x"]) | st.text(), inner)
    ),
)


def refuse(*arguments):
    raise TypeError(f"not plain: {arguments}")


def sent(value):
    return values.unpack(json.loads(json.dumps(values.pack(value, refuse))), refuse)


def same(left, right):
    if type(left) is not type(right):
        return False
    if isinstance(left, (list, tuple, deque)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return left == right


@given(PLAIN)
def test_plain_values_arrive_with_their_types(value):
    assert same(sent(value), value)


def test_numbers_that_equality_does_not_tell_apart():
    assert math.isnan(sent(float("nan")))
    assert math.copysign(1, sent(-0.0)) == -1
    assert sent(True) is True
    assert type(sent(1.0)) is float


def test_subclasses_are_reduced_to_what_they_hold():
    class Lie(int):
        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

        def __int__(self):
            return 9

    class Text(str):
        def __str__(self):
            return "lie"

    class Items(list):
        def __iter__(self):
            return iter(["lie"])

    assert sent(Lie(7)) == 7
    assert type(sent(Lie(7))) is int
    assert sent(Text("a")) == "a"
    assert sent(Items([1])) == [1]
    assert sent({Text("a"): Lie(2**70)}) == {"a": 2**70}


def test_what_is_not_plain_is_asked_about_and_what_is_too_deep_refused():
    with pytest.raises(TypeError, match="not plain"):
        sent(object())
    assert values.pack([object()], lambda value: {"handle": 1}) == [{"handle": 1}]
    deep = []
    for _ in range(values.DEEPEST + 5):
        deep = [deep]
    with pytest.raises(ValueError, match="deeper"):
        sent(deep)
    data = 0
    for _ in range(3 * values.DEEPEST):
        data = [data]
    with pytest.raises(ValueError, match="deeper"):
        values.unpack(data, refuse)


@given(JSON)
def test_any_json_is_a_value_of_a_known_type_or_an_error(data):
    try:
        value = values.unpack(data, refuse)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return
    assert type(value).__module__ in ("builtins", "collections", "fractions", "decimal", "datetime")


def test_a_fraction_by_hand():
    assert values.pack(Fraction(1, 3), refuse) == {"Fraction": [1, 3]}
