"""DiffLM end to end: what a user sees."""

import copy
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from bench.errors import BenchError
from bench.progress import SILENT
from bench.records import Column, Dataset, Schema, Source
from generators.difflm import DiffLM
from generators.difflm.generator import enough
from generators.difflm.latent import fit_latent_model

FAST = {
    "encoder_width": 32,
    "encoder_layers": 1,
    "decoder_width": 32,
    "decoder_layers": 1,
    "latent_size": 4,
    "diffusion_width": 32,
    "diffusion_blocks": 1,
    "steps": 150,
    "least_steps": 150,
    "diffusion_steps": 150,
    "matched_draws": 256,
    "batch_tokens": 600,
    "learning_rate": 3e-3,
    "warmup_steps": 20,
    "bins": 8,
    "atom_limit": 16,
}


@pytest.fixture(scope="module")
def fitted(frame):
    return DiffLM(**FAST).fit(frame, target="y", seed=1)


def test_three_lines_on_a_plain_frame(fitted, frame):
    sample = fitted.sample(300, seed=0)
    assert len(sample.records) == sample.attempts == 300
    assert sample.rejected == {}
    assert sample.shortfall is None
    pd.testing.assert_series_equal(sample.records.dtypes, frame.dtypes)
    for name in ("job", "y"):
        assert set(sample.records[name].dropna()) <= set(frame[name].dropna())
    assert sample.records["pay"].between(frame["pay"].min(), frame["pay"].max()).all()
    assert sample.records["job"].isna().any()


def test_what_was_learnt_is_in_the_sample(fitted, frame):
    records = fitted.sample(2000, seed=2).records
    real, synthetic = (f["y"].eq("old").mean() for f in (frame, records))
    assert synthetic == pytest.approx(real, abs=0.12)
    zero = records["pay"].eq(0).mean()
    assert zero == pytest.approx(frame["pay"].eq(0).mean(), abs=0.12)


def test_equal_seeds_give_equal_records(fitted, frame):
    again = DiffLM(**FAST).fit(frame, target="y", seed=1)
    pd.testing.assert_frame_equal(fitted.sample(50, seed=4).records, again.sample(50, seed=4).records)
    other = fitted.sample(50, seed=5).records
    assert not fitted.sample(50, seed=4).records.equals(other)


def test_fitting_leaves_the_global_random_state_alone(frame):
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    DiffLM(**FAST | {"steps": 2, "diffusion_steps": 2}).fit(frame, target="y").sample(3)
    assert torch.equal(torch.rand(1), expected)


def test_load_continues_where_save_stopped(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    loaded = DiffLM.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.sample(50, seed=9).records, fitted.sample(50, seed=9).records)
    assert loaded.history == fitted.history
    with pytest.raises(BenchError, match="already exists"):
        fitted.save(tmp_path / "model")


def test_blocks_of_records_do_not_depend_on_how_many_are_asked_for(fitted):
    small = copy.copy(fitted)
    small.config = replace(fitted.config, decode_batch=8)
    records = {n: small.sample(n, seed=0, where={"y": "old"}).records for n in (32, 64, 100)}
    for n in (32, 64):
        pd.testing.assert_frame_equal(records[100].head(n), records[n])
    assert len(records[100]) == 100
    assert not records[64].head(32).equals(records[64].tail(32).reset_index(drop=True))


def test_a_condition_holds_in_every_record(fitted):
    sample = fitted.sample(80, seed=3, where={"y": "old", "job": "a"})
    assert len(sample.records) == 80
    assert sample.records["y"].eq("old").all()
    assert sample.records["job"].eq("a").all()
    assert sample.attempts - sum(sample.rejected.values()) == 80


def test_conditioned_records_are_those_of_the_model(fitted):
    everything = fitted.sample(4000, seed=0).records
    expected = everything.loc[everything["y"].eq("old"), "age"].astype(float)
    given = fitted.sample(1000, seed=1, where={"y": "old"}).records["age"].astype(float)
    error = np.hypot(expected.std() / np.sqrt(len(expected)), given.std() / np.sqrt(len(given)))
    assert abs(given.mean() - expected.mean()) < 4 * error


def test_an_impossible_condition_is_one_clear_line(fitted):
    with pytest.raises(BenchError, match="did you mean 'age'"):
        fitted.sample(5, where={"agee": 3})
    with pytest.raises(BenchError, match="value of 'y' 'olld' is not known; did you mean 'old'"):
        fitted.sample(5, where={"y": "olld"})
    with pytest.raises(BenchError, match="no record can have age=1000: train has no such value"):
        fitted.sample(5, where={"age": 1000})
    with pytest.raises(BenchError, match="no record can have age=null"):
        fitted.sample(5, where={"age": None})


def test_a_condition_that_is_never_met_ends_with_a_shortfall(fitted, frame):
    rare = frame.loc[frame["pay"].gt(0), "pay"].iloc[0]
    sample = fitted.sample(5, where={"pay": rare, "job": "a", "y": "old", "age": 18})
    assert len(sample.records) < 5
    assert sample.attempts == 500
    assert f"500 attempts gave {len(sample.records)} of 5 records" in sample.shortfall


def test_nothing_asked_nothing_given(fitted, frame):
    sample = fitted.sample(0)
    assert len(sample.records) == sample.attempts == 0
    pd.testing.assert_series_equal(sample.records.dtypes, frame.dtypes)


def test_an_interpolation_leads_from_one_record_to_the_other(fitted, frame):
    old, young = (frame.index[frame["y"].eq(label)][0] for label in ("old", "young"))
    way = fitted.interpolate(frame.loc[[old, young]], 7)
    assert len(way) == 7
    pd.testing.assert_series_equal(way.dtypes, frame.dtypes)
    for name in ("job", "y"):
        assert set(way[name].dropna()) <= set(frame[name].dropna())
    assert way["age"].between(frame["age"].min(), frame["age"].max()).all()
    pd.testing.assert_frame_equal(fitted.interpolate(frame.loc[[old, young]], 7), way)
    # the latents at the ends are those of the records, whatever the number of steps
    ends = fitted.interpolate(frame.loc[[old, young]], 2)
    pd.testing.assert_frame_equal(way.iloc[[0, -1]].reset_index(drop=True), ends)


def test_a_train_record_is_its_own_nearest_neighbour(fitted, frame):
    few = frame.tail(50)
    positions = fitted.neighbours(few, frame, k=3)
    assert positions.shape == (50, 3)
    # a record may be there twice
    found = frame.iloc[positions[:, 0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, few.reset_index(drop=True))
    assert all(len(set(row)) == 3 for row in positions.tolist())


def test_a_look_at_the_latents_of_what_has_none_is_one_clear_line(fitted, frame):
    strange = frame.head(2).assign(job=["a", "never seen"])
    for look in (lambda: fitted.interpolate(strange, 3), lambda: fitted.neighbours(strange, frame, 1)):
        with pytest.raises(BenchError, match=r"^record 1 has a value that train never had; it has no latent$"):
            look()
    with pytest.raises(BenchError, match=r"^3 records were given where 2 are needed$"):
        fitted.interpolate(frame.head(3), 3)
    with pytest.raises(BenchError, match=r"^1 steps cannot lead from one record to another; give at least 2$"):
        fitted.interpolate(frame.head(2), 1)
    with pytest.raises(BenchError, match=r"^401 neighbours were asked for; give 1 to 400"):
        fitted.neighbours(frame.head(2), frame, 401)
    assert fitted.neighbours(frame.head(0), frame, 2).shape == (0, 2)
    with pytest.raises(BenchError, match=r"^2 neighbours were asked for"):
        fitted.neighbours(frame.head(1), frame.head(0), 2)


@pytest.mark.parametrize(
    "columns",
    [
        {"constant": [5] * 30, "missing": [None] * 30},
        {"only": list(range(30))},
        {'name with "quotes" é': [f"id {i}" for i in range(30)], "x": np.linspace(-1e12, 1e-12, 30)},
    ],
)
def test_odd_tables(columns):
    sample = DiffLM(**FAST | {"steps": 3, "diffusion_steps": 3}).fit(pd.DataFrame(columns)).sample(20)
    assert len(sample.records) == 20
    assert list(sample.records) == list(columns)


def text_dataset(family: str, frame: pd.DataFrame, kinds: dict[str, str]) -> Dataset:
    schema = Schema(tuple(Column(name, kind) for name, kind in kinds.items()))
    parts = [frame.iloc[:80], frame.iloc[80:90], frame.iloc[90:]]
    parts = [part.reset_index(drop=True) for part in parts]
    return Dataset("small", family, schema, *parts, "harness", 0, Source("file"), "")


@pytest.fixture(scope="module")
def programs():
    frame = pd.DataFrame({"program": [f"def f(x):\n    return x {'+-*'[i % 3]} {i % 4}\n" for i in range(100)]})
    # one record that would make a model of short programs read hundreds of tokens
    frame.loc[3, "program"] = "\n".join(f"x{i} = {i}" for i in range(200))
    return text_dataset("code", frame, {"program": "text"})


@pytest.fixture(scope="module")
def coder(programs):
    return DiffLM(**FAST | {"vocabulary": 280, "attempts_per_record": 50, "max_length": 100}).fit(programs)


@pytest.mark.parametrize("held_out", [10, 0])
def test_nothing_is_learnt_from_a_validation_part(programs, monkeypatch, held_out):
    learnt = []

    def spy(mean, *arguments, **options):
        learnt.append(len(mean))
        return fit_latent_model(mean, *arguments, **options)

    monkeypatch.setattr("generators.difflm.generator.fit_latent_model", spy)
    data = replace(programs, validation=programs.validation.head(held_out))
    model = DiffLM(**FAST | {"vocabulary": 280, "steps": 3, "least_steps": 3, "diffusion_steps": 3}).fit(data)
    # all of train, also the part of it that chooses the weights where there is no validation
    assert learnt == [len(programs.train) - model.fit_details["left_out_records"]]


def test_code_is_sampled_as_programs_that_parse(coder):
    sample = coder.sample(30)
    for program in sample.records["program"]:
        compile(program, "sample", "exec")
    assert sample.attempts == len(sample.records) + sum(sample.rejected.values())


def test_programs_have_a_temperature_of_their_own(coder, fitted):
    cold = copy.copy(coder)
    cold.config = replace(coder.config, program_temperature=0.05)
    assert cold.sample(40).attempts < coder.sample(40).attempts
    assert coder.temperature == coder.config.program_temperature == 0.7
    assert fitted.temperature == fitted.config.temperature == 1.0


def test_a_long_record_is_left_out_and_counted(coder):
    assert coder.fit_details == {"left_out_records": 1, "left_out_percent": 1.25}
    assert coder.codec.length < 100


def test_text_that_never_parses_ends_with_a_shortfall(coder):
    hopeless = copy.copy(coder)
    hopeless.config = replace(coder.config, attempts_per_record=3)
    hopeless.model = copy.deepcopy(coder.model)
    with torch.no_grad():
        hopeless.model.decoder.get_output_embeddings().weight.zero_()
    sample = hopeless.sample(10)
    assert len(sample.records) < 10
    assert sample.attempts == 30 == len(sample.records) + sum(sample.rejected.values())
    assert sample.shortfall == f"30 attempts gave {len(sample.records)} of 10 records"
    assert set(sample.rejected) <= {"does not parse", "empty text", "longer than any train record"}


def test_few_long_records_choose_the_weights():
    assert enough(torch.full((5000,), 18)) == 1000
    assert enough(torch.full((5000,), 1024)) == 64
    assert enough(torch.tensor([])) == 0


def test_bits_a_byte_of_a_decoder_that_knows_nothing(coder, programs):
    """Every token costs the logarithm of the vocabulary; the KL comes on top."""
    blank = copy.copy(coder)
    blank.model = copy.deepcopy(coder.model)
    with torch.no_grad():
        blank.model.decoder.get_output_embeddings().weight.zero_()
    tokens, spelled = coder.codec.encode(programs.train)
    mean, deviation = (part.double() for part in coder._posterior(tokens, SILENT))
    kl = 0.5 * (mean**2 + deviation**2 - 1 - 2 * deviation.log()).sum() / np.log(2)
    size = programs.train.loc[spelled, "program"].str.encode("utf-8").str.len().sum()
    bits = (tokens.lengths - 1).sum() * np.log2(coder.codec.tokenizer.size)
    assert blank.bits_per_byte(programs.train) == pytest.approx(float(bits + kl) / size, rel=0.01)
    assert coder.bits_per_byte(programs.train) < 0.5 * blank.bits_per_byte(programs.train)
    with pytest.raises(BenchError, match="none of the 1 records can be spelled"):
        coder.bits_per_byte(programs.train.loc[[3]])


def test_tools_are_sampled_as_records_of_the_schema():
    tools = pd.DataFrame({"a": [f"t{i % 3}" for i in range(100)], "b": ["[1]", "[2, 3]"] * 50})
    data = text_dataset("tool", tools, {"a": "text", "b": "json"})
    sample = DiffLM(**FAST | {"vocabulary": 280, "steps": 60, "least_steps": 60}).fit(data).sample(20)
    assert len(sample.records) == 20
    # the grammar lets nothing else through
    assert set(sample.rejected) <= {"longer than any train record"}
    for text in sample.records["b"]:
        json.loads(text)


def test_an_exploding_loss_is_one_clear_line(frame):
    with pytest.raises(BenchError, match=r"the loss became nan at step .*; lower learning_rate"):
        DiffLM(**FAST | {"learning_rate": 1e30}).fit(frame, target="y")


def test_an_unknown_option_is_named():
    with pytest.raises(BenchError, match="did you mean 'steps'"):
        DiffLM(step=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kl_schedule": "capcity"}, "kl_schedule = 'capcity' of DiffLM: one of capacity, constant"),
        ({"sampler": "hoin"}, "sampler = 'hoin' of DiffLM: one of heun, euler, stochastic"),
        ({"warmup_steps": 0}, "warmup_steps = 0 of DiffLM: must be at least 1"),
        ({"attempts_per_record": 0}, "attempts_per_record = 0 of DiffLM: must be at least 1"),
        ({"decoder_width": 33}, "decoder_width = 33 of DiffLM: must be a multiple of 8"),
        ({"encoder_width": 33}, "encoder_width = 33 of DiffLM: must be a multiple of 4"),
    ],
)
def test_a_setting_that_no_training_can_use_is_named(options, message):
    with pytest.raises(BenchError, match=message):
        DiffLM(**options)
