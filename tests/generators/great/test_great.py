"""What GReaT learns of a table of known structure, with its own model and with one from a folder."""

from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from bench.condition import Between
from bench.conformance import conformance
from bench.errors import BenchError
from generators import GReaT

TINY = {"width": 16, "layers": 1, "heads": 2, "batch": 8, "learning_rate": 0.01}
LEARNT = {"width": 32, "layers": 2, "heads": 2, "batch": 16, "steps": 200, "learning_rate": 0.01, "temperature": 1.0}


@pytest.fixture(scope="module")
def learnt():
    from .conftest import rows

    return GReaT(**LEARNT).fit(rows(), target="y", seed=0)


def check_structure(records: pd.DataFrame, table: pd.DataFrame, tolerance: float) -> None:
    for label, share in table["c"].value_counts(normalize=True).items():
        assert (records["c"] == label).mean() == pytest.approx(share, abs=tolerance)
    assert ((records["y"] == "yes") == (records["c"] == "c")).mean() > 0.95
    assert ((records["x"] > 9) == (records["c"] == "b")).mean() > 0.9


def test_it_learns_marginals_and_dependence(learnt, table):
    sample = learnt.sample(400, seed=0)
    assert sample.shortfall is None
    check_structure(sample.records, table, 0.09)
    # a row is three names, two labels, a number of one or two signs, a beginning and an end
    assert learnt.fit_details["tokens_per_record"] == pytest.approx(8 + (table["x"] > 9).mean())


def test_a_condition_begins_the_text(learnt):
    sample = learnt.sample(60, where={"c": "b", "y": "no"}, seed=0)
    assert (sample.records["c"] == "b").all()
    # rejection alone would fulfil it three times in ten
    assert sample.control_accuracy > 0.95
    assert (sample.records["x"] > 9).mean() > 0.9
    either = learnt.sample(60, where={"y": ["yes"], "x": Between(1, 9)}, seed=0)
    assert (either.records["y"] == "yes").all()
    assert (either.records["x"] < 10).all()


def test_what_train_never_had_is_refused(learnt):
    with pytest.raises(BenchError, match=r"value of 'c' 'bb' is not known; did you mean 'b'\?"):
        learnt.sample(1, where={"c": "bb"})
    with pytest.raises(BenchError, match="no record can miss 'c'"):
        learnt.sample(1, where={"c": None})
    assert len(learnt.sample(0).records) == 0


def test_the_model_may_choose_the_columns(learnt, table):
    free = copy(learnt)
    free.config = replace(learnt.config, columns="free", start="random")
    sample = free.sample(150, seed=0)
    assert sample.shortfall is None
    assert sample.attempts == 150 + sum(sample.rejected.values())
    check_structure(sample.records, table, 0.13)


def test_an_untrained_model_ends_with_a_shortfall_and_reasons(table):
    sample = GReaT(**TINY, steps=1, columns="free", attempts_per_record=3).fit(table).sample(50, seed=0)
    assert sample.attempts == 150 or sample.shortfall is None
    assert sample.attempts == len(sample.records) + sum(sample.rejected.values())
    assert set(sample.rejected) <= {
        "a column stands twice", "a column is missing", "a number that is none", "a label that train never had",
        "missing where train never is", "not a column of the table", "not of the form 'column is value'", "did not end",
    }  # fmt: skip


def test_a_pretrained_model_learns_and_is_saved(gpt2, table, tmp_path):
    model = GReaT(model=gpt2, steps=150, batch=16, learning_rate=1e-2, temperature=0.5).fit(table, target="y", seed=0)
    sample = model.sample(100, seed=0)
    # random weights hardly ever write a row
    assert sample.shortfall is None
    conditioned = model.sample(20, where={"c": "b"}, seed=0)
    assert (conditioned.records["c"] == "b").all()
    # a model without a memory of its beginning would fulfil it three times in ten
    assert conditioned.control_accuracy > 0.9
    model.save(tmp_path / "model")
    assert GReaT.load(tmp_path / "model").sample(100, seed=0).records.equals(sample.records)


def test_adapters_train_and_are_saved_alone(gpt2, table, tmp_path):
    model = GReaT(model=gpt2, training="lora", lora_rank=4, steps=3, attempts_per_record=1).fit(table)
    model.save(tmp_path / "model")
    from safetensors.torch import load_file

    assert all("lora" in name for name in load_file(tmp_path / "model" / "network.safetensors"))
    loaded = GReaT.load(tmp_path / "model")
    ids = torch.tensor([[0, 5, 6, 7]])
    with torch.no_grad():
        assert torch.equal(model.speaker(ids), loaded.speaker(ids))


def test_a_row_that_does_not_fit_into_the_context_is_one_line(gpt2):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3)), columns=list("abc"))
    with pytest.raises(BenchError, match=r"^the longest train row has \d+ tokens, and model '.*' reads 40; [^\n]*$"):
        GReaT(model=gpt2, steps=1).fit(frame)
    with pytest.raises(BenchError, match=r"^model 'nothing/there' cannot be read: [^\n]*$"):
        GReaT(model="nothing/there", steps=1).fit(frame)


@pytest.mark.parametrize(
    "options",
    [{"training": "lora"}, {"columns": "wild"}, {"model": "x", "columns": "guided"}, {"width": 30}, {"batch": 0}],
)
def test_settings_that_make_no_sense_are_refused(options):
    with pytest.raises(BenchError, match="GReaT"):
        GReaT(**options)


def test_a_killed_fit_ends_as_if_it_had_never_stopped(table, fit_killed_once):
    options = TINY | {"steps": 9, "batch": 100}  # three passes
    whole = GReaT(**options).fit(table, seed=1)
    resumed, calls = fit_killed_once(lambda: GReaT(**options), table, at=5, optimiser=torch.optim.AdamW, seed=1)
    assert calls == 5 + 5
    for name, weight in whole.speaker.state_dict().items():
        assert torch.equal(weight, resumed.speaker.state_dict()[name])


CONFORMANCE = TINY | {"steps": 30, "batch": 2, "digits": 2, "learning_rate": 0.02, "temperature": 0.5}


def test_a_hard_table(monkeypatch):
    from bench.conformance import run

    hard = {"missing values everywhere"}
    cases = run.odd_tables
    monkeypatch.setattr(run, "odd_tables", lambda seed: [case for case in cases(seed) if case.name in hard])
    findings = list(conformance(lambda: GReaT(**CONFORMANCE), random_tables=0))
    assert [finding for finding in findings if finding.problem] == []
    assert len(findings) == 9


@pytest.mark.slow
def test_the_contract_on_all_tables():
    findings = list(conformance(lambda: GReaT(**CONFORMANCE)))
    assert [finding for finding in findings if finding.problem] == []
