"""Frozen weights stay as they are bit for bit, and a checkpoint holds what was trained and nothing else."""

import itertools

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from bench.errors import BenchError
from generators.difflm.build import build
from generators.difflm.config import DiffLMConfig
from generators.difflm.pretrained_tokenizer import EncoderTokenizer, PretrainedTokenizer
from generators.language.adapters import load_trained_weights
from generators.training.average import trained_weights
from generators.training.device import Device

CPU = Device("cpu", False, "eager")
DECODERS = ("gpt2", "llama", "mistral", "qwen2")
ENCODERS = ("bert", "t5", "gpt2", "llama", "compact")
PAIRS = list(itertools.product(ENCODERS, DECODERS))
TRAININGS = list(itertools.product(("frozen", "lora", "full"), DECODERS))


def made(pretrained, encoder: str, decoder: str, training: str, frame, schema, seed: int = 0, **options):
    """An autoencoder, and the first records as it reads them."""
    config = DiffLMConfig(
        encoder=pretrained.get(encoder, encoder),
        decoder=pretrained[decoder],
        decoder_training=training,
        latent_size=4,
        encoder_width=16,
        encoder_layers=1,
        **options,
    )
    frame = frame.head(8)
    tokenizer = PretrainedTokenizer.learn(frame, schema, config)
    tokens, _ = tokenizer.encode(frame)
    if encoder != "compact":
        tokens = EncoderTokenizer(schema, config).read(tokens, frame)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build(config, tokenizer, CPU), tokens


def train(model, tokens, steps: int = 5) -> list[float]:
    optimiser = torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], lr=3e-3)
    noise = torch.randn(len(tokens), 4, generator=torch.Generator().manual_seed(0))
    losses = []
    for _ in range(steps):
        loss = model(tokens, noise).negative_elbo.mean()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
    return losses


@torch.no_grad()
def answers(model, tokens) -> list[torch.Tensor]:
    """Posterior and reconstruction in evaluation mode."""
    model.eval()
    mean, log_variance = model.encoder(tokens.encoder_ids)
    return [mean, log_variance, model.reconstruction(tokens, mean)]


@pytest.mark.parametrize(("encoder", "decoder"), PAIRS)
def test_any_encoder_learns_with_any_frozen_decoder(pretrained, encoder, decoder, frame, schema, tmp_path):
    model, tokens = made(pretrained, encoder, decoder, "frozen", frame, schema)
    base = AutoModelForCausalLM.from_pretrained(pretrained[decoder]).state_dict()
    before = {name: value.clone() for name, value in trained_weights(model).items()}
    losses = train(model, tokens)
    assert losses[-1] < losses[0]
    for name, value in model.decoder.state_dict().items():
        assert torch.equal(value, base[name]), f"{name} is frozen and has changed"
    weights = trained_weights(model)
    assert all(not name.startswith("decoder.") for name in weights)
    for part in ("encoder.transformer.", "encoder.posterior.", "injection."):
        assert any(not torch.equal(weights[name], before[name]) for name in weights if name.startswith(part))
    save_file(weights, tmp_path / "trained.safetensors")
    again, _ = made(pretrained, encoder, decoder, "frozen", frame, schema, seed=1)
    assert not torch.allclose(answers(again, tokens)[0], answers(model, tokens)[0], atol=1e-3)
    load_trained_weights(again, load_file(tmp_path / "trained.safetensors"))
    for restored, expected in zip(answers(again, tokens), answers(model, tokens), strict=True):
        assert torch.equal(restored, expected)


@pytest.mark.parametrize(("training", "decoder"), TRAININGS)
def test_the_file_holds_what_is_trained(pretrained, training, decoder, frame, schema, tmp_path):
    model, tokens = made(pretrained, "bert", decoder, training, frame, schema)
    base = {name: value.clone() for name, value in model.decoder.state_dict().items()}
    train(model, tokens)
    changed = {name for name, value in model.decoder.state_dict().items() if not torch.equal(value, base[name])}
    adapters = {name for name in base if ".lora_" in name}
    assert changed == {"frozen": set(), "lora": adapters, "full": set(base)}[training]
    save_file(trained_weights(model), tmp_path / "trained.safetensors")
    parts = [model.encoder, model.injection, *([model.decoder] if training == "full" else [])]
    numbers = sum(weight.numel() for part in parts for weight in part.parameters())
    numbers += sum(base[name].numel() for name in adapters)
    size = (tmp_path / "trained.safetensors").stat().st_size
    assert 4 * numbers <= size < 4 * numbers + 20_000
    again, _ = made(pretrained, "bert", decoder, training, frame, schema, seed=1)
    load_trained_weights(again, load_file(tmp_path / "trained.safetensors"))
    for restored, expected in zip(answers(again, tokens), answers(model, tokens), strict=True):
        assert torch.equal(restored, expected)


@pytest.mark.parametrize("decoder", DECODERS)
def test_adapters_begin_as_nothing_and_reach_every_layer(pretrained, decoder, frame, schema):
    plain, tokens = made(pretrained, "bert", decoder, "frozen", frame, schema)
    adapted, _ = made(pretrained, "bert", decoder, "lora", frame, schema, lora_rank=2)
    load_trained_weights(plain, {k: v for k, v in trained_weights(adapted).items() if not k.startswith("decoder.")})
    for one, other in zip(answers(plain, tokens), answers(adapted, tokens), strict=True):
        torch.testing.assert_close(one, other)
    ranks = [value.shape[0] for name, value in trained_weights(adapted).items() if ".lora_A." in name]
    # query, key, value, output and the three or two of the feed-forward block; GPT-2 joins the first three
    assert ranks == [2] * (2 * (4 if decoder == "gpt2" else 7))


def test_trained_weights_are_float32_beside_frozen_bfloat16(pretrained, frame, schema):
    for training in ("frozen", "lora"):
        model, tokens = made(pretrained, "bert", "mistral", training, frame, schema, dtype="bfloat16")
        types = {weight.requires_grad: weight.dtype for weight in model.parameters()}
        assert types == {True: torch.float32, False: torch.bfloat16}
        losses = train(model, tokens)
        assert losses[-1] < losses[0]


def test_weights_of_another_model_are_refused(pretrained, frame, schema):
    frozen, _ = made(pretrained, "bert", "gpt2", "frozen", frame, schema)
    lora, _ = made(pretrained, "bert", "gpt2", "lora", frame, schema)
    with pytest.raises(BenchError, match=r"the saved weights are of another model: 16 differ, such as decoder\."):
        load_trained_weights(frozen, trained_weights(lora))
    other, _ = made(pretrained, "bert", "gpt2", "frozen", frame, schema, soft_tokens=5)
    with pytest.raises(BenchError, match=r"2 differ, such as injection\.project\.bias"):
        load_trained_weights(frozen, trained_weights(other))
