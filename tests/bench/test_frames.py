"""Canonical frames and inferred schemas."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.frames import conform, conform_column, digest, from_frame, infer_kind, infer_schema, labels, repairs
from bench.records import Column, Schema

SCHEMA = Schema((Column("x", "integer"), Column("y", "real"), Column("z", "categorical")))


def test_conform_repairs_order_and_numbers_written_as_text():
    frame = pd.DataFrame({"z": [1.0, np.nan], "y": ["1.5", "2"], "x": [" 3", None]}, index=[7, 7])
    got = conform(frame, SCHEMA)
    assert list(got) == ["x", "y", "z"]
    assert [str(t) for t in got.dtypes] == ["Int64", "float64", "str"]
    assert got.index.tolist() == [0, 1]
    assert got["x"].tolist() == [3, pd.NA]
    assert got["y"].tolist() == [1.5, 2.0]
    assert got["z"].iloc[0] == "1"
    assert got["z"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"x": [1], "y": [1.0]}), "column 'z' is missing"),
        (pd.DataFrame({"x": [1], "y": [1.0], "z": ["a"], "w": [1]}), "column 'w' is not part of the schema"),
        (pd.DataFrame([[1, 2, 3, 4]], columns=["x", "x", "y", "z"]), "column 'x' stands more than once"),
        (pd.DataFrame({"x": [1, 1.5], "y": [1, 1], "z": ["a", "a"]}), "column 'x', row 1: '1.5' is not a whole"),
        (pd.DataFrame({"x": [None, 1e20], "y": [1, 1], "z": ["a", "a"]}), "column 'x', row 1: '1e+20'"),
        (pd.DataFrame({"x": [1, 1], "y": [None, "1,234"], "z": ["a", "a"]}), "column 'y', row 1: '1,234'"),
        (pd.DataFrame({"x": [1], "y": [np.inf], "z": ["a"]}), "column 'y', row 0: 'inf' is not a finite number"),
    ],
)
def test_conform_refuses(frame, message):
    with pytest.raises(BenchError, match=re.escape(message)):
        conform(frame, SCHEMA)


@settings(deadline=None)
@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_integers_survive_as_text_with_gaps(numbers):
    text = pd.Series([None if n is None else str(n) for n in numbers], dtype="str")
    got = conform_column(text, Column("n", "integer"))
    assert [None if n is pd.NA else n for n in got] == numbers


@settings(deadline=None)
@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_survive_as_text(numbers):
    text = pd.Series([None if n is None else repr(n) for n in numbers], dtype="str")
    got = conform_column(text, Column("n", "real"))
    assert [None if np.isnan(n) else n for n in got] == numbers


@pytest.mark.parametrize(
    "written",
    [
        pd.Series([2, 3, 2]),
        pd.Series([2.0, 3.0, 2.0]),
        pd.Series(["2", "3.0", "2.00"]),
        pd.Series([2, 3, 2]).astype("category"),
        pd.Series([2, 3, 2], dtype="Int64"),
        pd.Series([2, "3", 2.0], dtype=object),
    ],
)
def test_a_label_does_not_depend_on_how_a_tool_writes_it(written):
    assert labels(written).tolist() == ["2", "3", "2"]


def test_labels_of_truth_values_and_of_fractions():
    assert labels(pd.Series([True, False])).tolist() == ["True", "False"]
    assert labels(pd.Series(["TRUE", "false", "maybe"])).tolist() == ["True", "False", "maybe"]
    # alone or beside fractions, a label is the same
    assert labels(pd.Series([1.0, 2.5])).tolist() == ["1", "2.5"]
    assert labels(pd.Series(["-0.50", "v2.0"])).tolist() == ["-0.50", "v2.0"]


def test_missing_labels_stay_missing_whatever_stands_for_them():
    got = labels(pd.Series(["a", None, float("nan"), pd.NA], dtype=object))
    assert got.isna().tolist() == [False, True, True, True]
    assert got.dtype == "str"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "integer"),
        ([1.0, None], "integer"),
        ([1.5, 2], "real"),
        (["1", " 2"], "integer"),
        (["1e-3", "2"], "real"),
        (["1,234", "2"], "categorical"),
        (["007", "12"], "categorical"),
        (["0", "0.5"], "real"),
        (["inf", "1"], "categorical"),
        ([True, False], "categorical"),
        ([None, None], "categorical"),
        ([2.0**60, 1.0], "real"),
        ([2**60, 1], "integer"),
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), "categorical"),
        (pd.Categorical([1, 2]), "categorical"),
    ],
)
def test_kinds_are_inferred(values, kind):
    assert infer_kind(pd.Series(values)) == kind


def test_an_all_missing_and_a_constant_column_are_kept():
    frame = pd.DataFrame({"gap": [None] * 4, "same": [1] * 4, "y": ["a", "b", "a", "b"]})
    schema = infer_schema(frame, "y")
    got = conform(frame, schema)
    assert schema["gap"].kind == "categorical"
    assert got["gap"].isna().all()
    assert got["gap"].dtype == "str"
    assert got["same"].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("values", "task", "kind", "expected"),
    [
        ([0, 1, 0], None, "categorical", "classification"),
        (["a", "b", "a"], None, "categorical", "classification"),
        ([0.5, 1, 0], None, "real", "regression"),
        (list(range(21)), None, "integer", "regression"),
        (list(range(20)), None, "categorical", "classification"),
        ([0, 1, 0], "regression", "integer", "regression"),
        ([0.5, 1, 0], "classification", "categorical", "classification"),
    ],
)
def test_the_task_is_inferred_from_the_target(values, task, kind, expected):
    schema = infer_schema(pd.DataFrame({"x": range(len(values)), "y": values}), "y", task)
    assert (schema["y"].kind, schema.task) == (kind, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "incme"}, "did you mean 'income'?"),
        ({"kinds": {"agee": "real"}}, "column 'agee' is not known; did you mean 'age'?"),
        ({"kinds": {"age": "reel"}}, "kind 'reel' is not known; did you mean 'real'?"),
        ({"target": "income", "task": "regresion"}, "task 'regresion' is not known; did you mean 'regression'?"),
        ({"target": "income", "task": "regression"}, "target 'income' is not numeric"),
        ({"task": "regression"}, "a task a target"),
    ],
)
def test_infer_schema_refuses(arguments, message):
    frame = pd.DataFrame({"age": [1, 2], "income": ["a", "b"]})
    with pytest.raises(BenchError, match=re.escape(message)):
        infer_schema(frame, **arguments)


def test_infer_schema_refuses_an_empty_frame():
    with pytest.raises(BenchError, match="empty"):
        infer_schema(pd.DataFrame({"a": []}))


def test_kinds_override_the_guess():
    data = from_frame(pd.DataFrame({0: [1, 2, 3], "y": [1, 2, 3]}), "y", "regression", {"0": "categorical"})
    assert [column.kind for column in data.schema.columns] == ["categorical", "integer"]
    assert data.train["0"].tolist() == ["1", "2", "3"]


def test_names_of_columns_that_are_numbers_become_text():
    frame = pd.DataFrame({1: [1, 2, 3], 2: ["a", "b", "a"]})
    data = from_frame(frame, target="2")
    assert (data.schema.names, data.schema.target) == (["1", "2"], "2")


def test_the_digest_tells_values_names_and_dtypes_apart():
    frames = [
        pd.DataFrame({"a": [1, 2]}),
        pd.DataFrame({"a": [2, 1]}),
        pd.DataFrame({"b": [1, 2]}),
        pd.DataFrame({"a": [1.0, 2.0]}),
        pd.DataFrame({"a": [1, 2], "b": [1, 2]}),
    ]
    assert len({digest(frame) for frame in frames}) == len(frames)
    assert digest(frames[0]) == digest(frames[0].copy())


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, []),
        ({"x": [1.0, np.nan]}, ["whole numbers written as floats: x"]),
        ({"x": ["1.0", "2"]}, ["whole numbers written as floats: x", "numbers written as text: x"]),
        ({"y": ["1", "2.5"]}, ["numbers written as text: y"]),
        ({"x": [True, False], "y": [True, True]}, ["truth values taken for 1 and 0: x, y"]),
        ({"z": [1.0, 2.0]}, ["labels written as floats or truth values of another spelling: z"]),
        ({"z": ["TRUE", None]}, ["labels written as floats or truth values of another spelling: z"]),
        ({"z": [True, False]}, []),
        ({"z": [1, 2]}, []),
        ({"z": pd.Categorical(["a", None])}, []),
        ({"y": [1, 2]}, []),
    ],
)
def test_repairs_are_said(columns, expected):
    frame = pd.DataFrame({"x": [1, 2], "y": [0.5, 1.0], "z": ["a", "b"]}).assign(**columns)
    conform(frame, SCHEMA)
    assert repairs(frame, SCHEMA) == expected
    assert repairs(frame[["z", "x", "y"]], SCHEMA) == ["columns put into the order of the schema", *expected]


def test_in_a_csv_everything_is_text_and_nothing_to_speak_of():
    frame = pd.DataFrame({"x": ["1", "2"], "y": ["0.5", "1"], "z": ["a", "True"]})
    assert repairs(frame, SCHEMA, typed=False) == []
    assert repairs(conform(frame, SCHEMA), SCHEMA) == []


def test_a_column_of_another_spelling_is_named():
    frame = pd.DataFrame({"x": [1], "y": [1.0], " Z": ["a"]})
    with pytest.raises(BenchError, match="column 'z' is missing; rename ' Z'"):
        conform(frame, SCHEMA)


def test_an_infinity_in_whole_numbers_is_named_without_a_warning():
    with pytest.raises(BenchError, match="column 'x', row 1: '-inf' is not a whole number"):
        conform(pd.DataFrame({"x": [1, -np.inf], "y": [1, 1], "z": ["a", "a"]}), SCHEMA)
