"""Datasets by name."""

import re

import pandas as pd
import pytest

from bench import datasets
from bench.datasets.base import DataFile, Loader, Original
from bench.datasets.fetch import sha256
from bench.datasets.registered import load_demo, load_original
from bench.errors import BenchError
from bench.near_duplicates import record_texts, similarity_to_nearest
from bench.plan import all_datasets
from bench.records import Column, Schema

SEVEN = ["adult", "beijing", "default", "flytech", "magic", "shoppers", "toolbench"]


def test_the_seven_are_registered():
    assert set(SEVEN) <= set(datasets.names())


@pytest.mark.parametrize("name", SEVEN)
def test_every_loader_says_where_its_data_come_from(name):
    loader = datasets.get_loader(name)
    assert loader.name == name
    assert loader.url.startswith("https://")
    assert loader.title
    assert loader.licence
    assert loader.citation
    assert all(file.archive or file.hub or loader.how_to_get for file in loader.files)
    assert all(file.member for file in loader.files if file.archive or file.hub)


def test_all_means_the_seven():
    assert sorted(all_datasets()) == SEVEN
    assert "flytech_instructions" in datasets.names()


def test_instructions_go_with_the_same_programs():
    with_them, without = datasets.load("flytech_instructions"), datasets.load("flytech")
    assert with_them.schema.names == ["instruction", "program"]
    assert set(with_them.train["program"]) | set(with_them.test["program"]) <= set(
        pd.concat([without.train, without.validation, without.test])["program"]
    )
    for instruction, program in with_them.test.itertuples(index=False):
        name, _, rest = instruction.removeprefix("Write a function ").partition(". ")
        assert program.startswith(f"def {name}(")
        assert f'"""{rest}"""' in program


@pytest.mark.parametrize("name", ["flytech", "flytech_instructions", "toolbench"])
def test_no_near_duplicate_of_a_simulated_test_record_is_in_train(name):
    data = datasets.load(name, split_seed=1)
    train, validation, test = (record_texts(part, data.schema) for part in (data.train, data.validation, data.test))
    assert similarity_to_nearest(test, train).max() == 0
    assert similarity_to_nearest(test, validation).max() == 0
    assert len(test) == len(validation) == 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "adlut"}, "dataset 'adlut' is not known; did you mean 'adult'?"),
        ({"name": "adult", "target": "age"}, "are for a file of your own"),
        ({"name": "adult", "split": "tabsyn"}, "simulated data are split by 'harness'"),
        ({"name": "adult", "variant": "orignal"}, "did you mean 'original'?"),
    ],
)
def test_load_refuses(arguments, message):
    with pytest.raises(BenchError, match=re.escape(message)):
        datasets.load(**arguments)


def test_demo_data_are_split_80_10_10_also_where_the_original_has_a_test_file():
    data = datasets.load("adult")
    sizes = [len(data.train), len(data.validation), len(data.test)]
    assert sizes[1:] == [sum(sizes) // 10] * 2
    assert (data.source.variant, data.split) == ("demo", "harness")
    assert data.digest == datasets.load("adult", split_seed=1).digest


def toy(folder, **more):
    (folder / "toy.csv").write_text("a\n" + "\n".join(map(str, range(20))))
    return Loader(
        name="toy",
        family="tabular",
        title="Toy",
        schema=Schema((Column("a", "integer"),)),
        url="https://example.com",
        licence="MIT",
        citation="",
        files=(DataFile("toy.csv", sha256(folder / "toy.csv")),),
        read=lambda data_dir: Original(pd.read_csv(data_dir / "toy.csv")),
        **more,
    )


def test_an_original_is_verified_conformed_and_split(tmp_path):
    data = load_original(toy(tmp_path), "harness", 0, tmp_path)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [16, 2, 2]
    assert data.train["a"].dtype == "Int64"
    assert (data.source.variant, data.source.licence) == ("original", "MIT")
    with pytest.raises(BenchError, match="no simulated variant"):
        load_demo(toy(tmp_path), "harness", 0)


def test_the_digest_of_an_original_follows_its_bytes(tmp_path):
    first = load_original(toy(tmp_path), "harness", 0, tmp_path).digest
    assert load_original(toy(tmp_path), "difflm", 1, tmp_path).digest == first
    loader = toy(tmp_path)
    (tmp_path / "toy.csv").write_text("a\n" + "\n".join(map(str, range(1, 21))))
    changed = Loader(**{**vars(loader), "files": (DataFile("toy.csv", None),)})
    assert load_original(changed, "harness", 0, tmp_path).digest != first
