"""`--where` as a condition, whatever the names of the columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.condition import Between, OneOf
from bench.errors import BenchError
from bench.records import Column, Schema
from bench.where import parse_where

SCHEMA = Schema(
    (
        Column("age", "integer"),
        Column("income=net", "real"),
        Column("job", "categorical"),
        Column("job>", "categorical"),
    )
)
SIGNS = {
    "=": lambda value: OneOf((value,)),
    ">=": lambda value: Between(value, None),
    "<=": lambda value: Between(None, value),
    ">": lambda value: Between(value + 1, None),
    "<": lambda value: Between(None, value - 1),
}


@given(st.text("ab<>= é", min_size=1), st.sampled_from(list(SIGNS)), st.integers(-(10**9), 10**9))
def test_any_name_any_sign(name, sign, value):
    schema = Schema((Column(name, "integer"), Column("another", "integer")))
    assert parse_where([f"{name}{sign}{value}"], schema) == {name: SIGNS[sign](value)}


@given(st.text("xyz<>= é", max_size=10))
def test_any_label(label):
    assert parse_where([f"job={label}"], SCHEMA) == {"job": OneOf((label,))}


@pytest.mark.parametrize(
    ("texts", "condition"),
    [
        ([], {}),
        (["age>=30", "age<40"], {"age": Between(30, 39)}),
        (["age>30", "age>35", "age<=50", "age<48.5"], {"age": Between(36, 48)}),
        (["job=b", "job=a", "job=null"], {"job": OneOf(("a", "b", None))}),
        (["job==a"], {"job": OneOf(("=a",))}),
        (["job=>50K"], {"job": OneOf((">50K",))}),
        (["job>=a"], {"job>": OneOf(("a",))}),
        (["income=net>=1e3", "age=20"], {"income=net": Between(1000.0, None), "age": OneOf((20,))}),
        (["income=net=null"], {"income=net": OneOf((None,))}),
    ],
)
def test_conditions(texts, condition):
    assert parse_where(texts, SCHEMA) == condition


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["age"], "--where 'age' is not of the form COLUMN=VALUE, COLUMN>=VALUE or COLUMN<VALUE"),
        (["aeg>=3"], "column 'aeg' is not known; did you mean 'age'?"),
        (["job<a"], "column 'job' is categorical; a range needs a numeric column"),
        (["age>null"], "a bound of 'age', which is integer, cannot be 'null'"),
        (["age=x"], "a value of 'age', which is integer, cannot be 'x'"),
        (["age>30", "age<31"], "the condition on 'age' is empty: no value is at least 31 and at most 30"),
        (["age=30", "age<31"], "--where gives values and bounds for column 'age'; give only one of them"),
    ],
)
def test_bad_input_is_one_clear_line(texts, message):
    with pytest.raises(BenchError) as caught:
        parse_where(texts, SCHEMA)
    assert str(caught.value) == message
