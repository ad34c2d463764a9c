"""Distributions of how tools are built, against scipy and by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from bench.records import Column, Schema
from evaluators.tool.distributions import distribution_scores

SCHEMA = Schema((Column("tool_name", "text"), Column("api_description", "text"), Column("parameters", "json")))


def record(name, description, types, required=0):
    properties = {f"p{i}": {"type": kind, "description": "d" * i} for i, kind in enumerate(types)}
    schema = {"type": "object", "properties": properties, "required": list(properties)[:required]}
    return [name, description, json.dumps(schema)]


def frame(rows):
    return pd.DataFrame(rows, columns=SCHEMA.names, dtype="str")


def random_tools(rows, seed, most):
    rng = np.random.default_rng(seed)
    kinds = np.array(["string", "NUMBER", "boolean"])
    built = []
    for _ in range(rows):
        count = int(rng.integers(1, most))
        types = list(kinds[rng.integers(3, size=count)])
        built.append(
            record("n" * int(rng.integers(1, 20)), "d" * int(rng.integers(50)), types, int(rng.integers(count)))
        )
    return frame(built)


def scores(make_dataset, test, synthetic):
    data = make_dataset(test.iloc[:1], test, schema=SCHEMA, family="tool")
    return {score.metric: score for score in distribution_scores(data, synthetic, 0)}


def test_against_scipy(make_dataset):
    test, synthetic = random_tools(200, 1, 5), random_tools(300, 2, 8)
    found = scores(make_dataset, test, synthetic)

    def parameters(records):
        return [json.loads(text) for text in records.parameters]

    def counts(records):
        return [len(one["properties"]) for one in parameters(records)]

    def shares(records):
        return [len(one["required"]) / len(one["properties"]) for one in parameters(records)]

    def names(records):
        return [len(name) for one in parameters(records) for name in one["properties"]]

    assert found["parameter_count_error_percent"].value == pytest.approx(
        100 * ks_2samp(counts(test), counts(synthetic)).statistic
    )
    assert found["required_share_error_percent"].value == pytest.approx(
        100 * ks_2samp(shares(test), shares(synthetic)).statistic
    )
    tools = ks_2samp(test.tool_name.str.len(), synthetic.tool_name.str.len()).statistic
    own = ks_2samp(names(test), names(synthetic)).statistic
    assert found["name_length_error_percent"].value == pytest.approx(50 * (tools + own))
    assert found["name_length_error_percent"].details["parts"]["parameters"] == pytest.approx(100 * own)


def test_types_by_hand(make_dataset):
    test = frame([record("a", "", ["string", "integer"]), record("b", "", ["string", "string"])])
    synthetic = frame([record("a", "", ["STRING", "date"]), record("b", "", []), ["c", "", "no JSON"]])
    found = scores(make_dataset, test, synthetic)["parameter_type_error_percent"]
    # string 3/4 against 1/2, integer 1/4 against 0, date 0 against 1/2
    assert found.value == pytest.approx(50)
    assert found.details["types"]["synthetic"] == {"string": 0.5, "date": 0.5}


def test_the_standard_error_is_that_of_drawing_records(make_dataset):
    test = random_tools(1000, 3, 5)
    draws = [scores(make_dataset, test, random_tools(100, seed, 8)) for seed in range(10, 40)]
    for metric in ("parameter_count_error_percent", "parameter_type_error_percent"):
        spread = np.std([draw[metric].value for draw in draws], ddof=1)
        assert np.mean([draw[metric].stderr for draw in draws]) == pytest.approx(spread, rel=0.4)


def test_no_parameters_at_all(make_dataset):
    test, synthetic = random_tools(50, 1, 5), frame([["a", "b", "{"], ["c", "d", "[]"]])
    found = scores(make_dataset, test, synthetic)
    assert found["parameter_count_error_percent"].value == 100
    assert np.isnan(found["parameter_type_error_percent"].value)
    assert "parameters" in found["parameter_type_error_percent"].details["reason"]
