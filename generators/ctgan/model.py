"""The two networks of CTGAN and their losses.

Source: Xu et al. 2019 (arXiv 1907.00503), sections 4.2 to 4.4; Wasserstein loss with gradient penalty of
Gulrajani et al. 2017 (arXiv 1704.00028), equation 3; packing of Lin et al. 2018 (arXiv 1712.04086).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

SLOPE = 0.2  # of the leaky ReLU
# weights from conditions straight to outputs: the square of the labels of a table, which 10,000 make 400 MB
MOST_DIRECT = 2**24


class Conditioned(nn.Module):
    """A linear layer of features (batch, size) and a one-hot condition, given as its position (batch,).

    The weights of a condition are looked up: a product with 10,000 zeros would take most of a step's time.
    """

    def __init__(self, size: int, labels: int, outputs: int) -> None:
        super().__init__()
        bound = (size + labels) ** -0.5
        self.linear = nn.Linear(size, outputs)
        self.condition = nn.Parameter(torch.empty(labels, outputs))
        for weight in self.parameters():
            nn.init.uniform_(weight, -bound, bound)

    def forward(self, features: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        said = self.linear(features)
        return said if condition is None else said + functional.embedding(condition, self.condition)


class GeneratorNetwork(nn.Module):
    """Noise (batch, noise) and condition (batch,) to raw outputs (batch, width of the matrix).

    The condition stands beside the input of every layer, as in the paper; in a table of so many labels that its
    weights in the last one would be more than `MOST_DIRECT`, it reaches the outputs through the hidden layers only.
    """

    def __init__(self, noise: int, labels: int, width: int, outputs: int) -> None:
        super().__init__()
        self.direct = labels * outputs <= MOST_DIRECT
        self.layers = nn.ModuleList(Conditioned(size, labels, width) for size in (noise, noise + width))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in self.layers)
        self.output = Conditioned(noise + 2 * width, labels if self.direct else 0, outputs)

    def forward(self, noise: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        hidden = noise
        for layer, norm in zip(self.layers, self.norms, strict=True):
            # what a layer makes stands beside what it was given
            hidden = torch.cat([norm(layer(hidden, condition)).relu(), hidden], dim=1)
        return self.output(hidden, condition if self.direct else None)


class Discriminator(nn.Module):
    """Scores (batch / pack, 1) of matrix and condition (batch, size), `pack` records at a time."""

    def __init__(self, size: int, width: int, pack: int, dropout: float) -> None:
        super().__init__()
        self.pack, self.dropout = pack, dropout
        self.layers = nn.ModuleList([nn.Linear(size * pack, width), nn.Linear(width, width)])
        self.output = nn.Linear(width, 1)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        hidden = self.packs(rows)
        for layer in self.layers:
            hidden = functional.dropout(functional.leaky_relu(layer(hidden), SLOPE), self.dropout, self.training)
        return self.output(hidden)

    def packs(self, rows: torch.Tensor) -> torch.Tensor:
        """(batch / pack, pack x size), records that are judged together side by side."""
        return rows.reshape(len(rows) // self.pack, -1)

    def gradient(self, packs: torch.Tensor) -> torch.Tensor:
        """Of the scores by `packs` (packs, pack x size); has a gradient by the weights.

        The network is linear between its kinks, so its gradient is the product of its weights and slopes, and is
        had without differentiating twice.
        """
        slopes, hidden = [], packs
        with torch.no_grad():
            for layer in self.layers:
                hidden = layer(hidden)
                slope = torch.where(hidden > 0, 1.0, SLOPE)
                slopes.append(functional.dropout(slope, self.dropout, self.training))
                hidden = hidden * slopes[-1]
        gradient = self.output.weight
        for layer, slope in zip(reversed(self.layers), reversed(slopes), strict=True):
            gradient = (gradient * slope) @ layer.weight
        return gradient


def gradient_penalty(critic: Discriminator, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Squared distance from 1 of the gradient's length at points between packs of real and fake rows."""
    packs = critic.packs(real), critic.packs(fake)
    share = torch.rand(len(packs[0]), 1, device=real.device)
    return (critic.gradient(torch.lerp(*packs, share)).norm(dim=1) - 1).square().mean()
