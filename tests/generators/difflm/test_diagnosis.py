"""The diagnosis of autoencoders and diffusions whose faults are known, and its page."""

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from bench.condition import matches
from bench.errors import BenchError
from bench.frames import conform
from bench.progress import SILENT
from bench.records import Column, Dataset, Schema, Source
from generators.base import UNFULFILLED, Sample
from generators.difflm.diagnosis import Subject, checks, diagnose
from generators.difflm.tokens import Tokens
from generators.training.device import Device

SCHEMA = Schema((Column("x", "integer"), Column("<script>alert(1)</script>", "categorical")), "x", "regression")
TEXT = Schema((Column("code", "text"),))
LETTERS = "abcd"


def records(schema, numbers):
    """Record k holds the number k, and a letter for its remainder."""
    columns = [[int(k) for k in numbers], [LETTERS[int(k) % 4] for k in numbers]]
    if schema is TEXT:
        columns = [[f"{k:02d}" for k in columns[0]]]
    return conform(pd.DataFrame(dict(zip(schema.names, columns, strict=True))), schema)


def dataset(schema, family, held_out=60):
    rng = np.random.default_rng(0)
    train, test = (records(schema, rng.integers(0, 40, size)) for size in (150, held_out))
    return Dataset("known", family, schema, train, train.iloc[:0], test, "harness", 0, Source("demo"), "digest")


class Toy:
    """An autoencoder that writes the number of a record into the first dimension of the latent, over 20.

    With `deaf` the decoder always says record 3. A legal record has a number of at least `least`.
    """

    def __init__(self, schema, deaf=False, least=0):
        self.schema, self.deaf, self.least = schema, deaf, least

    def encode(self, frame):
        ids = torch.tensor([[0, *divmod(int(value), 10)] for value in frame.iloc[:, 0]]).reshape(-1, 3)
        return Tokens(ids, ids), np.ones(len(frame), dtype=bool)

    def encoder(self, ids):
        number = (10 * ids[:, 1] + ids[:, 2]).float()
        mean = torch.stack([number / 20 - 1, torch.zeros_like(number)], dim=1)
        return mean, torch.stack([torch.full_like(number, -8.0), torch.zeros_like(number)], dim=1)

    def numbers(self, latent):
        number = (20 * (latent[:, 0] + 1)).round().clamp(0, 39)
        return torch.full_like(number, 3.0) if self.deaf else number

    def reconstruction(self, tokens, latent):
        number = (10 * tokens.ids[:, 1] + tokens.ids[:, 2]).float()
        return (number - self.numbers(latent)).abs()

    def decode(self, latent, temperature, seed):
        number = self.numbers(latent).numpy()
        legal = number >= self.least
        return records(self.schema, number[legal]), legal

    def draw(self, n, seed):
        number = np.random.default_rng(seed).integers(0, 40, n)
        return torch.tensor(np.stack([number / 20 - 1, np.zeros(n)], axis=1), dtype=torch.float32)

    def reject(self, n, where, seed):
        """Goes through the numbers in turn until `n` records fulfil the condition."""
        turns = records(self.schema, np.arange(40 * n) % 40)
        places = np.flatnonzero(matches(turns, where))[:n]
        attempts = int(places[-1]) + 1
        return Sample(turns.iloc[places].reset_index(drop=True), attempts, {UNFULFILLED: attempts - n})

    def give_up(self, n, where, seed):
        return Sample(records(self.schema, []), 7, {"illegal": 7}, "none was legal")

    def subject(self, **changes):
        parts = {
            "model": self,
            "tokenizer": self,
            "device": Device("cpu", False, "eager"),
            "draw": self.draw,
            "noise": torch.tensor([0.018, 1.0]),
            "decode": self.decode,
            "temperature": 1.0,
            "control": {"rejection": self.reject, "guidance": self.give_up},
            "history": {"step": [1, 2], "kl": [0.5, 0.7]},
        }
        return Subject(**{**parts, **changes})


@pytest.fixture(scope="module")
def perfect():
    return diagnose(Toy(SCHEMA).subject(), dataset(SCHEMA, "tabular"), 0, SILENT)


def test_a_perfect_model_has_nothing_to_find(perfect):
    found = perfect.numbers
    for name in ("train", "held-out"):
        assert found["reconstruction"][name]["exact_percent"] == 100
        assert set(found["reconstruction"][name]["columns"].values()) == {100.0}
        nats = found["worth of the latent"][name]
        assert nats["own latent"] == 0
        # two draws from 0..39 are 40 / 3 apart, and one is 10 from the middle
        assert nats["shuffled latent"] == pytest.approx(40 / 3, rel=0.25)
        assert nats["latent zero"] == pytest.approx(10, rel=0.25)
    assert found["reconstruction"]["held-out, latent zero"]["exact_percent"] < 20
    assert found["latent"]["active_units"] == 1
    assert found["latent"]["kl_nats_of_dimensions"][1] == pytest.approx(0, abs=1e-6)
    for space in ("as decoded", "as learnt"):
        assert abs(found["latent samples"][space]["diffusion"]["c2st_xgboost_auc"] - 0.5) < 0.25
    assert found["latent samples"]["as decoded"]["prior"]["sliced_wasserstein"] > 0.2
    assert found["records"] == {"diffusion": 150, "posteriors of train": 150, "prior": 150}
    assert json.loads(json.dumps(found)) == found


def test_a_decoder_that_does_not_listen_is_found():
    found = diagnose(Toy(SCHEMA, deaf=True).subject(), dataset(SCHEMA, "tabular"), 0, SILENT).numbers
    assert len(set(found["worth of the latent"]["train"].values())) == 1
    accuracy = found["reconstruction"]
    assert accuracy["held-out"]["columns"] == accuracy["held-out, latent zero"]["columns"]


def test_a_diffusion_that_misses_is_found():
    toy = Toy(SCHEMA)
    subject = toy.subject(draw=lambda n, seed: toy.draw(n, seed) + torch.tensor([3.0, 0.0]))
    found = diagnose(subject, dataset(SCHEMA, "tabular"), 0, SILENT).numbers["latent samples"]
    for space in ("as decoded", "as learnt"):
        assert found[space]["diffusion"]["c2st_xgboost_auc"] > 0.95
        # in two dimensions the root mean square of a projection of the shift
        assert found[space]["diffusion"]["sliced_wasserstein"] == pytest.approx(3 / np.sqrt(2), rel=0.15)
        assert found[space]["held-out"]["c2st_xgboost_auc"] < 0.75


def test_a_diffusion_of_posterior_samples_has_no_other_space():
    found = diagnose(Toy(SCHEMA).subject(noise=torch.zeros(2)), dataset(SCHEMA, "tabular"), 0, SILENT)
    assert "as learnt" not in found.numbers["latent samples"]
    assert "without noise" not in found.page("t", [], [])


def test_illegal_records_count_as_lost():
    found = diagnose(Toy(SCHEMA, least=10).subject(), dataset(SCHEMA, "tabular"), 0, SILENT)
    share = (dataset(SCHEMA, "tabular").train["x"] >= 10).mean()
    assert found.numbers["reconstruction"]["train"]["exact_percent"] == pytest.approx(100 * share)
    assert found.numbers["records"]["diffusion"] < 150
    assert len(found.arrays["diffusion"]) == len(found.arrays["diffusion target"]) < 150


def test_texts_are_measured_by_token():
    found = diagnose(Toy(TEXT, least=10).subject(), dataset(TEXT, "code"), 0, SILENT)
    accuracy = found.numbers["reconstruction"]["train"]
    share = (dataset(TEXT, "code").train["code"].astype(int) >= 10).mean()
    assert accuracy["exact_percent"] == accuracy["token_accuracy_percent"] == pytest.approx(100 * share)
    assert "columns" not in accuracy
    assert found.samples[""].records == found.numbers["control"] == {}
    assert "<h2>Control" not in found.page("Texts", [], [])
    page = found.page("Texts", [], [])
    assert "tokens %" in page
    assert page.count("<img") == 3


def test_control_of_the_most_frequent_labels():
    label = SCHEMA.names[1]
    data = dataset(replace(SCHEMA, target=label, task="classification"), "tabular")
    # a fifth label, the rarest one
    data.train.loc[0, label] = "e"
    found = diagnose(Toy(SCHEMA).subject(), data, 0, SILENT)
    train = data.train[label].value_counts().drop("e")
    assert list(found.numbers["control"]) == [f"{label}={letter}" for letter in train.index]
    for letter, rows in train.items():
        ways, samples = found.numbers["control"][f"{label}={letter}"], found.samples[f"{label}={letter}"]
        assert set(samples.records["rejection"][label]) == {letter}
        assert ways["rejection"]["records"] == len(samples.records["rejection"]) == rows
        # one record in four has the letter
        assert ways["rejection"]["control_accuracy_percent"] == pytest.approx(25, abs=1)
        assert ways["rejection"]["attempts_per_record"] == pytest.approx(4, abs=0.1)
        assert ways["guidance"] == {"records": 0, "control_accuracy_percent": None, "attempts_per_record": None}
    score = {"where": f"{label}=a", "records": "held-out", "metric": "error", "value": 1.0, "stderr": 0.25}
    page = found.page("t", [], [score])
    assert "&lt;/script&gt;=a</caption>" in page
    assert "<td>held-out</td><td></td><td></td><td></td><td>1.000 ± 0.250</td>" in page
    assert "<td>guidance</td><td>0</td><td>not defined</td><td>not defined</td><td>not defined</td>" in page


def test_control_of_a_number_is_of_its_upper_quarter(perfect):
    upper = int(np.sort(dataset(SCHEMA, "tabular").train["x"])[112])
    (ways,) = perfect.numbers["control"].values()
    assert list(perfect.numbers["control"]) == [f"{upper}<=x"]
    assert perfect.samples[f"{upper}<=x"].records["rejection"]["x"].min() == upper
    assert ways["rejection"]["control_accuracy_percent"] == pytest.approx(100 * (40 - upper) / 40, abs=2)


def test_no_target_no_control():
    data = dataset(replace(SCHEMA, target=None, task=None), "tabular")
    assert diagnose(Toy(SCHEMA).subject(), data, 0, SILENT).numbers["control"] == {}


def test_equal_seeds_find_the_same(perfect):
    again = diagnose(Toy(SCHEMA).subject(), dataset(SCHEMA, "tabular"), 0, SILENT)
    assert again.numbers == perfect.numbers
    assert again.page("t", [], []) == perfect.page("t", [], [])
    other = diagnose(Toy(SCHEMA).subject(), dataset(SCHEMA, "tabular"), 1, SILENT)
    assert other.numbers != perfect.numbers


def test_no_two_purposes_share_their_noise():
    purposes = ("diffusion", "diffusion noise", "train", "held-out", "prior")
    assert len({checks.stream(seed, what) for seed in (0, 1) for what in purposes}) == 10


def test_too_few_held_out_records_are_one_line():
    with pytest.raises(BenchError, match="4 of 4 held-out records can be spelled"):
        diagnose(Toy(SCHEMA).subject(), dataset(SCHEMA, "tabular", held_out=4), 0, SILENT)


def test_the_page_needs_nothing_beside_it_and_escapes_names(perfect):
    scores = [
        {"where": "", "records": "<b>", "metric": "error_percent", "value": 1.0, "stderr": 0.25},
        {"where": "", "records": "prior", "metric": "other", "value": None, "stderr": None},
    ]
    page = perfect.page("<script>alert(2)</script>", ["a & b"], scores)
    assert "<script" not in page
    assert "&lt;script&gt;alert(2)" in page
    assert "a &amp; b" in page
    assert "<td>&lt;b&gt;</td><td>1.000 ± 0.250</td><td>not defined</td>" in page
    assert re.findall(r"(?:src|href)=\"(?!data:)", page) == []
    assert "http" not in page
    assert "url(" not in page
    pictures = re.findall(r"<img src=\"data:image/svg\+xml;base64,[\w+/=]+\" alt=\"([^\"]+)\">", page)
    assert len(pictures) == page.count("<img") == 4
    assert all(len(alternative) > 20 for alternative in pictures)
    for encoded in re.findall(r"base64,([\w+/=]+)", page):
        svg = base64.b64decode(encoded).decode()
        assert re.findall(r"href=\"(?!#|data:)|url\((?!#)|<!DOCTYPE|<script", svg) == []


@pytest.mark.parametrize("labels", [["a", None, "_b", "$x$", *map(str, range(9))], [1.5, None, -2.0]])
def test_any_target_colours_the_picture(perfect, labels):
    targets = {
        f"{name} target": np.array([labels[i % len(labels)] for i in range(len(perfect.arrays[name]))], dtype=object)
        for name in ("train", "held-out", "diffusion")
    }
    assert perfect.arrays.keys() == targets.keys() | {"train", "held-out", "diffusion"}
    assert "<img" in replace(perfect, arrays={**perfect.arrays, **targets}).page("t", [], [])
