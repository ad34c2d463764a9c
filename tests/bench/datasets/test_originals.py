"""The original files, against facts published with them."""

import json
import os

import pandas as pd
import pytest

from bench import datasets

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
    programs = whole(load("flytech"))["program"]
    assert len(programs) in (356, 24813)
    assert not programs.str.startswith("```").any()


def test_toolbench():
    data = load("toolbench")
    assert sum(sizes(data)) == 46214
    assert len(data.extras["queries"]) == 466
    assert all(json.loads(text)["type"] == "object" for text in data.test["parameters"])
