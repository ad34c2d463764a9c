"""Rows as text: whatever a table holds is read back exactly, and nothing else is taken for a row."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.frames import conform
from bench.records import Column, Schema
from generators.great.text import Illegal, RowText, number, term

# what the text form is made of, in any mixture
PARTS = [*'" ,\\\n\t=isNoe.', " is ", ", ", "None", "é", "はい", "🙂", "\u2028", "\u00a0"]
SIGNS = st.lists(st.sampled_from(PARTS), max_size=6).map("".join)
WORDS = st.one_of(SIGNS, st.text(max_size=8))
INTEGERS = st.integers(-(2**63), 2**63 - 1)
REALS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw) -> tuple[pd.DataFrame, Schema]:
    names = draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
    columns = tuple(Column(name, draw(st.sampled_from(["categorical", "integer", "real", "text"]))) for name in names)
    values = {"categorical": WORDS, "integer": INTEGERS, "real": REALS, "text": WORDS}
    rows = draw(st.integers(1, 4))
    frame = {
        c.name: pd.Series(draw(st.lists(st.none() | values[c.kind], min_size=rows, max_size=rows)), dtype="object")
        for c in columns
    }
    schema = Schema(columns)
    return conform(pd.DataFrame(frame, columns=names), schema), schema


@settings(max_examples=40, deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_any_row_is_read_back_exactly_in_any_order(table, random):
    frame, schema = table
    text = RowText.learn(frame, schema)
    order = list(range(len(schema.names)))
    rows = []
    for row in range(len(frame)):
        random.shuffle(order)
        rows.append(text.decode(text.encode([frame[name].iloc[row] for name in schema.names], order)))
    pd.testing.assert_frame_equal(text.frame(rows), frame, check_exact=True)


@given(st.dictionaries(WORDS, WORDS, min_size=1, max_size=4), st.dictionaries(WORDS, WORDS, min_size=1, max_size=4))
def test_two_rows_never_have_one_text(first, second):
    def written(row):
        return ", ".join(f"{term(name)} is {term(label)}" for name, label in row.items())

    assert (written(first) == written(second)) == (list(first.items()) == list(second.items()))


@given(REALS)
def test_a_number_is_its_shortest_text(value):
    assert float(number(value)) == value
    assert math.copysign(1, float(number(value))) == math.copysign(1, value)
    assert len(number(value)) <= len(repr(value))
    shorter = float(number(value, 3))
    assert shorter == pytest.approx(value, rel=0.01, abs=1e-320)


def test_ordinary_rows_read_as_published():
    frame = pd.DataFrame({"Age": [39], "Job": ["State-gov"], "Pay": [2174.5], "Income": ["<=50K"]})
    schema = Schema(
        (Column("Age", "integer"), Column("Job", "categorical"), Column("Pay", "real"), Column("Income", "categorical"))
    )
    text = RowText.learn(conform(frame, schema), schema)
    assert (
        text.encode([39, "State-gov", 2174.5, "<=50K"], [3, 0, 1, 2])
        == "Income is <=50K, Age is 39, Job is State-gov, Pay is 2174.5"
    )


def test_a_label_none_is_no_missing_value():
    schema = Schema((Column("a", "categorical"), Column("b", "integer")))
    frame = conform(pd.DataFrame({"a": ["None", None, ""], "b": [1, 2, None]}), schema)
    text = RowText.learn(frame, schema)
    assert [text.encode(row, [0, 1]) for row in frame.itertuples(index=False)] == [
        'a is "None", b is 1',
        "a is None, b is 2",
        'a is "", b is None',
    ]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("a is x", "a column is missing"),
        ("a is x, b is 1, a is x", "a column stands twice"),
        ("a is x, b is 1, c is 1", "not a column of the table"),
        ("a is z, b is 1", "a label that train never had"),
        ("a is None, b is 1", "missing where train never is"),
        ("a is x, b is None", "missing where train never is"),
        ("a is x, b is 1.5", "a number that is none"),
        ("a is x, b is 01", "a number that is none"),
        ("a is x, b is \u0661", "a number that is none"),
        ("a is x, b is 9223372036854775808", "a number that is none"),
        ("a is x, b is " + "9" * 5000, "a number that is none"),
        ("a is x, b is ", "a number that is none"),
        ("a is x, b is 1, ", "not of the form 'column is value'"),
        ("a is x,b is 1", "a label that train never had"),
        ('a is "x", b is 1', "a label that train never had"),
        ('a is "x, b is 1', "a label that train never had"),
        ("", "not of the form 'column is value'"),
    ],
)
def test_what_is_no_row_is_refused_with_a_reason(written, reason):
    schema = Schema((Column("a", "categorical"), Column("b", "integer")))
    text = RowText(schema, {"a": ["x", "y, z"]}, [])
    assert text.decode('b is -7, a is "y, z"') == ["y, z", -7]
    with pytest.raises(Illegal, match=f"^{re.escape(reason)}$"):
        text.decode(written)


@pytest.mark.parametrize("written", ["1e999", "nan", "inf", "1_0", " 1", "1.", ".5", "0x1", "--1", "1e"])
def test_a_real_number_is_a_finite_one(written):
    text = RowText(Schema((Column("x", "real"),)), {}, [])
    assert text.decode("x is -1.5e-07") == [-1.5e-07]
    with pytest.raises(Illegal):
        text.decode(f"x is {written}")


def test_records_are_canonical():
    schema = Schema((Column("a", "categorical"), Column("b", "integer"), Column("x", "real")))
    text = RowText(schema, {"a": ["x"]}, ["a", "b", "x"])
    frame = text.frame([["x", 2**62, 1.5], [None, None, None]])
    assert frame.equals(conform(frame, schema))
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "Int64", "float64"]
    assert text.frame([]).equals(conform(text.frame([]), schema))
    assert np.isnan(frame["x"][1])
