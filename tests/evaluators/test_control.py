"""The share of records that fulfil a condition, counted by hand."""

import pandas as pd
import pytest

from bench.condition import Between, check_where, restrict
from bench.frames import conform
from evaluators.control import Control


def test_records_are_counted_column_by_column(make_dataset, mixed, mixed_schema):
    data = make_dataset(mixed(200, seed=0), test=mixed(50, seed=1))
    where = check_where(mixed_schema, {"colour": "red", "size": Between(0, None)})
    sample = pd.DataFrame(
        {"size": [1.0, -1.0, 2.0, 0.0, 5.0], "rooms": [1] * 5, "colour": ["red", "red", "blue", "red", None]}
    ).assign(label="yes")
    (score,) = Control().evaluate(restrict(data, where), conform(sample, mixed_schema))
    assert score.value == pytest.approx(40.0)
    assert score.stderr == pytest.approx(100 * (0.4 * 0.6 / 5) ** 0.5)
    assert score.details == {"condition": "colour=red, 0.0<=size", "parts": {"colour=red": 60.0, "0.0<=size": 80.0}}


def test_held_out_records_of_the_condition_fulfil_it(make_dataset, mixed, mixed_schema):
    data = restrict(
        make_dataset(mixed(200, seed=0), test=mixed(50, seed=1)), check_where(mixed_schema, {"rooms": None})
    )
    evaluator = Control()
    assert evaluator.evaluate(data, evaluator.reference_records(data))[0].value == 100.0


def test_without_a_condition_there_is_no_score_and_without_records_no_value(make_dataset, mixed, mixed_schema):
    data = make_dataset(mixed(50, seed=0))
    assert Control().evaluate(data, data.train) == []
    (score,) = Control().evaluate(restrict(data, check_where(mixed_schema, {"colour": "red"})), data.train.iloc[:0])
    assert score.value != score.value
    assert "reason" in score.details
