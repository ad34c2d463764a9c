"""Tool use: a model that is right scores 100, and real tools teach what shuffled ones do not."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bench.datasets import load
from bench.errors import BenchError
from evaluators.tool import tool_use
from evaluators.tool.bfcl_problems import as_query, load_problems, solve_problems
from evaluators.tool.select import score_offers
from evaluators.tool.tool_texts import apis, request
from evaluators.tool.tool_use import ToolUse
from evaluators.tool.tool_use_scores import NO_QUERIES, NO_TEXT
from generators.marginals import Marginals

TINY = {"width": 16, "layers": 1, "heads": 2, "vocabulary": 300, "train_tokens": 2000, "queries": 12}


@pytest.fixture(scope="module")
def data():
    return load("toolbench")


class Oracle:
    """Finds a line likelier by the words that it shares with what is asked; shorter lines are likelier as well."""

    def log_likelihoods(self, pairs, progress=None):
        total = []
        for prompt, line in pairs:
            words = set(line.lower().split())
            total.append(5.0 * len(words & set(prompt.lower().split())) - len(words))
        return np.array(total), np.ones(len(pairs), dtype=np.int64)


def by_name(scores):
    return {score.metric: score for score in scores}


def test_selection_is_by_what_the_query_adds(data):
    queries = tool_use.load_tests(ToolUse(queries=60).config, data).queries
    scored = score_offers(Oracle(), queries, ["nothing of this", "nor that"])
    for query, likelihood in zip(queries, scored, strict=True):
        # by hand: the words in common, and the length of the line at half its weight
        lines = [f"{api.tool_name}: {api.name} ({', '.join(api.properties)})".lower().split() for api in query.offered]
        asked = {"request:", "api:", *query.text.lower().split()}
        value = [5 * len(set(line) & asked) - len(set(line)) / 2 for line in lines]
        assert value[likelihood.chosen] == max(value)
    right = np.mean([one.chosen in query.right for one, query in zip(scored, queries, strict=True)])
    assert right > 0.7


def test_unrelated_requests_are_of_records_that_nothing_is_asked_about(data):
    tests = tool_use.load_tests(ToolUse().config, data)
    requests = {name: {request(api) for api in apis(getattr(data, name))} for name in ("train", "validation")}
    assert len(tests.background) == 4
    assert set(tests.background) <= requests["validation"]
    assert not set(tests.background) & {query.text for query in tests.held_out + tests.queries}
    alone = tool_use.load_tests(ToolUse().config, replace(data, validation=data.validation.head(0)))
    assert set(alone.background) <= requests["train"]


@pytest.fixture(scope="module")
def tiny(data):
    return by_name(ToolUse(**TINY).evaluate(data, data.train, seed=1))


def test_every_share_has_its_base_and_chance(tiny):
    assert set(tiny) == {
        "selection_chance_percent",
        "held_out_selection_chance_percent",
        *(f"{kind}selection_accuracy{arm}_percent" for kind in ("", "held_out_") for arm in ("", "_base")),
        *(f"call_accuracy{arm}_percent" for arm in ("", "_base")),
    }
    assert tiny["selection_chance_percent"].value == tiny["held_out_selection_chance_percent"].value == 25
    score = tiny["selection_accuracy_percent"]
    assert len(score.details["right"]) == 12
    assert score.value == pytest.approx(100 * np.mean(score.details["right"]))
    assert sum(group["queries"] for group in score.details["groups"].values()) == 12
    # those that unrelated requests decide; they were requests of test records in version 1
    assert {metric for metric, one in tiny.items() if one.version == 2} == {
        f"{kind}selection_accuracy{arm}_percent" for kind in ("", "held_out_") for arm in ("", "_base")
    }
    p = score.value / 100
    assert score.stderr == pytest.approx(100 * np.sqrt(p * (1 - p) / 12))
    json.dumps([score.details for score in tiny.values()])


def test_equal_seeds_give_equal_scores(data, tiny):
    again = by_name(ToolUse(**TINY).evaluate(data, data.train, seed=1))
    assert {m: s.details.get("right") for m, s in again.items()} == {m: s.details.get("right") for m, s in tiny.items()}


def test_the_base_does_not_depend_on_the_records(data, tiny):
    tool_use.BASE.clear()
    other = by_name(ToolUse(**TINY).evaluate(data, data.train.iloc[:3], seed=1))
    for metric in tiny:
        if "_base_" in metric:
            assert other[metric].details["right"] == tiny[metric].details["right"]


def test_records_that_say_nothing(data):
    odd = pd.DataFrame([[None] * 5, ["\x00" * 50_000] * 5, ["[" * 50_000] * 5], columns=data.schema.names, dtype="str")
    for records in (odd, odd.iloc[:1], odd.iloc[:0]):
        found = by_name(ToolUse(**TINY).evaluate(data, records, seed=1))
        assert np.isfinite(found["selection_accuracy_base_percent"].value)
        score = found["selection_accuracy_percent"]
        assert np.isfinite(score.value) or score.details["reason"] == NO_TEXT
    assert np.isnan(score.value)


def test_half_a_surrogate_pair_is_survived(data):
    half = data.test.head(40).assign(
        parameters=r'{"type":"object","properties":{"\ud800":{"type":"string","description":"\ud800","default":"\ud800"}}}'
    )
    found = by_name(ToolUse(**TINY).evaluate(replace(data, train=half, test=half), half, seed=1))
    assert np.isfinite(found["held_out_selection_accuracy_percent"].value)


def test_tools_without_queries_are_told_from_each_other(data):
    found = by_name(ToolUse(**TINY).evaluate(replace(data, extras={}), data.train, seed=1))
    for metric in ("selection_accuracy_percent", "selection_chance_percent", "call_accuracy_percent"):
        assert np.isnan(found[metric].value)
        assert found[metric].details["reason"] == NO_QUERIES
    assert np.isfinite(found["held_out_selection_accuracy_percent"].value)


def test_what_cannot_be_done_is_said(data):
    with pytest.raises(BenchError, match="queries = 0: must be at least 1"):
        ToolUse(queries=0)
    schema = replace(data.schema, columns=data.schema.columns[1:])
    with pytest.raises(BenchError, match="there is no 'tool_name'"):
        ToolUse(**TINY).evaluate(replace(data, schema=schema), data.train)
    with pytest.raises(BenchError, match="cannot be read"):
        ToolUse(**TINY, bfcl="nowhere.json").evaluate(data, data.train)


def problem(kind, question, answer, functions=("search_books", "get_weather")):
    parameters = {"type": "dict", "properties": {"on": {"type": "boolean"}}, "required": ["on"]}
    documents = [{"name": name, "description": "", "parameters": parameters} for name in functions]
    return {"id": f"{kind}_0", "question": question, "function": documents, "ground_truth": answer}


@pytest.fixture
def bfcl_file(tmp_path):
    entries = [
        problem("multiple", "x search_books (on) please", [{"search_books": {"on": [True, False]}}]),
        problem("multiple", "x get_weather (on) please", [{"search_books": {"on": [True, False]}}]),
        problem("irrelevance", "hello there", None),
        problem("simple", "search_books (on)", [{"search_books": {"on": [True, False]}}], functions=("search_books",)),
    ]
    path = tmp_path / "BFCL_test.json"
    path.write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    return path


def test_problems_of_bfcl(bfcl_file, monkeypatch):
    from evaluators.tool import write_calls
    from evaluators.tool.call import Call

    def obedient(model, tasks, max_new_tokens, progress):
        return [[Call(offered[0].name, {"on": True})] for offered, _, _ in tasks]

    monkeypatch.setattr(write_calls, "calls_of", obedient)
    problems = load_problems(str(bfcl_file))
    assert [as_query(one).offered[0].name for one in problems] == ["search_books"] * 4
    outcomes = solve_problems(Oracle(), problems, ["a", "b"], 50)
    # the second calls what was asked for, which is not the answer; the third makes nothing likelier
    assert [outcome.verdict.valid for outcome in outcomes] == [True, False, True, True]
    assert [outcome.withheld for outcome in outcomes] == [False, False, True, False]


def test_a_file_of_bfcl_has_a_score_a_kind(data, bfcl_file):
    found = by_name(ToolUse(**TINY, bfcl=str(bfcl_file)).evaluate(data, data.train, seed=1))
    for kind, size in (("multiple", 2), ("irrelevance", 1), ("simple", 1)):
        for arm in ("", "_base"):
            score = found[f"bfcl_{kind}_accuracy{arm}_percent"]
            assert (score.protocol, score.version, score.details["queries"]) == ("bfcl", 2, size)


@pytest.mark.slow
def test_real_tools_teach_what_shuffled_ones_do_not(data):
    evaluator = ToolUse(train_tokens=400_000)
    shuffled = Marginals()
    shuffled.fit(data, seed=0)
    real = by_name(evaluator.evaluate(data, data.train, seed=0))
    floor = by_name(evaluator.evaluate(data, shuffled.sample(len(data.train), seed=0).records, seed=0))
    for metric in ("selection_accuracy_percent", "held_out_selection_accuracy_percent"):
        assert real[metric].value > 25 + 5 * real[metric].stderr
        assert real[metric].value > floor[metric].value + 4 * real[metric].stderr
    called = real["call_accuracy_percent"]
    assert called.value > real["call_accuracy_base_percent"].value + 3 * called.stderr
