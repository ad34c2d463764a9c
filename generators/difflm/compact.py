"""The compact networks: a BERT-style encoder and a Llama-style decoder of transformers' own config classes."""

from __future__ import annotations

import numpy as np
import torch
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from generators.difflm.config import DiffLMConfig
from generators.difflm.table_tokenizer import BEGIN

EMBEDDING_STD, HEAD_STD = 0.5, 0.02
Order = list[tuple[np.ndarray, np.ndarray]]


def compact_encoder(
    config: DiffLMConfig, vocabulary: int, positions: int, attention: str, order: Order = ()
) -> PreTrainedModel:
    """A small bidirectional transformer with random weights, drawn from torch's global generator.

    Args:
        config: sizes.
        vocabulary: number of token ids.
        positions: most ids of a record, the first one included.
        attention: `attn_implementation` of transformers.
        order: groups of ordered tokens, see `TableTokenizer.quantiles`.
    """
    encoder = BertModel(
        BertConfig(
            vocab_size=vocabulary,
            hidden_size=config.encoder_width,
            num_hidden_layers=config.encoder_layers,
            num_attention_heads=config.encoder_heads,
            intermediate_size=4 * config.encoder_width,
            max_position_embeddings=positions,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=None,
        ),
        add_pooling_layer=False,
    )
    encoder.set_attn_implementation(attention)
    spread(encoder.get_input_embeddings().weight, EMBEDDING_STD, order)
    return encoder


def compact_decoder(
    config: DiffLMConfig, vocabulary: int, positions: int, attention: str, order: Order = ()
) -> PreTrainedModel:
    """A small causal transformer; arguments as for `compact_encoder`, `positions` with those of the injection."""
    decoder = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=config.decoder_width,
            intermediate_size=8 * config.decoder_width // 3,
            num_hidden_layers=config.decoder_layers,
            num_attention_heads=config.decoder_heads,
            num_key_value_heads=config.decoder_heads,
            max_position_embeddings=positions,
            pad_token_id=None,
            bos_token_id=BEGIN,
            eos_token_id=None,
            tie_word_embeddings=False,
            attn_implementation=attention,
        )
    )
    spread(decoder.get_input_embeddings().weight, EMBEDDING_STD, order)
    spread(decoder.get_output_embeddings().weight, HEAD_STD, order)
    return decoder


@torch.no_grad()
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
