"""pass@k from records to scores, on functions that a tiny model learns in seconds."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

import bench
from bench.errors import BenchError
from bench.records import Column, Schema
from evaluators.code import pass_at_k
from evaluators.code.pass_at_k import PassAtK, PassAtKConfig

SCHEMA = Schema((Column("program", "text"),))
TINY = {
    "width": 32, "layers": 1, "heads": 2, "vocabulary": 300, "context": 128, "train_tokens": 20_000,
    "batch_tokens": 256, "learning_rate": 0.01, "max_new_tokens": 16, "cpu_seconds": 1,
}  # fmt: skip


def function(number: int) -> str:
    return f'def add_{number}(x):\n    """Add {number}."""\n    return x + {number}\n'


def problem(number: int, **changes: str) -> dict[str, str]:
    head, _, body = function(number).partition('"""\n')
    return {
        "task_id": f"t/{number}",
        "prompt": head + '"""\n',
        "entry_point": f"add_{number}",
        "canonical_solution": body,
        "test": f"def check(candidate):\n    assert candidate(2) == {2 + number}\n",
        "difficulty": "easy" if number < 3 else "hard",
    } | changes


@pytest.fixture
def problems(tmp_path):
    def write(*rows):
        path = tmp_path / "set.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return str(path)

    return write


@pytest.fixture
def data(make_dataset):
    train = pd.DataFrame({"program": [function((1, 4)[i % 2]) for i in range(60)]})
    return make_dataset(train, test=train[:5], schema=SCHEMA, family="code")


def by_metric(scores):
    return {score.metric: score for score in scores}


def test_what_is_learnt_passes_and_the_base_does_not(data, problems):
    path = problems(problem(1), problem(4))
    evaluator = PassAtK(problems=path, samples=10, **TINY | {"layers": 2, "batch_tokens": 128})
    scores = evaluator.evaluate(data, evaluator.reference_records(data), seed=1)
    found = by_metric(scores)
    assert list(found) == [
        "pass_at_1_percent", "pass_at_10_percent", "pass_at_1_base_percent", "pass_at_10_base_percent"
    ]  # fmt: skip
    assert found["pass_at_1_percent"].value > 20
    assert found["pass_at_10_percent"].value >= found["pass_at_1_percent"].value
    assert found["pass_at_1_base_percent"].value == 0
    details = found["pass_at_1_percent"].details
    assert details["problems"] == 2
    assert sum(details["correct"].values()) == details["outcomes"]["passed"]
    assert sum(details["outcomes"].values()) == 20
    mean = 100 * np.mean(list(details["correct"].values())) / 10
    assert found["pass_at_1_percent"].value == pytest.approx(mean)
    assert set(details["by_difficulty"]) == {"easy", "hard"}
    json.dumps(details)
    assert {score.protocol for score in scores} == {"file-set"}
    assert {score.n for score in scores} == {60}
    again = evaluator.evaluate(data, data.train, seed=1)
    assert [(s.metric, s.value, s.stderr, s.details) for s in again] == [
        (s.metric, s.value, s.stderr, s.details) for s in scores
    ]


def test_the_base_is_computed_once(data, problems, monkeypatch):
    evaluator = PassAtK(problems=problems(problem(1), problem(4)), samples=1, **TINY | {"train_tokens": 1000})
    monkeypatch.setattr(pass_at_k, "BASE", {})
    first = by_metric(evaluator.evaluate(data, data.train[:30], seed=3))
    calls = []
    solve = pass_at_k.solve
    monkeypatch.setattr(pass_at_k, "solve", lambda *args: calls.append(args) or solve(*args))
    second = by_metric(evaluator.evaluate(data, data.train[30:], seed=3))
    assert len(calls) == 1
    assert first["pass_at_1_base_percent"].details["correct"] == second["pass_at_1_base_percent"].details["correct"]
    evaluator.evaluate(data, data.train, seed=4)
    assert len(calls) == 3


def test_a_problem_whose_test_never_ends_is_reported(data, problems):
    endless = "def check(candidate):\n    while True: pass\n"
    path = problems(problem(1), problem(2, test=endless), problem(3, canonical_solution="    return 0\n"))
    evaluator = PassAtK(problems=path, samples=2, **TINY | {"train_tokens": 2000})
    (score, _) = evaluator.evaluate(data, data.train)
    assert score.details["problems"] == 1
    assert score.details["left_out"]["t/2"].startswith("timeout")
    assert score.details["left_out"]["t/3"].startswith("failed")
    assert math.isnan(score.stderr)
    with pytest.raises(BenchError, match="no problem is solved by its own solution; task 't/2' ends with timeout"):
        PassAtK(problems=problems(problem(2, test=endless)), **TINY).evaluate(data, data.train)


def test_no_program_at_all(data, problems):
    evaluator = PassAtK(problems=problems(problem(1), problem(2)), samples=1, **TINY)
    empty = pd.DataFrame({"program": pd.Series(["", None], dtype="str")})
    trained, base = evaluator.evaluate(data, empty)
    assert math.isnan(trained.value)
    assert trained.details["reason"]
    assert base.value == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples = 0"),
        ({"max_new_tokens": 0}, "max_new_tokens = 0"),
        ({"width": -3}, "width = -3"),
        ({"temprature": 1}, "did you mean 'temperature'"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(BenchError, match=message):
        PassAtK(**options)


def test_new_tokens_leave_half_of_the_context_to_the_prompt():
    assert PassAtKConfig().new_tokens == 80
    assert PassAtKConfig(problems="humaneval", context=2048).new_tokens == 512
    assert PassAtKConfig(problems="humaneval", context=512).new_tokens == 256
    assert PassAtKConfig(problems="mbpp", max_new_tokens=300).new_tokens == 300


@pytest.mark.slow
def test_real_programs_teach_more_than_shuffled_ones():
    data = bench.load("flytech")
    rng = np.random.default_rng(0)
    tokens = data.train.program.str.findall(r"\w+|\s+|[^\w\s]")
    pool = tokens.explode().to_numpy()
    shuffled = pd.DataFrame({"program": ["".join(rng.choice(pool, size=len(row))) for row in tokens]})
    evaluator = PassAtK()
    real, floor = (by_metric(evaluator.evaluate(data, records)) for records in (data.train, shuffled))
    assert real["pass_at_1_percent"].value > 20
    assert real["pass_at_1_percent"].value > floor["pass_at_1_percent"].value + 5 * real["pass_at_1_percent"].stderr
    assert real["pass_at_1_base_percent"].value == floor["pass_at_1_base_percent"].value < 2
