"""The next token of every row, by inverse transform from given uniform numbers.

Source of top-p: Holtzman et al. 2020 (arXiv 1904.09751), section 3.1. Temperature, top-k and top-p
are applied in this order, as in transformers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from bench.errors import BenchError


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn from what the decoder says.

    Args:
        temperature: 1 draws from the model itself, 0 takes the likeliest token.
        top_p: the likeliest tokens with at least this much mass are kept; 1 for all.
        top_k: the likeliest tokens that are kept; 0 for all.

    Raises:
        BenchError: a value outside its range.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise BenchError(f"temperature is {self.temperature}; it must be 0 or a positive number")
        if not 0 < self.top_p <= 1:
            raise BenchError(f"top_p is {self.top_p}; it must be above 0 and at most 1")
        if self.top_k < 0:
            raise BenchError(f"top_k is {self.top_k}; it must be 0 (all tokens) or a positive number")


def draw(logits: torch.Tensor, sampling: Sampling, uniform: torch.Tensor) -> torch.Tensor:
    """One index a row, (rows,).

    Args:
        logits: (rows, tokens) float32, -inf for what must not be drawn; a row needs one finite value.
        sampling: what is drawn from.
        uniform: (rows,) float32 in 0..1, 1 excluded.
    """
    if sampling.temperature == 0:
        return logits.argmax(dim=1)
    mass = torch.softmax(kept(logits / sampling.temperature, sampling), dim=1).cumsum(dim=1)
    # a float32 number below 1 is at most 1 - 2^-24: the product stays below the total even when rounded
    target = uniform * mass[:, -1]
    return torch.searchsorted(mass, target[:, None], right=True).squeeze(1)


def kept(logits: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Logits (rows, tokens) with -inf for what top-k and top-p leave out."""
    if 0 < sampling.top_k < logits.shape[1]:
        least = logits.topk(sampling.top_k, dim=1).values[:, -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    if sampling.top_p < 1:
        ordered, order = logits.sort(dim=1, descending=True)
        probability = ordered.softmax(dim=1)
        likelier = probability.cumsum(dim=1) - probability
        ordered.masked_fill_(likelier >= sampling.top_p, -torch.inf)
        logits = ordered.scatter(1, order, ordered)
    return logits
