"""From states of nodes to distributions of values, and how likely values are.

A number is Gaussian around what its node says, with a standard deviation learnt for its column; a choice is
categorical. The authors' code has the squared error for both, on one-hot vectors as well. Choices of about the same
number of values are computed together, padded to a power of two, so that memory stays within twice the need.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from generators.goggle.model import spread

LEAST_DEVIATION, MOST_DEVIATION = 0.01, 1.0
IMPOSSIBLE = -1e9


class NumberHead(nn.Module):
    """The numbers, which are those of the first nodes."""

    def __init__(self, numbers: int, width: int) -> None:
        super().__init__()
        self.weight = spread(numbers, width, 1)
        self.bias = nn.Parameter(torch.zeros(numbers, 1, 1))
        self.log_deviation = nn.Parameter(torch.full((numbers, 1), math.log(0.5)))

    def forward(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """States (nodes, batch, width) to means (numbers, batch) and standard deviations (numbers, 1)."""
        means = torch.baddbmm(self.bias, states[: len(self.weight)], self.weight).squeeze(2)
        return means, self.log_deviation.exp().clamp(LEAST_DEVIATION, MOST_DEVIATION)

    def nats(self, states: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """-log p of numbers (batch, numbers) up to a constant, summed over everything."""
        means, deviation = self(states)
        return ((numbers.T - means) / deviation).square().sum() / 2 + deviation.log().sum() * len(numbers)

    def draw(self, states: torch.Tensor) -> torch.Tensor:
        """Numbers (batch, numbers)."""
        means, deviation = self(states)
        return (means + deviation * torch.randn(means.shape).to(means.device)).T


class ChoiceHeads(nn.Module):
    """Choices of at most `padded` values each."""

    def __init__(self, places: Sequence[int], nodes: Sequence[int], sizes: Sequence[int], width: int) -> None:
        """Make heads.

        Args:
            places: of the choices among the codes.
            nodes: that the choices belong to.
            sizes: how many values they have.
            width: of a state.
        """
        super().__init__()
        padded = 1 << (max(sizes) - 1).bit_length()
        self.register_buffer("places", torch.tensor(places), persistent=False)
        self.register_buffer("nodes", torch.tensor(nodes), persistent=False)
        self.weight = spread(len(places), width, padded)
        self.bias = nn.Parameter(torch.zeros(len(places), 1, padded))
        beyond = torch.arange(padded) >= torch.tensor(sizes)[:, None, None]
        self.register_buffer("mask", torch.zeros(beyond.shape).masked_fill(beyond, IMPOSSIBLE), persistent=False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """States (nodes, batch, width) to logits (choices, batch, padded)."""
        return torch.baddbmm(self.bias + self.mask, states[self.nodes], self.weight)

    def nats(self, states: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """-log p of codes (batch, all choices), summed over everything."""
        logits = self(states).flatten(0, 1)
        return nn.functional.cross_entropy(logits, codes[:, self.places].T.flatten(), reduction="sum")

    def draw(self, states: torch.Tensor) -> torch.Tensor:
        """Codes (batch, choices)."""
        logits = self(states)
        drawn = torch.multinomial(logits.softmax(dim=2).flatten(0, 1).cpu(), 1)
        return drawn.view(logits.shape[:2]).T
