"""The encoder and the decoder of GOGGLE.

Source: Liu, Qian, Berrevoets, van der Schaar 2023, "GOGGLE: Generative Modelling for Tabular Data by Learning
Relational Structure" (ICLR), section 4: a latent for every node; an embedding of its own makes it the state of the
node; states are exchanged along the graph. A node is a column. Every node has networks of its own, so that the
function of an edge is that of its two ends; all nodes are computed together, as batched products.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from generators.goggle.graph import normalised


def spread(*shape: int) -> nn.Parameter:
    """Weights (..., in, out) of the usual size: uniform within the root of 1 over the inputs."""
    bound = max(1, shape[-2]) ** -0.5
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


class Encoder(nn.Module):
    """Numbers (batch, numbers) and codes (batch, choices) to mean and log-variance (nodes, batch, latent)."""

    def __init__(self, numbers: int, sizes: Sequence[int], width: int, nodes: int, latent_size: int) -> None:
        super().__init__()
        self.shape = (nodes, latent_size)
        starts = torch.tensor([0, *sizes]).cumsum(0)[:-1]
        self.register_buffer("starts", starts, persistent=False)
        inputs = numbers + sum(sizes)
        bound = max(1, inputs) ** -0.5
        self.numbers = nn.Parameter(torch.empty(numbers, width).uniform_(-bound, bound))
        # a row for every value of every choice: the product with one-hot vectors that are never made
        self.values = nn.Parameter(torch.empty(sum(sizes), width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(width))
        self.posterior = nn.Linear(width, 2 * nodes * latent_size)

    def forward(self, numbers: torch.Tensor, codes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = torch.addmm(self.bias, numbers, self.numbers)
        if codes.shape[1]:
            hidden = hidden + nn.functional.embedding_bag(codes + self.starts, self.values, mode="sum")
        mean, log_variance = self.posterior(hidden.relu()).view(len(numbers), 2, *self.shape).unbind(1)
        return mean.transpose(0, 1), log_variance.transpose(0, 1)


class Decoder(nn.Module):
    """Latents (nodes, batch, latent) to states (nodes, batch, width), through rounds of messages."""

    def __init__(self, nodes: int, latent_size: int, width: int, rounds: int) -> None:
        super().__init__()
        self.embed = spread(nodes, latent_size, width)
        self.embed_bias = nn.Parameter(torch.zeros(nodes, 1, width).uniform_(-1, 1))
        self.own = nn.ParameterList(spread(nodes, width, width) for _ in range(rounds))
        self.sent = nn.ParameterList(spread(nodes, width, width) for _ in range(rounds))
        self.bias = nn.ParameterList(nn.Parameter(torch.zeros(nodes, 1, width)) for _ in range(rounds))

    def forward(self, latent: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """States of latents and of the weights (from, to) of the graph."""
        nodes, batch, _ = latent.shape
        towards = normalised(weights).T
        state = torch.baddbmm(self.embed_bias, latent, self.embed).tanh()
        for own, sent, bias in zip(self.own, self.sent, self.bias, strict=True):
            message = torch.bmm(state, sent)
            received = (towards @ message.view(nodes, -1)).view(nodes, batch, -1)
            state = (torch.baddbmm(bias, state, own) + received).tanh()
        return state


def kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """KL(posterior || standard normal) in nats, summed over everything."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
