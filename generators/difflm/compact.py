"""The compact networks: a BERT-style encoder and a Llama-style decoder of transformers' own config classes."""

from __future__ import annotations

from transformers import BertConfig, BertModel, PreTrainedModel

from generators.difflm.config import DiffLMConfig
from generators.difflm.table_tokenizer import BEGIN
from generators.language.compact import EMBEDDING_STD, Order, compact_llama, spread


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
    return compact_llama(
        vocabulary=vocabulary,
        width=config.decoder_width,
        layers=config.decoder_layers,
        heads=config.decoder_heads,
        positions=positions,
        begin=BEGIN,
        attention=attention,
        order=order,
    )
