"""Loading pretrained networks: what is taken for a record, and what is refused in one line."""

import dataclasses
import shutil
import time
from pathlib import Path

import pytest
import torch
from huggingface_hub import ResolvedRevision
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    BartConfig,
    BertConfig,
    BertForMaskedLM,
    CohereConfig,
    DistilBertConfig,
    DistilBertModel,
    Gemma2Config,
    T5EncoderModel,
)

from bench import config as bench_config
from bench.errors import BenchError
from generators.difflm.build import build
from generators.difflm.config import DiffLMConfig
from generators.difflm.encoder import Encoder
from generators.difflm.pretrained import load_decoder, load_encoder, pin
from generators.difflm.pretrained_tokenizer import EncoderTokenizer, PretrainedTokenizer
from generators.language import hub as module
from generators.training.device import Device

CPU = Device("cpu", False, "eager")
SIZES = {"vocab_size": 320, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


def saved(network, folder: Path) -> str:
    network.save_pretrained(folder)
    return str(folder)


def pooled(folder: str, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """What the encoder takes for the records of padded ids."""
    transformer, pooling = load_encoder(DiffLMConfig(encoder=folder), CPU)
    encoder = Encoder(transformer, pooling, latent_size=2, least_deviation=0.5).eval()
    with torch.no_grad():
        return encoder.pool(transformer(input_ids=ids, attention_mask=mask.long()), mask)


@pytest.mark.parametrize("family", ["bert", "t5", "gpt2", "llama", "mistral", "qwen2"])
def test_what_stands_for_a_record(pretrained, family):
    ids = torch.randint(5, 300, (2, 6), generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]]).bool()
    loader = T5EncoderModel if family == "t5" else AutoModel
    network = loader.from_pretrained(pretrained[family], attn_implementation="eager").eval()
    got = pooled(pretrained[family], ids, mask)
    for row, length in enumerate(mask.sum(dim=1)):
        with torch.no_grad():
            output = network(input_ids=ids[row : row + 1, :length])
        hidden = output.last_hidden_state[0]
        expected = output.pooler_output[0] if family == "bert" else hidden.mean(dim=0) if family == "t5" else hidden[-1]
        torch.testing.assert_close(got[row], expected, rtol=1e-4, atol=1e-4)


def test_without_a_trained_pooler_the_first_position_stands_for_a_record(tmp_path):
    masked = saved(BertForMaskedLM(BertConfig(**SIZES, intermediate_size=16)), tmp_path / "masked")
    transformer, pooling = load_encoder(DiffLMConfig(encoder=masked), CPU)
    assert pooling == "first"
    assert not any("pooler" in name for name, _ in transformer.named_parameters()), "no random weights are left"
    small = DistilBertConfig(vocab_size=320, dim=16, hidden_dim=16, n_layers=1, n_heads=2)
    assert load_encoder(DiffLMConfig(encoder=saved(DistilBertModel(small), tmp_path / "small")), CPU)[1] == "first"


def test_the_encoder_half_of_an_encoder_decoder_alone_is_an_encoder(pretrained, tmp_path):
    half = saved(T5EncoderModel.from_pretrained(pretrained["t5"]), tmp_path / "half")
    assert load_encoder(DiffLMConfig(encoder=half), CPU)[1] == "mean"


def test_an_encoder_that_comes_with_its_decoder_only_is_refused(tmp_path):
    BartConfig(vocab_size=320, d_model=16).save_pretrained(tmp_path)
    with pytest.raises(BenchError, match="reads no bart without its decoder"):
        load_encoder(DiffLMConfig(encoder=str(tmp_path)), CPU)


def test_attention_and_dtype_are_as_asked(pretrained):
    options = {"encoder": pretrained["bert"], "decoder": pretrained["llama"], "dtype": "bfloat16", "attention": "sdpa"}
    for training, dtype in (("frozen", torch.bfloat16), ("full", torch.float32)):
        config = DiffLMConfig(**options, decoder_training=training, device_map="cpu")
        decoder = load_decoder(config, CPU)
        assert decoder.dtype == dtype
        assert decoder.config._attn_implementation == "sdpa"
        assert load_encoder(config, CPU)[0].dtype == torch.float32


def test_pretrained_and_compact_networks_mix(pretrained, frame, schema, tokenizer):
    config = DiffLMConfig(encoder=pretrained["bert"], decoder_width=16, decoder_layers=1, latent_size=4)
    model = build(config, tokenizer, CPU).eval()
    tokens, _ = tokenizer.encode(frame.head(6))
    read = EncoderTokenizer(schema, config).read(tokens, frame.head(6))
    assert not torch.equal(read.encoder_ids, tokens.encoder_ids)
    terms = model(read, torch.zeros(6, 4))
    alone = model(read[2:3].trimmed(), torch.zeros(1, 4))
    torch.testing.assert_close(alone.negative_elbo[0], terms.negative_elbo[2], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["nobody/nothing", "/no/such/folder", "two//slashes"])
def test_a_model_that_cannot_be_reached_is_one_line(monkeypatch, name):
    # a hub that refuses every connection: what a machine without a network sees
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    start = time.monotonic()
    for options in ({"encoder": name}, {"decoder": name}):
        (role,) = options
        with pytest.raises(BenchError, match=f"^{role} '{name}' cannot be read: [^\n]*; give the folder [^\n]*$"):
            pin(DiffLMConfig(**options))
    with pytest.raises(BenchError, match=f"^decoder '{name}' cannot be read: "):
        PretrainedTokenizer.restore({"length": 9}, None, DiffLMConfig(decoder=name))
    assert time.monotonic() - start < 10


def test_a_hub_id_is_pinned_to_todays_commit(monkeypatch, pretrained):
    asked = []

    def resolve(name: str, revision: str | None) -> ResolvedRevision:
        asked.append((name, revision))
        return ResolvedRevision("0" * 40, initial=revision)

    monkeypatch.setattr(module, "resolve_revision", resolve)
    config = DiffLMConfig(encoder="some/encoder", encoder_revision="v2", decoder=pretrained["gpt2"])
    assert pin(config) == dataclasses.replace(config, encoder_revision="0" * 40)
    assert asked == [("some/encoder", "v2")]
    assert pin(DiffLMConfig()) == DiffLMConfig()


def test_a_folder_without_a_model_is_one_line(tmp_path, pretrained):
    with pytest.raises(BenchError, match=r"^encoder '.*' cannot be read: [^\n]*$"):
        load_encoder(DiffLMConfig(encoder=str(tmp_path)), CPU)
    broken = shutil.copytree(pretrained["gpt2"], tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(BenchError, match=r"^decoder '.*' cannot be read: [^\n]*$"):
        load_decoder(DiffLMConfig(decoder=str(broken)), CPU)


def test_random_weights_are_not_taken_for_pretrained_ones(tmp_path, pretrained):
    headless = shutil.copytree(pretrained["llama"], tmp_path / "headless")
    weights = load_file(headless / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, headless / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BenchError, match=r"lacks 1 of its weights, such as lm_head\.weight"):
        load_decoder(DiffLMConfig(decoder=str(headless)), CPU)


def test_logits_that_are_capped_or_scaled_are_refused(tmp_path):
    grouped = {**SIZES, "intermediate_size": 16, "num_key_value_heads": 1}
    for kind, options in ((Gemma2Config, {"head_dim": 8}), (CohereConfig, {})):
        network = AutoModelForCausalLM.from_config(kind(**grouped, **options))
        folder = saved(network, tmp_path / kind.model_type)
        with pytest.raises(BenchError, match="other logits than its output embeddings times its last hidden states"):
            load_decoder(DiffLMConfig(decoder=folder), CPU)


def test_a_model_that_looks_ahead_is_no_decoder(tmp_path):
    # weights large enough that what comes later matters
    masked = saved(
        BertForMaskedLM(BertConfig(**SIZES, intermediate_size=16, initializer_range=0.5)), tmp_path / "masked"
    )
    with pytest.raises(BenchError, match=r"^decoder '.*' does not read token by token what it reads at once"):
        load_decoder(DiffLMConfig(decoder=masked), CPU)


def test_quantization_needs_bitsandbytes_and_weights_that_stay(monkeypatch, pretrained):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for bits in ("4bit", "8bit"):
        config = DiffLMConfig(decoder=pretrained["llama"], decoder_training="frozen", quantization=bits)
        with pytest.raises(BenchError, match=f"^quantization = '{bits}' needs bitsandbytes, which is not installed"):
            load_decoder(config, CPU)
        with pytest.raises(BenchError, match="quantized weights cannot be trained in full"):
            load_decoder(dataclasses.replace(config, decoder_training="full"), CPU)


@pytest.mark.parametrize(
    "options", [{"decoder_training": "frozen"}, {"decoder_training": "lora"}, {"quantization": "4bit"}]
)
def test_the_compact_decoder_is_trained_in_full(tokenizer, options):
    with pytest.raises(BenchError, match="the compact decoder has random weights and is trained in full"):
        build(DiffLMConfig(**options), tokenizer, CPU)


def test_a_tokenizer_without_begin_and_end_is_refused(tmp_path, pretrained, frame, schema):
    folder = shutil.copytree(pretrained["llama"], tmp_path / "endless")
    tokenizer = AutoTokenizer.from_pretrained(pretrained["bert"])
    tokenizer.save_pretrained(folder)
    with pytest.raises(BenchError, match=r"the tokenizer of decoder '.*' has neither a BOS nor an EOS token"):
        PretrainedTokenizer.learn(frame, schema, DiffLMConfig(decoder=str(folder)))


def test_the_profile_paper_says_what_was_published():
    settings = bench_config.settings("paper")
    assert (settings.data, settings.split) == ("original", "difflm")
    config = DiffLMConfig(**settings.generators["difflm"])
    assert config.encoder.endswith("bert-base-uncased")
    assert config.decoder.endswith("Mistral-7B-Instruct-v0.3")
    assert (config.decoder_training, config.dtype) == ("frozen", "bfloat16")
    assert (config.latent_size, config.injection, config.soft_tokens) == (1024, "prefix_soft_prompt", 32)
    assert (config.kl_schedule, config.beta_scale) == ("decreasing", "published")
    assert (config.beta, config.least_beta, config.beta_factor) == (0.1, 0.001, 0.7)
    assert (config.least_deviation, config.free_nats, config.word_dropout) == (0, 0, 0)
    assert (config.learning_rate, config.batch_records, config.epochs, config.text_epochs) == (1e-5, 256, 200, 200)
    # the largest train split of the paper may have all its passes
    assert config.steps > 200 * 160_000 / 256
    assert (config.denoiser, config.diffusion_target) == ("mlp", "mean")
    assert (config.sampler, config.sampler_steps, config.temperature) == ("heun", 50, 0.5)
    assert (config.constraint, config.where, config.column_order) == ("check", "rejection", "schema")
