"""DiffLM on pretrained networks end to end: fit, save, load, sample."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest
from safetensors.torch import load_file

from bench.errors import BenchError
from bench.records import Column, Dataset, Schema, Source
from generators.difflm import DiffLM

FAST = {
    "encoder_width": 16,
    "encoder_layers": 1,
    "decoder_width": 16,
    "decoder_layers": 1,
    "latent_size": 4,
    "diffusion_width": 16,
    "diffusion_blocks": 1,
    "diffusion_steps": 10,
    "matched_draws": 256,
    "sampler_steps": 4,
    "steps": 10,
    "least_steps": 10,
    "batch_records": 8,
    "learning_rate": 3e-3,
    "warmup_steps": 3,
}
# every family once on each side, every training, every injection; and each side beside a compact one
COMBINATIONS = [
    ("bert", "mistral", "frozen", "prefix_soft_prompt"),
    ("t5", "gpt2", "lora", "soft_prompt"),
    ("gpt2", "qwen2", "full", "input_embed"),
    ("llama", "llama", "frozen", "kv_memory"),
    ("compact", "qwen2", "lora", "kv_memory"),
    ("bert", "compact", "full", "soft_prompt"),
]


def digests(folder: str) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in Path(folder).iterdir()}


def weights(folder: Path) -> dict[str, int]:
    """How many numbers every saved weight has."""
    found = {}
    for file in folder.glob("*.safetensors"):
        found |= {name: value.numel() for name, value in load_file(file).items()}
    return found


def options(pretrained, encoder: str, decoder: str, training: str, injection: str) -> dict[str, object]:
    names = {"encoder": pretrained.get(encoder, encoder), "decoder": pretrained.get(decoder, decoder)}
    return FAST | names | {"decoder_training": training, "injection": injection}


@pytest.mark.parametrize(("encoder", "decoder", "training", "injection"), COMBINATIONS)
def test_fit_save_load_sample(pretrained, frame, tmp_path, encoder, decoder, training, injection):
    bases = [pretrained[family] for family in {encoder, decoder} - {"compact"}]
    before = [digests(folder) for folder in bases]
    train = frame.head(60)
    fitted = DiffLM(**options(pretrained, encoder, decoder, training, injection)).fit(train, target="y", seed=1)
    sample = fitted.sample(12, seed=2)
    # ten steps teach next to nothing: it is the grammar that makes every attempt a record
    assert (len(sample.records), sample.attempts, sample.rejected) == (12, 12, {})
    pd.testing.assert_series_equal(sample.records.dtypes, train.dtypes)
    for name in ("job", "y"):
        assert set(sample.records[name].dropna()) <= set(train[name].dropna())
    assert sample.records["age"].between(train["age"].min(), train["age"].max()).all()

    fitted.save(tmp_path / "model")
    loaded = DiffLM.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.sample(12, seed=2).records, sample.records)
    assert [digests(folder) for folder in bases] == before

    kept = weights(tmp_path / "model")
    of_decoder = {name for name in kept if name.startswith("decoder.")}
    adapters = {name for name in of_decoder if ".lora_" in name}
    if training == "full":
        assert not adapters
        assert of_decoder == {f"decoder.{name}" for name, _ in loaded.model.decoder.named_parameters()}
    else:
        assert of_decoder == adapters
        assert bool(adapters) == (training == "lora")
    logs = {"training.png", "events.out.tfevents.autoencoder"}
    assert {path.name for path in (tmp_path / "model").iterdir()} == logs | {
        *("generator.json", "state.json", "autoencoder.safetensors", "latent.safetensors")
    }


def test_a_check_without_grammar_ends_with_a_shortfall(pretrained, frame):
    asked = {"constraint": "check", "attempts_per_record": 3}
    fitted = DiffLM(**options(pretrained, "bert", "gpt2", "frozen", "soft_prompt") | asked).fit(frame.head(30))
    sample = fitted.sample(4, seed=0)
    assert len(sample.records) == 0
    assert list(sample.records) == list(frame)
    assert sample.attempts == sum(sample.rejected.values()) == 12
    assert set(sample.rejected) <= {"not JSON", "longer than any train record"}
    assert sample.shortfall == "12 attempts gave 0 of 4 records"


def test_a_label_that_train_never_had_is_refused_before_anything_is_drawn(pretrained, frame):
    fitted = DiffLM(**options(pretrained, "compact", "llama", "frozen", "soft_prompt")).fit(frame.head(30), target="y")
    with pytest.raises(BenchError, match="value of 'y' 'olld' is not known; did you mean 'old'"):
        fitted.sample(5, where={"y": "olld"})


def programs() -> Dataset:
    frame = pd.DataFrame({"program": [f"{'abc'[i % 3]} = {i % 4}" for i in range(60)]})
    parts = (frame.iloc[:40], frame.iloc[40:50], frame.iloc[50:])
    schema = Schema((Column("program", "text"),))
    return Dataset(
        "small", "code", schema, *(part.reset_index(drop=True) for part in parts), "harness", 0, Source("file"), ""
    )


def test_programs_of_a_pretrained_decoder_parse(pretrained):
    asked = {"steps": 60, "least_steps": 60, "learning_rate": 1e-2, "attempts_per_record": 30}
    fitted = DiffLM(**options(pretrained, "t5", "llama", "full", "soft_prompt") | asked).fit(programs())
    sample = fitted.sample(8, seed=0)
    assert len(sample.records) == 8
    assert sample.attempts == len(sample.records) + sum(sample.rejected.values()) <= 8 * 30
    for program in sample.records["program"]:
        compile(program, "sample", "exec")
