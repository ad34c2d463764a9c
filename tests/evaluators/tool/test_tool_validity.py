"""Validity of tool definitions: shares counted by hand, and whatever else a model writes."""

import json
import time

import numpy as np
import pandas as pd
import pytest

from bench.datasets import load
from bench.frames import conform
from bench.records import Column, Schema
from evaluators.tool.names import unique_name_score
from evaluators.tool.validity import ToolValidity

SCHEMA = Schema((Column("tool_name", "text"), Column("api_description", "text"), Column("parameters", "json")))
EMPTY = '{"type": "object", "properties": {}, "required": []}'


def tools(rows):
    return pd.DataFrame(rows, columns=SCHEMA.names).astype("str")


def test_shares_counted_by_hand(make_dataset):
    train = tools([["a", "first", EMPTY], ["b", "second", EMPTY]])
    data = make_dataset(train, tools([["c", "third", EMPTY]]), schema=SCHEMA, family="tool")
    sample = tools([["a", "first", EMPTY], [" ", "no name", EMPTY], ["d", "", "{"], ["d", "", "{"]])
    sample.loc[3, "parameters"] = None
    sample.loc[2, "parameters"] = None
    found = {score.metric: score for score in ToolValidity().evaluate(data, sample)}
    assert found["valid_percent"].value == pytest.approx(25)
    assert found["unique_percent"].value == pytest.approx(75)
    assert found["copy_percent"].value == pytest.approx(25)
    # two of four are shorter than the only test record
    assert found["length_shape_error_percent"].value == pytest.approx(50)
    # the two whose parameters are missing
    for metric in ("json_parse_percent", "schema_legal_percent", "required_in_properties_percent"):
        assert found[metric].value == pytest.approx(50)
    assert found["category_coverage_percent"].details["reason"]


def test_names_within_a_tool():
    schema = Schema((Column("tool_name", "text"), Column("api_name", "text")))
    records = pd.DataFrame([["a", "x"], ["a", "x"], ["a", "y"], ["b", "x"]], columns=schema.names, dtype="str")
    assert unique_name_score(records).value == pytest.approx(50)
    assert np.isnan(unique_name_score(records[["tool_name"]]).value)


def test_near_copies_are_found_where_exact_ones_are_not(make_dataset):
    words = "returns the newest prices of all the shares that are traded on one of the markets of the world"
    train = tools([["a", f"{words} {i}", EMPTY] for i in range(3)])
    data = make_dataset(train, tools([["c", "third", EMPTY]]), schema=SCHEMA, family="tool")
    found = {s.metric: s for s in ToolValidity().evaluate(data, tools([["a", f"{words} 9", EMPTY], ["z", "q", "{}"]]))}
    assert found["copy_percent"].value == 0
    assert found["near_copy_percent"].value == pytest.approx(50)


def test_absurd_records_are_survived(make_dataset):
    data = load("toolbench")
    deep = '{"type":"object","properties":{"a":' * 20_000 + "{}" + "}}" * 20_000
    half = r'{"type":"object","properties":{"\ud800":{"type":"\ud800"}}}'
    odd = [
        "\x00\xff\ufffd",
        "x" * 1_000_000,
        deep,
        "[" * 100_000,
        '{"type":"object","properties":{"a":3}}',
        half,
        "",
        "\n",
    ]
    columns = {name: odd for name in data.schema.names}
    sample = conform(pd.DataFrame(columns), data.schema)
    sample.loc[len(odd) - 1] = None
    start = time.process_time()
    found = {score.metric: score for score in ToolValidity().evaluate(data, sample)}
    assert time.process_time() - start < 10
    assert found["valid_percent"].value == 0
    assert found["legal_types_percent"].value < 20
    for score in found.values():
        json.dumps(score.details, ensure_ascii=False).encode()
        assert np.isfinite(score.value)
        # the reference of a metric without an answer says why
    empty = {score.metric: score for score in ToolValidity().evaluate(data, sample.iloc[:0])}
    assert all(np.isnan(score.value) and score.details["reason"] for score in empty.values())


def test_tools_without_a_json_column(make_dataset):
    schema = Schema((Column("tool_name", "text"), Column("api_description", "text")))
    train = pd.DataFrame([["a", "first"], ["b", "second"]], columns=schema.names, dtype="str")
    data = make_dataset(train, train, schema=schema, family="tool")
    found = {score.metric: score for score in ToolValidity().evaluate(data, train)}
    assert found["valid_percent"].value == 100
    assert np.isnan(found["parameter_type_error_percent"].value)
