"""How a latent steers the decoder.

Source: DiffLM (arXiv 2411.03250), section 3.2; `kv_memory` and `input_embed` are the two ways of
Optimus (Li et al. 2020, arXiv 2004.04092), section 3.1. Whatever stands in front of a record is
ignored by the loss, and record tokens take the same positions in training and in sampling.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from transformers import DynamicCache, PretrainedConfig


@dataclass(frozen=True)
class Steering:
    """What the decoder is given of a batch of latents.

    Args:
        prefix: (batch, k, width) vectors in front of the record; k may be 0.
        memory: for every layer a key and a value, (batch, heads, 1, head width) each; empty for none.
        shift: (batch, 1, width), added to every token embedding; None for none.
    """

    prefix: torch.Tensor
    memory: tuple[tuple[torch.Tensor, torch.Tensor], ...] = ()
    shift: torch.Tensor | None = None

    def embed(self, embedded: torch.Tensor) -> torch.Tensor:
        """Token embeddings (batch, length, width) as the decoder reads them, without the prefix."""
        return embedded if self.shift is None else embedded + self.shift.to(embedded.dtype)

    def prepend(self, embedded: torch.Tensor) -> torch.Tensor:
        """The beginning of a record: the prefix, then its embedded tokens; (batch, k + length, width)."""
        return torch.cat([self.prefix.to(embedded.dtype), self.embed(embedded)], dim=1)

    def cache(self, config: PretrainedConfig, dtype: torch.dtype) -> DynamicCache | None:
        """A cache that holds the memory; None without one."""
        if not self.memory:
            return None
        cache = DynamicCache(config=config)
        for layer, (key, value) in enumerate(self.memory):
            cache.update(key.to(dtype), value.to(dtype), layer)
        return cache


class SoftPrompt(nn.Module):
    """Linear map from a latent (batch, latent) to k vectors in front of the record."""

    def __init__(self, latent_size: int, tokens: int, width: int) -> None:
        super().__init__()
        self.tokens = tokens
        self.project = nn.Linear(latent_size, tokens * width)

    def forward(self, latent: torch.Tensor) -> Steering:
        return Steering(self.project(latent).unflatten(-1, (self.tokens, -1)))


class PrefixSoftPrompt(nn.Module):
    """Another k vectors that are learnt and equal for all records, in front of those of the latent."""

    def __init__(self, latent_size: int, tokens: int, width: int) -> None:
        super().__init__()
        self.soft_prompt = SoftPrompt(latent_size, tokens, width)
        self.prefix = nn.Parameter(0.02 * torch.randn(tokens, width))

    def forward(self, latent: torch.Tensor) -> Steering:
        soft = self.soft_prompt(latent).prefix
        return Steering(torch.cat([self.prefix.to(soft.dtype).expand(len(latent), -1, -1), soft], dim=1))


class KeyValueMemory(nn.Module):
    """One position that every layer attends to, and that no token stands at."""

    def __init__(self, latent_size: int, config: PretrainedConfig) -> None:
        super().__init__()
        config = config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        head_width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self.shape = (config.num_hidden_layers, 2, heads, 1, head_width)
        self.width = config.hidden_size
        self.project = nn.Linear(latent_size, config.num_hidden_layers * 2 * heads * head_width)

    def forward(self, latent: torch.Tensor) -> Steering:
        layers = self.project(latent).unflatten(-1, self.shape).unbind(dim=1)
        return Steering(latent.new_zeros(len(latent), 0, self.width), tuple((kv[:, 0], kv[:, 1]) for kv in layers))


class InputEmbedding(nn.Module):
    """One vector that is added to the embedding of every token."""

    def __init__(self, latent_size: int, width: int) -> None:
        super().__init__()
        self.project = nn.Linear(latent_size, width)

    def forward(self, latent: torch.Tensor) -> Steering:
        shift = self.project(latent)[:, None]
        return Steering(shift[:, :0], shift=shift)


def make_injection(kind: str, latent_size: int, tokens: int, config: PretrainedConfig) -> nn.Module:
    """The injection of that name for a decoder of that config; `tokens` is k."""
    width = config.get_text_config().hidden_size
    if kind == "kv_memory":
        return KeyValueMemory(latent_size, config)
    if kind == "input_embed":
        return InputEmbedding(latent_size, width)
    return {"soft_prompt": SoftPrompt, "prefix_soft_prompt": PrefixSoftPrompt}[kind](latent_size, tokens, width)


def positions_in_front(kind: str, tokens: int) -> int:
    """Positions that an injection takes in front of a record."""
    return {"soft_prompt": tokens, "prefix_soft_prompt": 2 * tokens, "kv_memory": 1, "input_embed": 0}[kind]
