"""The two networks of CTGAN and their losses.

Source: Xu et al. 2019 (arXiv 1907.00503), sections 4.2 to 4.4; Wasserstein loss with gradient penalty of
Gulrajani et al. 2017 (arXiv 1704.00028), equation 3; packing of Lin et al. 2018 (arXiv 1712.04086).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from generators.columns import Span


class Residual(nn.Module):
    """A layer whose output stands beside its input."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(size, width), nn.BatchNorm1d(width), nn.ReLU())

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.layer(hidden), hidden], dim=1)


class GeneratorNetwork(nn.Sequential):
    """Noise and condition (batch, noise + condition) to raw outputs (batch, width of the matrix)."""

    def __init__(self, size: int, width: int, outputs: int) -> None:
        super().__init__(Residual(size, width), Residual(size + width, width), nn.Linear(size + 2 * width, outputs))


class Discriminator(nn.Module):
    """Scores (batch / pack, 1) of matrix and condition (batch, size), `pack` records at a time."""

    def __init__(self, size: int, width: int, pack: int, dropout: float) -> None:
        super().__init__()
        self.pack = pack
        self.layers = nn.Sequential(
            *(nn.Linear(size * pack, width), nn.LeakyReLU(0.2), nn.Dropout(dropout)),
            *(nn.Linear(width, width), nn.LeakyReLU(0.2), nn.Dropout(dropout)),
            nn.Linear(width, 1),
        )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.layers(rows.reshape(len(rows) // self.pack, -1))


def activate(raw: torch.Tensor, spans: Sequence[Span], temperature: float) -> torch.Tensor:
    """A matrix of places and of choices that are nearly one-hot, drawn by a Gumbel softmax; shape of `raw`."""
    parts = []
    for span in spans:
        part = raw[:, span.start : span.end]
        parts.append(
            part.tanh() if span.kind == "place" else functional.gumbel_softmax(part, tau=temperature, hard=False)
        )
    return torch.cat(parts, dim=1)


def gradient_penalty(critic: nn.Module, real: torch.Tensor, fake: torch.Tensor, pack: int) -> torch.Tensor:
    """Squared distance from 1 of the gradient's length at points between packs of real and fake rows."""
    share = torch.rand(len(real) // pack, 1, 1, device=real.device)
    packs = [rows.reshape(len(rows) // pack, pack, -1) for rows in (real, fake)]
    between = torch.lerp(packs[0], packs[1], share).requires_grad_(True)
    scores = critic(between.flatten(0, 1))
    (gradient,) = torch.autograd.grad(scores.sum(), between, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()
