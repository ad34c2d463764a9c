"""Whatever the table is like, an evaluator gives scores in their range, or NaN with a reason, and never raises."""

import json
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.frames import conform
from bench.records import Column, Dataset, Schema, Source
from evaluators.tabular.constraints import Constraints
from evaluators.tabular.correlation import Correlation
from evaluators.tabular.density import Density
from evaluators.tabular.detection import Detection
from evaluators.tabular.likelihood import Likelihood
from evaluators.tabular.validity import TabularValidity

VALUES = {
    "real": [0.0, -1.5, 0.1, 1e16, 1e16 + 2, 1.0, 1.0 + 2**-52, 1e300, -1e300, 5e-324],
    "integer": [0, 1, -7, 40, 2**60, 2**60 + 1],
    "categorical": ["a", "b", "0", "1", "?", ""],
    "text": ["some text", "other", "\n", "nan"],
}


def cells(kind):
    values = st.sampled_from(VALUES[kind])
    # mostly missing, never missing, and constant columns turn up often enough by their own strategies
    return st.sampled_from([values, st.none() | values, st.none(), st.just(VALUES[kind][1])])


@st.composite
def tables(draw):
    """A dataset and synthetic records of its schema, each part with 0 to 12 rows."""
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))
    schema = Schema(tuple(Column(f"{kind} {i}", kind) for i, kind in enumerate(kinds)))
    parts = []
    for _ in range(4):
        rows = draw(st.sampled_from([0, 1, 2, 5, 12]))
        columns = {}
        for column in schema.columns:
            one = draw(cells(column.kind))
            dtype = {"real": "float64", "integer": "Int64"}.get(column.kind, "str")
            columns[column.name] = pd.array(draw(st.lists(one, min_size=rows, max_size=rows)), dtype=dtype)
        parts.append(conform(pd.DataFrame(columns), schema))
    synthetic, *real = parts
    return Dataset("any", "tabular", schema, *real, "harness", 0, Source("file"), ""), synthetic


def scores_of(evaluator, data, synthetic):
    """The scores by metric and protocol: numbers in their range or NaN with a reason, and details without NaN."""
    found = {}
    for score in evaluator.evaluate(data, synthetic, seed=3):
        key = score.metric, score.protocol
        assert key not in found
        found[key] = score
        json.dumps(score.details, allow_nan=False)
        if np.isnan(score.value):
            assert score.details["reason"], key
        elif score.metric.endswith("_percent"):
            assert -1e-9 <= score.value <= 100 + 1e-9, key
        assert np.isnan(score.stderr) or score.stderr >= 0
        assert score.n == len(synthetic) or score.metric.startswith("c2st")
    return found


few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
quiet = pytest.mark.filterwarnings("error")


@quiet
@few
@given(tables())
def test_density(table):
    data, synthetic = table
    scores_of(Density(), data, synthetic)
    for score in scores_of(Density(), data, data.train).values():
        assert np.isnan(score.value) or score.value == pytest.approx(0, abs=1e-9)


@quiet
@few
@given(tables())
def test_correlation(table):
    data, synthetic = table
    scores_of(Correlation(), data, synthetic)
    for score in scores_of(Correlation(), data, data.train).values():
        assert np.isnan(score.value) or score.value == pytest.approx(0, abs=1e-6)


@quiet
@settings(few, max_examples=25)
@given(tables())
def test_detection(table):
    data, synthetic = table
    for key, score in scores_of(Detection(trees=3), data, synthetic).items():
        assert np.isnan(score.value) or 0 <= score.value <= 1, key


@quiet
@few
@given(tables())
def test_validity(table):
    data, synthetic = table
    scores_of(TabularValidity(), data, synthetic)
    for (metric, _), score in scores_of(TabularValidity(), data, data.train).items():
        assert np.isnan(score.value) or metric == "duplicate_percent" or score.value == 100


@quiet
@few
@given(tables())
def test_likelihood(table):
    data, synthetic = table
    assert scores_of(Likelihood(), data, synthetic) == {}
    odd = replace(data, log_likelihood=lambda records: np.log(np.arange(len(records)) > 0) - records.isna().sum(axis=1))
    with np.errstate(divide="ignore"):
        found = scores_of(Likelihood(), odd, synthetic)
        gap = scores_of(Likelihood(), odd, data.test)["log_likelihood_gap_nats", "harness"]
    assert len(found) == 2
    assert np.isnan(gap.value) or gap.value == 0


@quiet
@settings(few, max_examples=25)
@given(tables(), st.data())
def test_constraints(table, data_of):
    data, synthetic = table
    names = st.sampled_from(data.schema.names)
    one, other = data_of.draw(names), data_of.draw(names)
    rules = [
        f'column = "{one}"\nfollows = "{other}"',
        f'left = "{one}"\noperator = "<="\nright = "{other}"',
        f'sum = ["{one}", "{other}"]\nequals = 3',
        f'when = {{ "{one}" = [1, 0] }}\nthen = {{ "{other}" = 1 }}',
    ]
    for rule in rules:
        evaluator = Constraints(rules=f"[[rule]]\n{rule}\n")
        # rules that do not fit the kinds of the columns are refused, the others judge whatever comes
        with suppress(BenchError):
            scores_of(evaluator, data, synthetic)
            value = scores_of(evaluator, data, data.train)["rule_violation_percent", "harness"].value
            assert np.isnan(value) or "follows" not in rule or value == 0


# neighbours, between which no ten bins fit, and numbers whose squares or differences overflow
EXTREMES = [[1.0, 1.0 + 2**-52], [1e16, 1e16 + 2], [1e8, 1e8 + 1e-8], [5e-324, 0.0], [1e300, -1e300], [1e308, -1e308]]


@quiet
@pytest.mark.parametrize(
    ("real", "synthetic"),
    [*((x, x) for x in EXTREMES), *((x, [-1.0, 1.0]) for x in EXTREMES), ([-1.0, 1.0], EXTREMES[-1])],
)
def test_extreme_numbers(real, synthetic):
    kinds = {"x": "real", "y": "integer", "c": "categorical", "d": "text"}
    schema = Schema(tuple(Column(name, kind) for name, kind in kinds.items()))
    rest = {"y": [10**17, 10**17 + 1] * 6, "c": list("aab") * 4, "d": list("uv") * 6}
    frames = [conform(pd.DataFrame({"x": values * 6, **rest}), schema) for values in (real, synthetic)]
    data = Dataset("any", "tabular", schema, frames[0], frames[0].iloc[:0], frames[1], "harness", 0, Source("file"), "")
    for evaluator in (Density(), Correlation(), Detection(trees=3), TabularValidity()):
        found = scores_of(evaluator, data, frames[1])
        assert not any(np.isnan(score.value) for (_, rule), score in found.items() if rule == "harness")
