"""Layers of denoisers that read numbers and categories and write one value a label.

Sources: sinusoidal embedding of Vaswani et al. 2017 (arXiv 1706.03762), section 3.5, as in the codes of TabDDPM and
CoDi. A matrix times one-hot vectors is a sum of its columns, so that no one-hot vector is ever made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

LONGEST = 10_000


def timestep_embedding(step: torch.Tensor, width: int) -> torch.Tensor:
    """Cosines and sines of steps (batch,) at `width` // 2 frequencies; (batch, width)."""
    half = width // 2
    frequencies = torch.exp(-math.log(LONGEST) * torch.arange(half, device=step.device) / half)
    angle = step[:, None].float() * frequencies
    return functional.pad(torch.cat([angle.cos(), angle.sin()], dim=1), (0, width - 2 * half))


class MixedLinear(nn.Module):
    """A linear map of numbers and one-hot categories side by side.

    Args:
        numbers: how many.
        sizes: labels of every categorical column.
        width: of the output.
    """

    def __init__(self, numbers: int, sizes: Sequence[int], width: int) -> None:
        super().__init__()
        limit = 1 / math.sqrt(max(numbers + sum(sizes), 1))
        self.weight = nn.Parameter(torch.empty(width, numbers).uniform_(-limit, limit)) if numbers else None
        self.bias = nn.Parameter(torch.empty(width).uniform_(-limit, limit))
        self.labels = nn.EmbeddingBag(sum(sizes), width, mode="sum") if sizes else None
        if self.labels is not None:
            nn.init.uniform_(self.labels.weight, -limit, limit)
        lengths = torch.tensor(sizes, dtype=torch.long)
        self.register_buffer("starts", lengths.cumsum(0) - lengths, persistent=False)

    def forward(self, numbers: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """(batch, width) of numbers (batch, numbers) and codes (batch, columns)."""
        out = self.bias
        if self.weight is not None:
            out = functional.linear(numbers, self.weight, self.bias)
        if self.labels is not None:
            out = out + self.labels(codes + self.starts)
        return out.expand(len(codes), -1)


class LabelsFirst(nn.Linear):
    """A linear map whose outputs stand in the first dimension: (batch, in) to (out, batch)."""

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return functional.linear(self.weight, hidden) + self.bias[:, None]
