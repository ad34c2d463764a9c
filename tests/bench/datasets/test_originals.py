"""The original files, against facts published with them."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import datasets
from bench.datasets import flytech, toolbench
from bench.near_duplicates import record_texts, similarity_to_nearest

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif("BENCH_DATA_DIR" not in os.environ, reason="BENCH_DATA_DIR is not set"),
]


def load(name, split="harness", split_seed=0):
    return datasets.load(name, variant="original", split=split, split_seed=split_seed)


def sizes(data):
    return [len(data.train), len(data.validation), len(data.test)]


def whole(data):
    return pd.concat([data.train, data.validation, data.test], ignore_index=True)


def test_adult():
    data = load("adult")
    assert sizes(data) == [32561, 0, 16281]
    assert (data.train["income"] == "<=50K").sum() == 24720
    assert set(data.test["income"]) == {"<=50K", ">50K"}
    assert data.train.isna().sum()[lambda gaps: gaps > 0].to_dict() == {
        "workclass": 1836,
        "occupation": 1843,
        "native-country": 583,
    }
    assert sizes(load("adult", "tabsyn")) == [32561, 0, 16281]
    assert sizes(load("adult", "difflm")) == [29304, 3257, 16281]


def test_default():
    data = load("default")
    assert sizes(data) == [24000, 3000, 3000]
    records = whole(data)
    assert (records["default payment next month"] == "1").sum() == 6636
    assert records["LIMIT_BAL"].mean() == pytest.approx(167484.32, abs=0.01)
    assert sizes(load("default", "tabsyn")) == [27000, 0, 3000]
    assert sizes(load("default", "difflm")) == [24000, 3000, 3000]


def test_magic():
    data = load("magic")
    assert whole(data)["class"].value_counts().to_dict() == {"g": 12332, "h": 6688}
    tabsyn = load("magic", "tabsyn")
    assert sizes(tabsyn) == [17117, 0, 1902]
    assert (whole(tabsyn)["class"] == "g").sum() == 12331


def test_shoppers():
    data = load("shoppers")
    assert sizes(data) == [9864, 1233, 1233]
    assert (whole(data)["Revenue"] == "True").sum() == 1908


def test_beijing():
    for split in ("harness", "tabsyn", "difflm"):
        data = load("beijing", split)
        assert sum(sizes(data)) == 43824 - 2067
        assert whole(data)["pm2.5"].notna().all()


@pytest.mark.parametrize("name", ["default", "magic", "shoppers"])
def test_harness_is_stratified(name):
    data = load(name, split_seed=3)
    share = whole(data)[data.schema.target].value_counts(normalize=True)
    for part in (data.train, data.validation, data.test):
        difference = part[data.schema.target].value_counts(normalize=True) - share
        assert difference.abs().max() < 1 / len(part)


def test_flytech():
    data = load("flytech")
    programs = whole(data)["program"]
    assert len(programs) in (356, 24813)
    assert not programs.str.startswith("```").any()
    assert f"taken off {len(programs)} programs" in data.source.notes[0]
    if len(programs) == 356:
        assert sizes(data) == [286, 35, 35]
        assert sizes(load("flytech", "difflm")) == [284, 43, 29]
    pairs = whole(load("flytech_instructions"))
    assert set(pairs["program"]) == set(programs)
    assert pairs["instruction"].str.len().min() > 5


def test_python_pairs():
    path = Path(os.environ["BENCH_DATA_DIR"]) / "python_pairs" / "python_pairs.jsonl"
    data = datasets.load(str(path))
    assert data.family == "code"
    assert sizes(data) == [960, 119, 119]
    for program in whole(data)["program"]:
        assert flytech.is_python(program)


def test_toolbench():
    data = load("toolbench")
    assert sizes(data) == [36972, 4621, 4621]
    assert all(json.loads(text)["type"] == "object" for text in data.test["parameters"])
    assert not set(data.test["tool_name"]) & set(data.train["tool_name"])
    categories = data.extras["categories"]
    assert categories["category"].nunique() == 49
    assert set(whole(data)["tool_name"]) == set(categories["tool_name"])
    queries = data.extras["queries"]
    assert 100 < len(queries) < 466
    assert f"{len(queries)} of 466 queries kept" in data.source.notes[0]
    seen = set(data.train["tool_name"]) | set(data.validation["tool_name"])
    for row in queries.itertuples():
        offered, answer = json.loads(row.offered), json.loads(row.answer)
        assert not {api["tool_name"] for api in offered} & seen
        assert answer
        assert {one["name"] for one in answer} <= {api["name"] for api in offered}
    queries = toolbench.read(Path(os.environ["BENCH_DATA_DIR"])).extras["queries"]
    assert queries["group"].value_counts().to_dict() == {"G1_instruction": 160, "G1_tool": 158, "G1_category": 148}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flytech", "toolbench"])
def test_no_near_duplicate_of_a_test_record_is_in_train(name):
    data = load(name, split_seed=2)
    train, test = (record_texts(part, data.schema) for part in (data.train, data.test))
    assert similarity_to_nearest(test, train).max() == 0
    # what a split by records would do
    every = record_texts(whole(data), data.schema)
    shuffled = np.random.default_rng(0).permutation(len(every))
    held, kept = np.split(shuffled, [len(every) // 10])
    found = similarity_to_nearest([every[i] for i in held], [every[i] for i in kept])
    assert (found > 0).mean() > 0.08
