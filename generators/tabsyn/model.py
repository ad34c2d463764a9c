"""The autoencoder: a transformer over the columns of a record, and its bound.

Source: TabSyn (Zhang et al. 2024, arXiv 2310.09656), section 3.2 and appendix D.1. As in its authors' code, attention
has one head and no output map, a block normalises before attention and before the layers (but not before the first
attention), and the losses are means: over the numbers, over the choices, over all dimensions of the latent. The
code has one more token that no decoder reads; here it is left out, as in the paper.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from generators.tabsyn.tokens import Detokenizer, Tokenizer

BLOCKS = 2  # of every transformer
# a deviation outside of exp(+-10) means nothing, and its square would not be finite
MOST_LOG_VARIANCE = 20.0


class Losses(NamedTuple):
    """Means over a batch, scalars."""

    squared_error: torch.Tensor
    cross_entropy: torch.Tensor
    kl: torch.Tensor

    @property
    def reconstruction(self) -> torch.Tensor:
        return self.squared_error + self.cross_entropy


class Spread(nn.Module):
    """A linear map to more dimensions; its weight is stored (in, out), which multiplies faster both ways on CPUs."""

    def __init__(self, size: int, out: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(size)
        self.weight = nn.Parameter(torch.empty(size, out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out).uniform_(-bound, bound))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.bias, rows, self.weight)


class Block(nn.Module):
    """Attention of one head over (batch, columns, size), then two layers on every token."""

    def __init__(self, size: int, hidden: int, *, first: bool) -> None:
        super().__init__()
        self.before = nn.Identity() if first else nn.LayerNorm(size)
        self.attention = Spread(size, 3 * size)
        nn.init.zeros_(self.attention.bias)
        self.norm = nn.LayerNorm(size)
        self.layers = nn.Sequential(Spread(size, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, size))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        batch, columns, size = tokens.shape
        rows = tokens.reshape(-1, size)
        asked = self.attention(self.before(rows)).view(batch, 1, columns, 3 * size)
        attended = functional.scaled_dot_product_attention(*asked.chunk(3, dim=3))
        rows = rows + attended.reshape(-1, size)
        return (rows + self.layers(self.norm(rows))).view(batch, columns, size)


class Autoencoder(nn.Module):
    """A record as numbers (batch, numbers) and codes (batch, choices), its latent as (batch, columns, size)."""

    def __init__(self, numbers: int, sizes: Sequence[int], token_size: int, factor: int) -> None:
        super().__init__()
        self.columns = numbers + len(sizes)
        # floats of the widest layers for one record
        self.widest = max(self.columns * factor * token_size + sum(sizes), 1)
        self.tokenizer = Tokenizer(numbers, sizes, token_size)
        self.mean, self.log_variance, self.decoder = (transformer(token_size, factor * token_size) for _ in range(3))
        self.detokenizer = Detokenizer(numbers, sizes, token_size)

    def encode(self, numbers: torch.Tensor, codes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance of the posterior."""
        tokens = self.tokenizer(numbers, codes)
        return self.mean(tokens), self.log_variance(tokens).clamp(-MOST_LOG_VARIANCE, MOST_LOG_VARIANCE)

    def decode(self, latent: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Numbers, and the logits of the choices as the detokenizer gives them."""
        return self.detokenizer(self.decoder(latent))

    def losses(self, numbers: torch.Tensor, codes: torch.Tensor) -> Losses:
        """With one draw from the posterior, from torch's global state."""
        mean, log_variance = self.encode(numbers, codes)
        said, logits = self.decode(mean + torch.randn_like(mean) * (0.5 * log_variance).exp())
        squared = (said - numbers).square().mean() if numbers.shape[1] else said.new_zeros(())
        entropy = self.detokenizer.cross_entropy(logits, codes) / max(codes.shape[1], 1)
        return Losses(squared, entropy, kl(mean, log_variance).mean())


def transformer(size: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(*(Block(size, hidden, first=place == 0) for place in range(BLOCKS)))


def kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """KL(posterior || standard normal) in nats of every dimension, in the shape of its arguments."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
