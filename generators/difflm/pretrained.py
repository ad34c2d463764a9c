"""Pretrained networks from a folder or the Hugging Face hub, through transformers' Auto classes.

Source: DiffLM (arXiv 2411.03250), section 4.1: a small pretrained encoder, a large pretrained decoder.
A decoder is driven by `inputs_embeds` and `past_key_values`, and its logits are taken as the product of
its output embeddings and its last hidden states; whether a model means the same is tried when it is read.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import torch
from torch import nn
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForTextEncoding,
    BitsAndBytesConfig,
    DynamicCache,
    PreTrainedModel,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    MODEL_FOR_TEXT_ENCODING_MAPPING,
)

from bench.errors import BenchError
from generators.difflm.config import DiffLMConfig
from generators.difflm.encoder import Pooling
from generators.language.hub import commit, load, read_config, reading, refuse_missing
from generators.training.device import Device

LOUD = 100.0  # a logit that every known cap on logits would change


def pin(config: DiffLMConfig) -> DiffLMConfig:
    """The config with the hub's commit of today as revision of every hub id; folders stay as they are.

    Raises:
        BenchError: a hub id that cannot be reached and was never downloaded.
    """
    return replace(
        config,
        encoder_revision=commit("encoder", config.encoder, config.encoder_revision),
        decoder_revision=commit("decoder", config.decoder, config.decoder_revision),
    )


def load_encoder(config: DiffLMConfig, device: Device) -> tuple[PreTrainedModel, Pooling]:
    """The pretrained encoder in float32, and what stands for a record in it.

    A causal model has seen the record at its last position only. A BERT-like one has a pooler, as
    published, or where its checkpoint lacks one the first position; encoders of T5's kind have no
    position of their own for a record and are averaged.

    Raises:
        BenchError: it cannot be read, or is an encoder-decoder that cannot be read by half.
    """
    name, revision = config.encoder, config.encoder_revision
    kind = type(read_config("encoder", name, revision))
    loader = AutoModelForTextEncoding if kind in MODEL_FOR_TEXT_ENCODING_MAPPING else AutoModel
    if kind in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING and loader is AutoModel:
        raise BenchError(
            f"encoder '{name}': transformers reads no {kind.model_type} without its decoder; choose another"
        )
    transformer, missing = load(
        loader, "encoder", name, revision, config.attention or device.attention, "float32", device_map=device.name
    )
    headless = {key for key in missing if key.startswith("pooler.")}
    refuse_missing("encoder", name, missing - headless)
    if headless:
        transformer.pooler = None
    if kind in MODEL_FOR_CAUSAL_LM_MAPPING and kind not in MODEL_FOR_MASKED_LM_MAPPING:
        transformer.config.use_cache = False
        return transformer, "last"
    if kind in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING:
        return transformer, "mean"
    return transformer, "first" if getattr(transformer, "pooler", None) is None else "pooler"


def load_decoder(config: DiffLMConfig, device: Device) -> PreTrainedModel:
    """The pretrained decoder: in `dtype`, in float32 where all of it is trained, or quantized.

    Raises:
        BenchError: it cannot be read or quantized, or cannot be driven as this package does.
    """
    name, options = config.decoder, {}
    full = config.decoder_training == "full"
    if config.quantization != "none":
        options["quantization_config"] = quantization(config)
    decoder, missing = load(
        AutoModelForCausalLM,
        "decoder",
        name,
        config.decoder_revision,
        config.attention or device.attention,
        "float32" if full else config.dtype,
        device_map=config.device_map or device.name,
        **options,
    )
    refuse_missing("decoder", name, missing)
    with reading("decoder", name):
        check_decoder(decoder, name)
    return decoder


def quantization(config: DiffLMConfig) -> BitsAndBytesConfig:
    """How bitsandbytes is to store the decoder (4 bits: NF4, Dettmers et al. 2023, arXiv 2305.14314).

    Raises:
        BenchError: bitsandbytes is not installed, or the decoder is to be trained in full.
    """
    if config.decoder_training == "full":
        raise BenchError(
            f"quantization = '{config.quantization}': quantized weights cannot be trained in full; "
            "set decoder_training to 'frozen' or 'lora'"
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise BenchError(
            f"quantization = '{config.quantization}' needs bitsandbytes, which is not installed; "
            "install difflm-bench[bitsandbytes] or set quantization to 'none'"
        )
    if config.quantization == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=getattr(torch, config.dtype)
    )


@torch.no_grad()
def check_decoder(decoder: PreTrainedModel, name: str) -> None:
    """Try on three tokens whether the decoder may be driven by embeddings, cache and output embeddings.

    Raises:
        BenchError: it does not read the same token by token as at once, or its logits are not its output
            embeddings times its last hidden states.
    """
    head = decoder.get_output_embeddings()
    if not isinstance(head, nn.Linear):
        raise BenchError(f"decoder '{name}' has no linear output embeddings; choose another")
    ids = torch.arange(3, device=decoder.get_input_embeddings().weight.device)[None]
    embedded = decoder.get_input_embeddings()(ids)
    transformer = decoder.get_decoder()
    hidden = transformer(inputs_embeds=embedded, use_cache=False).last_hidden_state
    cache = DynamicCache(config=decoder.config)
    steps = [
        transformer(inputs_embeds=embedded[:, place, None], past_key_values=cache, use_cache=True).last_hidden_state
        for place in range(ids.shape[1])
    ]
    if not alike(torch.cat(steps, dim=1), hidden):
        raise BenchError(f"decoder '{name}' does not read token by token what it reads at once; it is no causal model")
    spoken: list[torch.Tensor] = []

    def speak_up(_: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        spoken.extend([inputs[0], output * (LOUD / output.abs().max())])
        return spoken[1]

    hook = head.register_forward_hook(speak_up)
    try:
        logits = decoder(input_ids=ids, use_cache=False).logits
    finally:
        hook.remove()
    if not (alike(spoken[0], hidden) and alike(logits, spoken[1])):
        raise BenchError(
            f"decoder '{name}' has other logits than its output embeddings times its last hidden states (a cap, a "
            "scale, more layers), which is not supported; choose another"
        )


def alike(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Whether two answers differ by no more than the rounding of their precision."""
    tolerance = 1e-3 if first.dtype == torch.float32 else 0.05
    first, second = first.float(), second.float().to(first.device)
    return bool((first - second).norm() <= tolerance * second.norm())
