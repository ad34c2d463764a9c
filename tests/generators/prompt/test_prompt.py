"""What is asked, how answers are read, and that sampling ends: against servers that the test starts."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.choose import chosen
from bench.condition import Between
from bench.conformance.run import check_table, random_cases
from bench.conformance.tables import odd_tables
from bench.errors import BenchError
from bench.frames import conform, from_frame
from bench.records import Column, Schema
from generators import Prompt
from generators.base import UNFULFILLED
from generators.prompt.answers import NO_ANSWER, Reader
from generators.prompt.facts import Facts

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "age": RNG.integers(18, 80, 300),
        "pay": RNG.normal(1000, 100, 300).round(2),
        "job": RNG.choice(["nurse", "cook", "judge"], 300, p=[0.6, 0.3, 0.1]),
        "note": RNG.choice(["yes", None], 300),
    }
)
DATA = from_frame(FRAME)
GOOD = {"age": 30, "pay": 999.5, "job": "cook", "note": None}


def prompt(url, **options):
    return Prompt(url=url, pause_seconds=0.01, **options)


def answering(*records):
    return lambda body, number: json.dumps({"records": list(records)})


def test_as_many_records_as_asked_for_come_and_equal_seeds_give_equal_ones(chat_server, simulate):
    started = chat_server(simulate(DATA.train, DATA.schema))
    model = prompt(started.url).fit(DATA, seed=0)
    first = model.sample(95, seed=1)
    assert (len(first.records), first.attempts, first.shortfall) == (95, 95, None)
    assert len(started.bodies) == 5
    assert first.records.equals(prompt(started.url, concurrency=1).fit(DATA, seed=0).sample(95, seed=1).records)
    assert not first.records.equals(model.sample(95, seed=2).records)
    assert len({body["seed"] for body in started.bodies[:5]}) == 5


def test_a_prompt_shows_the_schema_and_examples_of_the_pool(chat_server, simulate):
    started = chat_server(simulate(DATA.train, DATA.schema))
    model = prompt(started.url, examples=4, pool=30, temperature=0.7, answer_tokens=99, listed_labels=2)
    model.fit(DATA, seed=3).sample(40, seed=0)
    first, second = (body["messages"][1]["content"] for body in started.bodies)
    assert "- age: a whole number from 18 to 79; never null" in first
    assert f"- pay: a number from {FRAME.pay.min():g} to {FRAME.pay.max():g}; never null" in first
    assert '- job: a string, one of "nurse", "cook" and 1 others; never null' in first
    assert f"null in {FRAME.note.isna().mean():.0%} of the records" in first
    shown = [[json.loads(line) for line in text.splitlines() if line.startswith("{")] for text in (first, second)]
    assert [len(one) for one in shown] == [4, 4]
    assert shown[0] != shown[1]
    rows = {tuple(json.loads(row).values()) for row in FRAME.astype(object).agg(lambda r: r.to_json(), axis=1)}
    assert {tuple(one.values()) for part in shown for one in part} <= rows
    assert (started.bodies[0]["temperature"], started.bodies[0]["max_tokens"]) == (0.7, 99)
    assert len(model.examples) == 30


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"job": "king"}, "a label of 'job' that train does not have"),
        ({"age": 30.5}, "a value of 'age' is not of its kind"),
        ({"age": "30"}, "a value of 'age' is not of its kind"),
        ({"age": 2**63}, "a value of 'age' is not of its kind"),
        ({"job": 3}, "a value of 'job' is not of its kind"),
        ({"pay": None}, "'pay' is missing where train never misses it"),
        ({"pay": True}, "a value of 'pay' is not of its kind"),
        ({"extra": 1}, "not exactly the columns of the schema"),
    ],
)
def test_an_illegal_record_is_rejected_with_its_reason_and_never_repaired(chat_server, changed, reason):
    started = chat_server(answering(GOOD, GOOD | changed))
    sample = prompt(started.url).fit(DATA).sample(2)
    assert sample.records.equals(conform(pd.DataFrame([GOOD, GOOD]), DATA.schema))
    assert sample.rejected == {reason: 1}
    assert sample.attempts == 3


@pytest.mark.parametrize(
    "text",
    ["Sure! Here they are", '{"rows": []}', '{"records": 3}', '{"records": [{"age": NaN}]}', "[" * 10**5],
)
def test_an_answer_that_cannot_be_read_costs_all_its_records_and_sampling_ends(chat_server, text):
    started = chat_server(lambda body, number: text)
    sample = prompt(started.url).fit(DATA).sample(5)
    assert len(sample.records) == 0
    assert sample.rejected == {NO_ANSWER: 200}
    assert sample.shortfall == "0 records in 200 attempts and 10 requests, the most that is allowed"
    assert len(started.bodies) == 10


def test_fields_may_stand_in_any_order_but_not_twice(chat_server):
    turned = dict(reversed(GOOD.items()))
    twice = json.dumps(GOOD)[:-1] + ', "age": 31}'
    started = chat_server(lambda body, number: f'{{"records": [{twice}, 7, {json.dumps(turned)}]}}')
    sample = prompt(started.url).fit(DATA).sample(1)
    assert sample.records.equals(conform(pd.DataFrame([GOOD]), DATA.schema))
    assert sample.rejected == {"a name stands twice": 1, "a record is no object": 1}


def test_conditions_stand_in_the_prompt_and_are_checked(chat_server, simulate):
    started = chat_server(simulate(DATA.train, DATA.schema))
    model = prompt(started.url, examples=5, requests_per_record=2).fit(DATA)
    sample = model.sample(30, where={"job": "judge", "age": Between(low=30)}, seed=0)
    assert len(sample.records) == 30
    assert (sample.records["job"] == "judge").all()
    assert (sample.records["age"] >= 30).all()
    assert sample.rejected == {UNFULFILLED: sample.attempts - 30}
    asked = started.bodies[0]["messages"][1]["content"]
    assert "job = judge" in asked or "job=judge" in asked
    shown = [json.loads(line) for line in asked.splitlines() if line.startswith("{")]
    assert all(one["job"] == "judge" and one["age"] >= 30 for one in shown)


def test_requests_and_dollars_are_capped(chat_server, simulate):
    started = chat_server(simulate(DATA.train, DATA.schema, per_answer=2))
    sample = prompt(started.url, max_requests=3).fit(DATA).sample(50)
    assert (len(sample.records), len(started.bodies)) == (6, 3)
    assert "3 requests, the most that is allowed" in sample.shortfall
    # a request is 100 and 10 tokens here: 0.0003 dollars
    sample = prompt(started.url, max_dollars=0.001, prompt_price=2.0, completion_price=10.0).fit(DATA).sample(50)
    assert (len(sample.records), len(started.bodies)) == (6, 6)
    assert "beyond 0.001 dollars" in sample.shortfall
    assert sample.details["dollars"] == pytest.approx(0.0009)
    assert sample.details["requests"] == 3


def test_copies_of_the_examples_are_counted(chat_server):
    def parrot(body, number):
        shown = [json.loads(line) for line in body["messages"][1]["content"].splitlines() if line.startswith("{")]
        return json.dumps({"records": [*shown[:3], GOOD]})

    sample = prompt(chat_server(parrot).url, records_per_request=4).fit(DATA).sample(8)
    assert sample.details["copies_of_examples"] == 6


def test_the_server_is_asked_to_hold_answers_to_the_schema(chat_server, simulate):
    started = chat_server(simulate(DATA.train, DATA.schema))
    for structure in ("json", "schema", "none"):
        prompt(started.url, structure=structure).fit(DATA).sample(1)
    plain, held, free = (body.get("response_format") for body in started.bodies)
    assert plain == {"type": "json_object"}
    assert free is None
    from jsonschema import Draft202012Validator

    schema = Draft202012Validator(held["json_schema"]["schema"])
    assert schema.is_valid({"records": [GOOD]})
    for changed in ({"job": "king"}, {"age": 1.5}, {"pay": None}, {"more": 1}):
        assert not schema.is_valid({"records": [GOOD | changed]})


def test_what_was_answered_is_not_paid_for_again_after_a_kill(chat_server, simulate, tmp_path):
    whole = simulate(DATA.train, DATA.schema)
    broken = chat_server(lambda body, number: (400, {}, b"{}") if number >= 3 else whole(body, number))
    model = prompt(broken.url, concurrency=1).fit(DATA)
    model.checkpoint = tmp_path
    with pytest.raises(BenchError, match="refuses the request"):
        model.sample(100, seed=5)
    broken.respond = whole
    sample = model.sample(100, seed=5)
    assert len(broken.bodies) == 6
    assert sample.details["logged"] == 3
    model.checkpoint = None
    assert sample.records.equals(model.sample(100, seed=5).records)


def test_the_key_is_stored_nowhere(chat_server, simulate, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    started = chat_server(simulate(DATA.train, DATA.schema))
    model = prompt(started.url).fit(DATA)
    model.checkpoint = tmp_path / "state"
    sample = model.sample(3)
    model.save(tmp_path / "model")
    assert started.headers[0]["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in json.dumps(sample.details)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 4
    assert not any(b"sk-secret" in path.read_bytes() for path in written)


def test_no_server_and_a_server_that_is_down_are_one_line():
    with pytest.raises(BenchError, match=r"generator 'prompt' needs the setting 'generators\.prompt\.url'"):
        chosen("generators", "prompt", {})
    with pytest.raises(BenchError, match=r"'http://127.0.0.1:1/v1' cannot be reached"):
        prompt("http://127.0.0.1:1/v1").fit(DATA).sample(1)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"records_per_request": 0}, "records_per_request is 0; it is at least 1"),
        ({"max_dollars": 1.0}, "max_dollars needs prompt_price"),
        ({"requests_per_record": 0.0}, "requests_per_record is above 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(options, says):
    with pytest.raises(BenchError, match=says):
        Prompt(url="http://127.0.0.1:1/v1", **options)


MIXED = Schema((Column("n", "integer"), Column("x", "real"), Column("c", "categorical"), Column("p", "json")))
a_record = st.tuples(
    st.one_of(st.none(), st.integers(-(2**63) + 1, 2**63 - 1)),
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    st.sampled_from(["é", 'a "b"', "1.0", None]),
    st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), st.integers(), max_size=3),
)


@given(st.lists(a_record, min_size=1, max_size=5), st.permutations(MIXED.names))
@settings(max_examples=50, deadline=None)
def test_any_legal_record_is_read_as_it_is(rows, order):
    reader = Reader(
        MIXED,
        "tabular",
        {name: Facts(missing=0.5) for name in MIXED.names},
        {"c": frozenset({"é", 'a "b"', "1.0"})},
        (),
    )
    records = [dict(zip(MIXED.names, row, strict=True)) for row in rows]
    answer = json.dumps({"records": [{name: one[name] for name in order} for one in records]})
    read, reasons = reader.read(answer, 9)
    assert reasons == [None] * len(rows)
    compact = [one | {"p": json.dumps(one["p"], ensure_ascii=False, separators=(",", ":"))} for one in records]
    assert read.equals(conform(pd.DataFrame(compact, columns=MIXED.names, dtype="object"), MIXED))


def test_a_second_fit_forgets_the_first(chat_server, simulate):
    other = from_frame(FRAME.assign(job="pilot"), kinds={"job": "categorical"})
    started = chat_server(simulate(other.train, other.schema))
    model = prompt(started.url).fit(DATA)
    assert model.sample(1).rejected == {"a label of 'job' that train does not have": 200}
    assert (model.fit(other).sample(5).records["job"] == "pilot").all()


def family(name, frame, kinds):
    schema = Schema(tuple(Column(column, kind) for column, kind in kinds.items()))
    frame = conform(frame, schema)
    return replace(DATA, family=name, schema=schema, train=frame, validation=frame.iloc[:0], test=frame.iloc[:0])


def test_programs_that_do_not_parse_are_rejected(chat_server, simulate):
    data = family("code", pd.DataFrame({"program": [f"x = {i}\nprint(x)" for i in range(20)]}), {"program": "text"})
    broken = [{"program": "def"}, {"program": ""}, {"program": None}, {"program": 3}]
    started = chat_server(simulate(data.train, data.schema, 3, lambda drawn, number: broken + drawn))
    sample = prompt(started.url).fit(data).sample(5)
    assert set(sample.records["program"]) <= set(data.train["program"])
    assert Counter(sample.rejected) == {
        "does not parse": 2,
        "empty text": 2,
        "'program' is missing where train never misses it": 2,
        "a value of 'program' is not of its kind": 2,
    }
    assert '{"program": "x = ' in started.bodies[0]["messages"][1]["content"]


def test_tools_have_legal_parameters(chat_server, simulate):
    legal = '{"type":"object","properties":{"q":{"type":"string"}},"required":["q"]}'
    frame = pd.DataFrame({"api_name": [f"find {i}" for i in range(20)], "parameters": [legal] * 20})
    data = family("tool", frame, {"api_name": "text", "parameters": "json"})
    wrong = [
        {"api_name": "\ud800", "parameters": json.loads(legal)},
        {"api_name": " ", "parameters": json.loads(legal)},
        {"api_name": "a", "parameters": {"type": "object", "properties": {}, "required": ["q"]}},
    ]
    started = chat_server(simulate(data.train, data.schema, 3, lambda drawn, number: wrong + drawn))
    sample = prompt(started.url, records_per_request=5).fit(data).sample(3)
    assert (sample.records["parameters"] == legal).all()
    assert sample.rejected == {
        "half a surrogate pair": 1,
        "blank 'api_name'": 1,
        "a required parameter is not among the properties": 1,
    }


def kept(case, chat_server, simulate):
    data = from_frame(case.frame, case.target, kinds=case.kinds)
    started = chat_server(simulate(data.train, data.schema))
    return [finding for finding in check_table(lambda: prompt(started.url), case) if finding.problem]


def test_it_keeps_the_contract_on_tables_that_break_generators(chat_server, simulate):
    hard = {"a column without any value", "names in any script"}
    for case in odd_tables(0):
        if case.name in hard:
            assert kept(case, chat_server, simulate) == []


@pytest.mark.slow
def test_it_keeps_the_contract_on_all_odd_tables(chat_server, simulate):
    for case in [*odd_tables(0), *random_cases(0, 3)]:
        assert kept(case, chat_server, simulate) == []
