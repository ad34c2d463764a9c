"""Queries: the common form, and those made of held-out records."""

import json

import pandas as pd
import pytest

from bench.datasets import load
from bench.errors import BenchError
from evaluators.tool.call import Call
from evaluators.tool.queries import held_out_queries, read_queries
from evaluators.tool.tool_texts import request

OFFERED = [{"tool_name": "t", "name": name, "description": "d", "parameters": {}} for name in ("a", "b", "c", "d")]


def frame(*answers):
    rows = [{"query": f"q{i}", "offered": json.dumps(OFFERED), "answer": answer} for i, answer in enumerate(answers)]
    return pd.DataFrame(rows, dtype="str")


def test_one_call_or_several_apis():
    called, helped = read_queries(frame('[{"name":"c","arguments":{"x":1}}]', '[{"name":"d"},{"name":"a"}]'), 9)
    assert (called.right, called.call, called.chance) == ({2}, Call("c", {"x": 1}), 0.25)
    assert (helped.right, helped.call, helped.chance) == ({0, 3}, None, 0.5)


def test_a_bound_takes_queries_from_everywhere():
    queries = read_queries(load("toolbench").extras["queries"], 30)
    assert len(queries) == 30
    assert {query.group for query in queries} == {"tool", "category", "any"}


@pytest.mark.parametrize("answer", ["", "[]", "{}", '[{"name":"z"}]', "[1]", '{"name":"a"}', "[" * 50_000])
def test_another_form_is_refused_with_its_row(answer):
    with pytest.raises(BenchError, match="query 1 of the dataset is not in the common form"):
        read_queries(frame('[{"name":"a"}]', answer), 9)


def test_held_out_records_among_others():
    test = load("toolbench").test
    queries = held_out_queries(test, 3, 50, 0)
    assert len(queries) == 50
    for query in queries:
        (right,) = query.right
        assert query.text == request(query.offered[right])
        assert len({api.name for api in query.offered}) == 4
        assert sum(request(api) == query.text for api in query.offered) == 1
    places = [min(query.right) for query in queries]
    assert max(places.count(place) for place in range(4)) < 30
    assert queries == held_out_queries(test, 3, 50, 0)
    assert queries != held_out_queries(test, 3, 50, 1)


def test_records_that_cannot_be_told_apart_ask_nothing():
    test = load("toolbench").test
    same = pd.concat([test.iloc[:1]] * 5, ignore_index=True)
    assert held_out_queries(same, 3, 50, 0) == []
    assert held_out_queries(test.assign(api_description=""), 3, 50, 0) == []
    assert held_out_queries(test.iloc[:0], 3, 50, 0) == []
