"""Codes come from the synthetic records alone; test records never change them."""

import numpy as np
import pandas as pd
import pytest

from bench.records import Column, Schema
from evaluators.tabular.encode import fit_encoding
from evaluators.tabular.tune import split

SCHEMA = Schema((Column("x", "integer"), Column("c", "categorical"), Column("y", "categorical")), "y", "classification")


def frame(x, c, y):
    columns = {"x": pd.array(x, dtype="Int64"), "c": pd.Series(c, dtype="str"), "y": pd.Series(y, dtype="str")}
    return pd.DataFrame(columns)


def test_codes_of_seen_unseen_and_missing_values():
    encoding = fit_encoding(frame([1, 2, None], ["b", "a", None], ["no", "yes", "no"]), SCHEMA)
    test = encoding.examples(frame([7, None, 1, 2], ["a", None, "new", "b"], ["yes", "maybe", "no", "no"]))
    assert test.features == pytest.approx(np.array([[7, 0], [np.nan, 2], [1, 3], [2, 1]]), nan_ok=True)
    assert test.target.tolist() == [1, -1, 0, 0]
    assert encoding.categorical == [1]


def test_a_missing_category_that_was_never_seen_is_unknown():
    encoding = fit_encoding(frame([1, 2], ["a", "b"], ["no", "yes"]), SCHEMA)
    assert encoding.examples(frame([1], [None], ["no"])).features[0, 1] == 2


def test_records_without_a_target_are_left_out():
    records = frame([1, 2, 3], ["a", "a", "a"], ["no", None, "yes"])
    assert fit_encoding(records, SCHEMA).examples(records).features[:, 0].tolist() == [1, 3]


def test_the_logarithm_is_of_the_clipped_target():
    schema = Schema((Column("x", "real"), Column("y", "real")), "y", "regression", log_target=True)
    records = pd.DataFrame({"x": [0.0, 0.0, 0.0], "y": [-5.0, 100.0, 1e9]})
    target = fit_encoding(records, schema).examples(records).target
    assert target == pytest.approx([0.0, np.log(100), np.log(20000)])


def test_split_keeps_every_class_and_separates_repeated_records(mixed, mixed_schema):
    records = pd.concat([mixed(200, 0)] * 3 + [mixed(1, 5).assign(label="rare")], ignore_index=True)
    encoding = fit_encoding(records, mixed_schema)
    examples = encoding.examples(records)
    train, validation = split(examples, len(encoding.classes), 0.2, seed=0)
    assert len(train) + len(validation) == len(records)
    assert len(validation) / len(records) == pytest.approx(0.2, abs=0.02)
    assert set(train.target) == {0, 1, 2}
    rows = [{tuple(row) for row in np.nan_to_num(part.features, nan=-1e9).tolist()} for part in (train, validation)]
    assert not rows[0] & rows[1]
