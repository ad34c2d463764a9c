"""HumanEval and MBPP through lm-eval, on a model that the test saves, without a network."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from bench.errors import BenchError
from bench.records import Column, Schema
from evaluators.code.lm_eval_engine import prompts_of
from evaluators.code.pass_at_k import PassAtK
from evaluators.code.problems import read_problems
from evaluators.language.model import load_base
from evaluators.language.recipe import Recipe

SCHEMA = Schema((Column("program", "text"),))


@pytest.fixture
def data(make_dataset, humaneval):
    records = [json.loads(line) for line in humaneval.read_text().splitlines()]
    programs = [record["prompt"] + record["canonical_solution"] for record in records]
    train = pd.DataFrame({"program": [*programs[:2] * 20, "def g(x):\n    return x\n"]})
    return make_dataset(train, test=train, schema=SCHEMA, family="code")


@pytest.fixture
def saved(data, tmp_path):
    """A pretrained model: tiny, and pretrained on nothing."""
    model = load_base(Recipe(width=32, layers=1, heads=2, vocabulary=400), list(data.train.program))
    model.network.save_pretrained(tmp_path / "model")
    model.tokenizer.save_pretrained(tmp_path / "model")
    return str(tmp_path / "model")


def test_it_agrees_with_our_own_engine(saved, data, humaneval, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    common = {
        "model": saved, "problems": str(humaneval), "train_tokens": 40_000, "batch_tokens": 256,
        "learning_rate": 0.01, "max_new_tokens": 24, "temperature": 0.0, "samples": 2,
    }  # fmt: skip
    own = PassAtK(**common).evaluate(data, data.train)
    other = PassAtK(engine="lm-eval", **common).evaluate(data, data.train)
    assert [score.value for score in own] == [score.value for score in other]
    assert own[0].value >= 50
    assert own[0].details["correct"] == other[0].details["correct"]
    assert other[0].protocol == "lm-eval-file-HumanEval"


def test_samples_of_lm_eval_are_decided_by_the_seed(saved, data, humaneval):
    evaluator = PassAtK(
        model=saved, engine="lm-eval", problems=str(humaneval), train_tokens=5000, learning_rate=0.01,
        max_new_tokens=16, samples=4,
    )  # fmt: skip
    first, second = (evaluator.evaluate(data, data.train, seed=7)[0].details for _ in range(2))
    assert first == second


def test_the_prompt_of_mbpp_shows_three_examples(mbpp, sanitized):
    prompts, stop, whole = prompts_of(read_problems(mbpp, "mbpp"))
    assert len(prompts) == 3
    assert stop == ("[DONE]",)
    assert whole
    first = prompts[0]
    assert first.count("[BEGIN]") == 4
    assert first.count("[DONE]") == 3
    assert first.startswith(
        "You are an expert Python programmer, and here is your task: Write a function to add 1. Your code should pass "
        "these tests:\n\nassert add_1(0) == 1\nassert add_1(1) == 2\nassert add_1(2) == 3\n[BEGIN]\n"
        "def add_1(x):\r\n  return x + 1 \n[DONE]\n\nYou are"
    )
    assert first.endswith("assert add_4(2) == 6\n[BEGIN]\n")
    with pytest.raises(BenchError, match="has 2 of them"):
        prompts_of(read_problems(sanitized, "mbpp-sanitized"))


def test_mbpp_from_the_data_folder(saved, data, mbpp, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data" / "mbpp").mkdir(parents=True)
    shutil.copy(mbpp, tmp_path / "data" / "mbpp" / "mbpp.jsonl")
    evaluator = PassAtK(
        model=saved, engine="lm-eval", problems="mbpp", train_tokens=500, max_new_tokens=8, samples=1, context=1024
    )
    scores = evaluator.evaluate(data, data.train)
    assert [(score.metric, score.value, score.protocol) for score in scores] == [
        ("pass_at_1_percent", 0.0, "lm-eval-mbpp"),
        ("pass_at_1_base_percent", 0.0, "lm-eval-mbpp"),
    ]
