"""The compact networks: a BERT-style encoder and a Llama-style decoder of transformers' own config classes."""

from __future__ import annotations

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from generators.difflm.config import DiffLMConfig
from generators.difflm.encoder import Encoder
from generators.difflm.injection import SoftPrompt
from generators.difflm.table_tokenizer import BEGIN, PAD
from generators.difflm.vae import VariationalAutoencoder

EMBEDDING_STD, HEAD_STD = 0.5, 0.02
Order = list[tuple[np.ndarray, np.ndarray]]


def build(
    config: DiffLMConfig, vocabulary: int, length: int, attention: str, order: Order = ()
) -> VariationalAutoencoder:
    """Networks with random weights, drawn from torch's global generator.

    Args:
        config: sizes.
        vocabulary: number of token ids.
        length: most ids of a record, BEGIN included.
        attention: `attn_implementation` of transformers.
        order: groups of ordered tokens, see `TableTokenizer.quantiles`.
    """
    encoder = Encoder(
        vocabulary,
        length,
        width=config.encoder_width,
        layers=config.encoder_layers,
        heads=config.encoder_heads,
        latent_size=config.latent_size,
        least_deviation=config.least_deviation,
    )
    encoder.transformer.set_attn_implementation(attention)
    decoder = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=config.decoder_width,
            intermediate_size=8 * config.decoder_width // 3,
            num_hidden_layers=config.decoder_layers,
            num_attention_heads=config.decoder_heads,
            num_key_value_heads=config.decoder_heads,
            max_position_embeddings=config.soft_tokens + length,
            attention_dropout=config.dropout,
            pad_token_id=PAD,
            bos_token_id=BEGIN,
            eos_token_id=None,
            tie_word_embeddings=False,
            attn_implementation=attention,
        )
    )
    with torch.no_grad():
        spread(encoder.transformer.get_input_embeddings().weight, EMBEDDING_STD, order)
        spread(decoder.get_input_embeddings().weight, EMBEDDING_STD, order)
        spread(decoder.get_output_embeddings().weight, HEAD_STD, order)
    return VariationalAutoencoder(
        encoder, SoftPrompt(config.latent_size, config.soft_tokens, config.decoder_width), decoder
    )


def spread(weight: torch.Tensor, std: float, order: Order) -> None:
    """Draw embeddings (vocabulary, width) so that neighbouring numbers start as neighbouring vectors."""
    weight.normal_(0.0, std)
    for ids, place in order:
        at = torch.as_tensor(place, dtype=weight.dtype)[:, None]
        angle = at * torch.pi * 2.0 ** torch.arange(5)
        waves = torch.cat([torch.ones_like(at), angle.sin(), angle.cos()], dim=1)
        waves /= waves.norm(dim=1, keepdim=True)
        smooth = waves @ torch.randn(waves.shape[1], weight.shape[1])
        weight[torch.as_tensor(ids)] = std * (smooth + 0.1 * torch.randn_like(smooth))
