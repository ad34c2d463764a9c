"""Problem sets in the published forms, and what is wrong with broken ones."""

from __future__ import annotations

import gzip
import json
import shutil

import pandas as pd
import pooch
import pytest
from pandas.testing import assert_frame_equal

from bench.datasets.demo import flytech
from bench.errors import BenchError
from evaluators.code.grading import grade, unsolvable
from evaluators.code.problems import CHEN_STOP, COLUMNS, FRIED_STOP, SHIPPED, load_problems, read_problems
from evaluators.code.sandbox import Sandbox


@pytest.fixture
def code_data(make_dataset):
    from bench.records import Column, Schema

    return make_dataset(
        pd.DataFrame({"program": ["x = 1"]}), schema=Schema((Column("program", "text"),)), family="code"
    )


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=2) as running:
        yield running


def test_humaneval(humaneval, sandbox, code_data):
    found = load_problems(str(humaneval), code_data)
    assert list(found.frame.columns) == list(COLUMNS)
    assert found.protocol == "file-HumanEval"
    assert found.stop == CHEN_STOP
    assert found.frame.task_id.tolist() == [f"HumanEval/{i}" for i in range(3)]
    assert unsolvable(found.frame, sandbox) == {}
    packed = humaneval.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(humaneval.read_bytes()))
    assert_frame_equal(load_problems(str(packed), code_data).frame, found.frame)


def test_mbpp_has_its_test_tasks_only(mbpp, sandbox):
    found = read_problems(mbpp, "mbpp")
    assert found.frame.task_id.tolist() == ["mbpp/11", "mbpp/12", "mbpp/510"]
    assert [record["task_id"] for record in found.examples] == [2, 3, 4]
    assert found.stop == FRIED_STOP
    assert found.frame.prompt[0] == '"""\nWrite a function to add 4.\nassert add_4(0) == 4\n"""\n'
    assert unsolvable(found.frame, sandbox) == {}
    assert set(unsolvable(found.frame.assign(canonical_solution="def add_4(x):\n    return 0\n"), sandbox)) == {
        "mbpp/11", "mbpp/12", "mbpp/510"
    }  # fmt: skip
    assert len(read_problems(mbpp, "file-mine").frame) == 7


def test_sanitized_mbpp(sanitized, sandbox):
    found = read_problems(sanitized, "mbpp-sanitized")
    assert found.frame.task_id.tolist() == ["mbpp/11", "mbpp/12"]
    assert found.frame.test[0].startswith("import math\nassert math.isclose(")
    assert unsolvable(found.frame, sandbox) == {}


def test_only_the_builtin_that_is_asked_for_comes_from_the_program(tmp_path, sandbox):
    solution = "def sum(a, b):\n    return [n for n in range(1, 99) if a % n == b % n == 0]\n"
    tests = ["assert set(sum(10, 15)) == set([1, 5])"]
    record = {"task_id": 126, "text": "Common divisors.", "code": solution, "test_list": tests}
    path = tmp_path / "builtins.jsonl"
    path.write_text(json.dumps(record))
    problems = read_problems(path, "file-builtins").frame
    assert unsolvable(problems, sandbox) == {}
    cheat = "def sum(*a): return 1\ndef set(*a): return 1\n"
    assert grade(problems, [[solution, cheat]], sandbox).correct.tolist() == [1]
    for code, test in (
        (solution, "assert sum(1, 2) == [1]"),
        (solution, "assert ("),
        ("x = (", tests[0]),
        ("", tests[0]),
    ):
        path.write_text(json.dumps(record | {"code": code, "test_list": [test]}))
        assert read_problems(path, "file-builtins").frame.test[0] == f"{test}\n"


def test_published_sets_lie_in_the_data_folder(humaneval, mbpp, sanitized, tmp_path, monkeypatch, code_data):
    monkeypatch.setenv("BENCH_DATA_DIR", str(tmp_path / "data"))
    for folder, path in (("humaneval", humaneval), ("mbpp", mbpp), ("mbpp", sanitized)):
        (tmp_path / "data" / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "data" / folder / path.name)
    sizes = {name: len(load_problems(name, code_data).frame) for name in ("humaneval", "mbpp", "mbpp-sanitized")}
    assert sizes == {"humaneval": 3, "mbpp": 3, "mbpp-sanitized": 2}
    assert load_problems("mbpp", code_data).protocol == "mbpp"


def test_without_a_network_there_is_one_clear_line(tmp_path, monkeypatch, code_data):
    monkeypatch.setenv("BENCH_DATA_DIR", str(tmp_path))

    def fail(*_, **__):
        raise ConnectionError("no route")

    monkeypatch.setattr(pooch, "retrieve", fail)
    with pytest.raises(BenchError, match=r"cannot be downloaded \(ConnectionError\); get https://[^\n]+$"):
        load_problems("humaneval", code_data)
    with pytest.raises(BenchError, match="neither a file nor known; known: embedded, humaneval"):
        load_problems("humanevil", code_data)


def lines(*records) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


GOOD = {
    "task_id": "a",
    "prompt": "def f():\n",
    "entry_point": "f",
    "canonical_solution": "",
    "test": "def check(f): f()",
}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no problem"),
        (lines(GOOD) + "{oops\n", "line 2: JSONDecodeError"),
        ("[1]\n", "line 1: ValueError: a JSON object"),
        ("[" * 100_000 + "\n", "line 1: RecursionError"),
        ("\x00\xff\n", "line 1: "),
        (lines(GOOD, GOOD), "task_id 'a' stands more than once"),
        (lines({**GOOD, "prompt": 3}), "line 1: field 'prompt' is missing or no text"),
        (lines({**GOOD, "entry_point": "f g"}), "field 'entry_point' is no name"),
        (lines({**GOOD, "test": "pass"}), "field 'test' does not define check"),
        (lines({"task_id": 1, "text": "t", "code": "c", "test_list": []}), "field 'test_list' is empty"),
        (lines({"task_id": 1, "text": "t", "code": "c", "test_list": "x"}), "field 'test_list' is no list"),
        (lines({"task_id": 1, "code": "c", "test_list": ["x"]}), "field 'prompt' is missing"),
        (lines({"text": "t", "code": "c", "test_list": ["x"]}), "field 'task_id' is missing"),
        (lines({"task_id": 1, "text": "t", "code": "c", "test_list": ["x"]}, GOOD), "line 2: field 'test_list'"),
    ],
)
def test_a_broken_file_names_line_and_field(tmp_path, text, message):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BenchError, match=message) as error:
        read_problems(path, "file-mine")
    assert "\n" not in str(error.value)


def test_broken_lists_and_archives(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines(GOOD).encode() * 100)[:-12])
    for name, message in (("a.json", "a list of objects"), ("a.jsonl.gz", r"line \d+: EOFError")):
        with pytest.raises(BenchError, match=message):
            read_problems(tmp_path / name, "file-a")


def test_the_shipped_set_is_that_of_the_demo(code_data):
    """After a change of the demo grammar, write the problems of `flytech.extras` to the shipped file again."""
    shipped = load_problems("embedded", code_data)
    assert_frame_equal(shipped.frame, flytech.extras(flytech.SEED)["problems"])
    assert SHIPPED.stat().st_size < 100_000


def test_the_embedded_set_is_solvable_held_out_and_graded(code_data, sandbox):
    problems = load_problems("embedded", code_data).frame
    assert len(problems) >= 120
    assert problems.difficulty.value_counts().min() >= 0.3 * len(problems)
    assert unsolvable(problems, sandbox) == {}
    programs = flytech.simulate(flytech.ROWS, flytech.SEED).program
    heads = set(programs.str.extract(r'(?s)(.*?""".*?"""\n)')[0])
    bodies = set(programs.str.extract(r'(?s)""".*?"""\n(.*)')[0].str.rstrip())
    assert len(heads) > 500
    assert not heads & set(problems.prompt)
    assert not bodies & set(problems.canonical_solution.str.rstrip())
