"""The autoencoder that a config asks for."""

from __future__ import annotations

from transformers import PreTrainedModel

from bench.errors import BenchError
from generators.difflm.adapt import adapt
from generators.difflm.compact import compact_decoder, compact_encoder
from generators.difflm.config import DiffLMConfig
from generators.difflm.encoder import Encoder, Pooling
from generators.difflm.injection import make_injection, positions_in_front
from generators.difflm.pretrained import load_decoder, load_encoder
from generators.difflm.pretrained_tokenizer import PretrainedTokenizer
from generators.difflm.table_tokenizer import TableTokenizer
from generators.difflm.text_tokenizer import TextTokenizer
from generators.difflm.vae import VariationalAutoencoder
from generators.language.hub import COMPACT
from generators.training.device import Device

Tokenizer = TableTokenizer | TextTokenizer | PretrainedTokenizer


def build(config: DiffLMConfig, tokenizer: Tokenizer, device: Device) -> VariationalAutoencoder:
    """Networks as they are before training; random weights come from torch's global generator.

    Args:
        config: which networks. A compact encoder reads the decoder's ids, a pretrained one those of its
            own tokenizer.
        tokenizer: of the decoder.
        device: where the networks are to be.

    Raises:
        BenchError: a pretrained network cannot be read or used, or `decoder_training` does not fit.
    """
    transformer, pooling = make_encoder(config, tokenizer, device)
    encoder = Encoder(transformer, pooling, latent_size=config.latent_size, least_deviation=config.least_deviation)
    decoder = make_decoder(config, tokenizer, device)
    injection = make_injection(config.injection, config.latent_size, config.soft_tokens, decoder.config)
    grammar = None if tokenizer.grammar is None else tokenizer.grammar.to(device.name)
    # a pretrained decoder is where `device_map` has put it
    return VariationalAutoencoder(encoder.to(device.name), injection.to(device.name), decoder, grammar)


def make_encoder(config: DiffLMConfig, tokenizer: Tokenizer, device: Device) -> tuple[PreTrainedModel, Pooling]:
    """The encoder's transformer, and what stands for a record in it."""
    if config.encoder != COMPACT:
        return load_encoder(config, device)
    attention = config.attention or device.attention
    return compact_encoder(config, tokenizer.size, tokenizer.length, attention, tokenizer.quantiles()), "first"


def make_decoder(config: DiffLMConfig, tokenizer: Tokenizer, device: Device) -> PreTrainedModel:
    """The decoder, with the weights trainable that are to be trained."""
    if config.decoder != COMPACT:
        decoder = load_decoder(config, device)
        adapt(decoder, config)
        return decoder
    if config.decoder_training != "full" or config.quantization != "none":
        raise BenchError(
            f"the compact decoder has random weights and is trained in full, not with decoder_training = "
            f"'{config.decoder_training}' and quantization = '{config.quantization}'; name a pretrained decoder"
        )
    positions = positions_in_front(config.injection, config.soft_tokens) + tokenizer.length
    attention = config.attention or device.attention
    return compact_decoder(config, tokenizer.size, positions, attention, tokenizer.quantiles()).to(device.name)
