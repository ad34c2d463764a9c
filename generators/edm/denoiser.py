"""The networks of the latent diffusion: D(x; sigma, condition), the expected clean latent.

Source: Karras et al. 2022 (arXiv 2206.00364), preconditioning of table 1 (EDM); DiffLM
(arXiv 2411.03250), section 3.3, for the residual MLP. The latents are scaled to about
sigma_data = 0.5. A condition is any subset of a record's columns, given as token ids.
"""

from __future__ import annotations

import math

import torch
from torch import nn

SIGMA_DATA = 0.5
NOT_GIVEN = -1  # the id of a column that a condition leaves open
FREQUENCIES = 16
HEADS = 4


class Denoiser(nn.Module):
    """A network behind EDM's preconditioning, so that what it reads and writes has unit scale.

    Args:
        network: (scaled latent (batch, latent), context (batch, width)) to (batch, latent).
        width: of the context, which tells the network the noise level and the condition.
        vocabulary: token ids that a condition may name; 0 for a denoiser without conditions.
    """

    def __init__(self, network: nn.Module, width: int, vocabulary: int = 0) -> None:
        super().__init__()
        self.network = network
        self.frequencies = nn.Buffer(torch.exp(torch.linspace(0.0, 4.0, FREQUENCIES)))
        self.noise = nn.Linear(2 * FREQUENCIES, width)
        self.context = nn.Sequential(nn.SiLU(), nn.Linear(width, width))
        self.condition = nn.EmbeddingBag(vocabulary + 1, width, mode="sum", padding_idx=0) if vocabulary else None
        if self.condition is not None:
            # a token that training never gives must not push the latent anywhere
            nn.init.zeros_(self.condition.weight)

    def forward(self, noisy: torch.Tensor, sigma: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
        """Expected clean latent.

        Args:
            noisy: (batch, latent).
            sigma: (batch, 1), or (1, 1) where all have one noise level.
            condition: (batch, columns) int64 token ids, NOT_GIVEN where a column is open; None where all are.

        Returns:
            (batch, latent).
        """
        total = (sigma.square() + SIGMA_DATA**2).sqrt()
        skip, out = SIGMA_DATA**2 / total.square(), sigma * SIGMA_DATA / total
        angle = sigma.log() / 4.0 * self.frequencies
        context = self.noise(torch.cat([angle.sin(), angle.cos()], dim=-1))
        if condition is not None:
            context = context + self.condition(condition - NOT_GIVEN)
        return skip * noisy + out * self.network(noisy / total, self.context(context))


class ResidualNetwork(nn.Module):
    """A multilayer perceptron of residual blocks, each of which reads the context."""

    def __init__(self, latent_size: int, width: int, blocks: int) -> None:
        super().__init__()
        self.read = nn.Linear(latent_size, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
            for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.write = zeroed(nn.Linear(width, latent_size))

    def forward(self, latent: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        hidden = self.read(latent) + context
        for block in self.blocks:
            hidden = hidden + block(hidden + context)
        return self.write(self.norm(hidden))


class TransformerNetwork(nn.Module):
    """A transformer whose tokens are the latent's dimensions, behind one token for the context."""

    def __init__(self, latent_size: int, width: int, blocks: int) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.randn(latent_size, width))
        self.position = nn.Parameter(torch.randn(latent_size, width))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width,
                math.gcd(width, HEADS),
                dim_feedforward=2 * width,
                dropout=0.0,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.write = zeroed(nn.Linear(width, 1))

    def forward(self, latent: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        dimensions = latent[:, :, None] * self.value + self.position
        hidden = torch.cat([context.expand(len(latent), -1)[:, None], dimensions], dim=1)
        for block in self.blocks:
            hidden = block(hidden)
        return self.write(self.norm(hidden[:, 1:])).squeeze(2)


def zeroed(linear: nn.Linear) -> nn.Linear:
    """A last layer that writes zeros at first: training starts from the denoiser of a Gaussian."""
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear


NETWORKS = {"mlp": ResidualNetwork, "transformer": TransformerNetwork}


def build_denoiser(kind: str, latent_size: int, *, width: int, blocks: int, vocabulary: int, seed: int) -> Denoiser:
    """A denoiser with random weights on the CPU; `vocabulary` is 0 for one without conditions."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Denoiser(NETWORKS[kind](latent_size, width, blocks), width, vocabulary)
