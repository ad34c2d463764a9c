"""Programs: which parse, whatever a model writes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.records import Column, Schema
from evaluators.code.syntax import LONGEST_PROGRAM, syntax
from evaluators.code.validity import CodeValidity

SCHEMA = Schema((Column("instruction", "text"), Column("program", "text")))


def programs(texts):
    return pd.DataFrame({"instruction": ["do it"] * len(texts), "program": texts}).astype("str")


def scores(data, synthetic):
    return {score.metric: score for score in CodeValidity().evaluate(data, synthetic)}


@pytest.fixture
def data(make_dataset):
    train, test = programs(["x = 1", "y = 2"]), programs(["print('test')", "z = 3", "a = b"])
    return make_dataset(train, test, schema=SCHEMA, family="code")


def test_shares_counted_by_hand(data):
    found = scores(data, programs(["x = 1", "def f(:", "q = 5", "q = 5"]))
    assert found["parse_percent"].value == pytest.approx(75)
    assert found["unique_percent"].value == pytest.approx(75)
    assert found["copy_percent"].value == pytest.approx(25)


def test_lengths_are_compared_with_test_programs(data):
    found = scores(data, data.test)
    assert found["length_shape_error_percent"].value == 0
    longer = programs([text + " " * 50 for text in data.test["program"]])
    assert scores(data, longer)["length_shape_error_percent"].value == 100


def test_reference_is_not_the_test_part_where_there_is_another(make_dataset):
    test, validation = programs(["a = 1"]), programs(["b = 1"])
    data = make_dataset(programs(["x = 1", "y = 2"]), test, schema=SCHEMA, family="code", validation=validation)
    assert CodeValidity().reference_records(data) is data.validation
    without = make_dataset(programs(["x = 1", "y = 2"]), test, schema=SCHEMA, family="code")
    assert CodeValidity().reference_records(without) is without.test


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "program", ["x = 1\n", "async def f():\n    await g()", "'\\d'", "# nothing", "x" * LONGEST_PROGRAM]
)
def test_legal_programs(program):
    assert syntax(program).parses


@pytest.mark.parametrize(
    "program",
    [
        "",
        " \n\t",
        "x = \0",
        "x = '\ud800'",
        "print 1",
        "if x:\nreturn",
        "(" * 100_000,
        "-" * 150_000 + "1",
        "a" + ".b" * 90_000,
        "f" + "()" * 90_000,
        "lambda:" * 20_000 + "1",
        "1" * 10_000,
        "f'" + "{" * 1000,
        "x" * (LONGEST_PROGRAM + 1),
    ],
)
def test_programs_that_are_not_legal_or_beyond_the_parser(program):
    assert not syntax(program).parses


@given(st.text(max_size=200))
def test_any_text_has_an_answer(text):
    assert syntax(text).parses in (True, False)


def test_missing_programs_do_not_parse(data):
    records = data.train.assign(program=pd.Series([None, "x = 1"], dtype="str"))
    assert scores(data, records)["parse_percent"].value == pytest.approx(50)


def test_no_records_and_no_text_column(data, make_dataset):
    for score in scores(data, data.train.iloc[:0]).values():
        assert np.isnan(score.value)
        assert "records" in score.details["reason"]
    schema = Schema((Column("a", "categorical"),))
    other = make_dataset(pd.DataFrame({"a": ["x", "y"]}), schema=schema, family="code")
    with pytest.raises(BenchError, match="last text column"):
        scores(other, other.train)
