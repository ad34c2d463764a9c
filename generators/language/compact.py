"""A small Llama with random weights, of transformers' own classes: what is trained here from scratch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

EMBEDDING_STD, HEAD_STD = 0.5, 0.02
Order = Sequence[tuple[np.ndarray, np.ndarray]]


def compact_llama(
    *,
    vocabulary: int,
    width: int,
    layers: int,
    heads: int,
    positions: int,
    begin: int,
    attention: str,
    order: Order = (),
) -> PreTrainedModel:
    """A causal transformer with random weights, drawn from torch's global generator.

    Args:
        vocabulary: number of token ids.
        width: of the hidden states, a multiple of twice the heads.
        layers, heads: how many.
        positions: most tokens that are read.
        begin: id of the token that begins a text.
        attention: `attn_implementation` of transformers.
        order: groups of ordered tokens, see `spread`.
    """
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=8 * width // 3,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=heads,
            max_position_embeddings=positions,
            pad_token_id=None,
            bos_token_id=begin,
            eos_token_id=None,
            tie_word_embeddings=False,
            attn_implementation=attention,
        )
    )
    spread(network.get_input_embeddings().weight, EMBEDDING_STD, order)
    spread(network.get_output_embeddings().weight, HEAD_STD, order)
    return network


@torch.no_grad()
def spread(weight: torch.Tensor, std: float, order: Order) -> None:
    """Draw embeddings (vocabulary, width) so that neighbouring numbers start as neighbouring vectors.

    Args:
        weight: changed in place.
        std: of its values.
        order: for every ordered group of tokens their ids, and their place in the order as numbers in 0..1.
    """
    weight.normal_(0.0, std)
    for ids, place in order:
        at = torch.as_tensor(place, dtype=weight.dtype)[:, None]
        angle = at * torch.pi * 2.0 ** torch.arange(5)
        waves = torch.cat([torch.ones_like(at), angle.sin(), angle.cos()], dim=1)
        waves /= waves.norm(dim=1, keepdim=True)
        smooth = waves @ torch.randn(waves.shape[1], weight.shape[1])
        weight[torch.as_tensor(ids)] = std * (smooth + 0.1 * torch.randn_like(smooth))
