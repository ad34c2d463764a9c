"""The networks of TVAE and its bound.

Source: Xu et al. 2019 (arXiv 1907.00503), section 4.5: places are Gaussian around tanh of what the decoder says,
with a standard deviation learnt for every column; modes and labels are categorical.
"""

from __future__ import annotations

import torch
from torch import nn

from generators.columns.blocks import Blocks

LEAST_DEVIATION, MOST_DEVIATION = 0.01, 1.0


class Encoder(nn.Module):
    """Matrix (batch, width of the matrix) to mean and log-variance (batch, latent) of the posterior."""

    def __init__(self, size: int, width: int, latent_size: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(size, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.posterior = nn.Linear(width, 2 * latent_size)

    def forward(self, matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, log_variance = self.posterior(self.layers(matrix)).chunk(2, dim=1)
        return mean, log_variance


class Decoder(nn.Module):
    """Latent (batch, latent) to raw outputs (batch, width of the matrix); `deviation` is that of every place."""

    def __init__(self, latent_size: int, width: int, outputs: int, places: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(latent_size, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs)
        )
        self.deviation = nn.Parameter(torch.full((places,), 0.1))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return self.layers(latent)

    @torch.no_grad()
    def hold(self) -> None:
        """Keep the standard deviations inside of their bounds, after a step."""
        self.deviation.clamp_(LEAST_DEVIATION, MOST_DEVIATION)


def reconstruction(
    raw: torch.Tensor, numbers: torch.Tensor, codes: torch.Tensor, blocks: Blocks, deviation: torch.Tensor
) -> torch.Tensor:
    """-log p(record | latent) in nats up to a constant, (batch,).

    Args:
        raw: what the decoder said; (batch, width of the matrix).
        numbers: places of the records; (batch, places).
        codes: their modes and labels; (batch, choices).
        blocks: what the columns of the matrix are.
        deviation: of every place; (places,).
    """
    error = (numbers - raw[:, : blocks.places].tanh()) / deviation
    choices = torch.arange(codes.shape[1], device=codes.device).expand_as(codes)
    said = blocks.log_likelihood(raw, choices, codes).sum(dim=1)
    return (error.square() / 2 + deviation.log()).sum(dim=1) - said


def kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """KL(posterior || standard normal) in nats, (batch,)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1)
