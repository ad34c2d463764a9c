"""Generated tools are legal, and queries have one right answer among the APIs offered."""

from __future__ import annotations

import json

import jsonschema
import pytest
from pandas.testing import assert_frame_equal

from bench.datasets.demo import toolbench
from bench.errors import BenchError


@pytest.fixture(scope="module")
def records():
    return toolbench.simulate(toolbench.ROWS, toolbench.SEED)


@pytest.fixture(scope="module")
def queries():
    return toolbench.extras(toolbench.SEED)["queries"]


def test_seed_decides_the_records():
    assert_frame_equal(toolbench.simulate(40, 1), toolbench.simulate(40, 1))
    assert not toolbench.simulate(40, 1).equals(toolbench.simulate(40, 2))
    assert_frame_equal(toolbench.extras(1)["queries"], toolbench.extras(1)["queries"])
    assert not toolbench.extras(1)["queries"].equals(toolbench.extras(2)["queries"])


def test_records_are_different_and_legal(records):
    assert tuple(records.columns) == toolbench.COLUMNS
    assert not records.duplicated().any()
    for text in records.parameters:
        schema = json.loads(text)
        jsonschema.Draft202012Validator.check_schema(schema)
        assert set(schema) == {"type", "properties", "required"}
        assert schema["required"]
        assert set(schema["required"]) <= set(schema["properties"])
        assert text == json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def test_records_are_short(records):
    length = records.apply(lambda row: len(json.dumps(row.to_dict(), ensure_ascii=False)), axis=1)
    assert length.quantile(0.02) > 250
    assert length.median() < 560
    assert length.max() < 800


def test_answers_are_legal_calls_of_an_offered_api(queries):
    assert len(queries) >= 60
    assert set(queries.group) == set(toolbench.GROUPS)
    for row in queries.itertuples():
        offered, (call,) = json.loads(row.offered), json.loads(row.answer)
        (api,) = [api for api in offered if api["name"] == call["name"]]
        assert len({other["name"] for other in offered}) == len(offered) == toolbench.OFFERED
        jsonschema.validate(call["arguments"], {**api["parameters"], "additionalProperties": False})
        for value in call["arguments"].values():
            assert value is True or str(value) in row.query


def test_groups_say_where_the_other_apis_come_from(queries):
    tools = queries.offered.map(lambda text: {api["tool_name"] for api in json.loads(text)})
    domains = tools.map(lambda names: {name.split()[1] for name in names})
    assert (tools[queries.group == "tool"].map(len) == 1).all()
    assert (domains[queries.group == "category"].map(len) == 1).all()
    assert domains[queries.group == "any"].map(len).mean() > 2


def test_place_of_the_right_api_is_not_a_hint(queries):
    place = [
        [api["name"] for api in json.loads(row.offered)].index(json.loads(row.answer)[0]["name"])
        for row in queries.itertuples()
    ]
    assert max(place.count(i) for i in range(toolbench.OFFERED)) < 0.5 * len(place)


def test_every_tool_has_one_category(records):
    categories = toolbench.extras(toolbench.SEED)["categories"]
    assert not categories.tool_name.duplicated().any()
    assert set(records.tool_name) <= set(categories.tool_name)
    assert categories.category.nunique() == 10


def test_queries_are_held_out(records, queries):
    seen = set(zip(records.tool_name.str.split().str[1], records.api_name, strict=True))
    for row in queries.itertuples():
        asked = {(api["tool_name"].split()[1], api["name"]) for api in json.loads(row.offered)}
        assert not asked & seen


def test_documented_values_are_legal_and_every_required_parameter_has_one(records):
    optional = []
    for text in records.parameters:
        schema = json.loads(text)
        for name, parameter in schema["properties"].items():
            if "default" in parameter:
                jsonschema.validate(parameter["default"], parameter)
            if name not in schema["required"]:
                optional.append("default" in parameter)
            else:
                assert "default" in parameter
    assert 0.4 < sum(optional) / len(optional) < 0.6


def test_more_records_than_there_are_end_in_an_error(monkeypatch):
    monkeypatch.setattr(toolbench, "ROUNDS", 1)
    monkeypatch.setattr(toolbench, "compositions", lambda held_out, all=toolbench.compositions: all(held_out)[:1])
    with pytest.raises(BenchError, match="ask for fewer rows"):
        toolbench.simulate(1500, 1)
