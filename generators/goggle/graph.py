"""The learnt graph of the columns.

Source: GOGGLE (Liu et al. 2023), section 4, and its authors' code: an edge from every column to every other one, its
weight a sigmoid; a penalty on the distance to what is known, which is nothing or some edges; small weights are cut.
Every node sees itself, whatever the graph. In the authors' code a known edge goes through the sigmoid as well, and
one that is known not to be there keeps the weight 1/2; here a known edge has the weight 1.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class LearntGraph(nn.Module):
    """Weights of the edges, those into a node in one column; none from a node to itself."""

    def __init__(self, known: torch.Tensor, threshold: float) -> None:
        """Start with all edges at 1/2.

        Args:
            known: 1 where an edge is known, else 0; shape (nodes, nodes).
            threshold: least weight that is not cut.
        """
        super().__init__()
        self.threshold = threshold
        self.raw = nn.Parameter(torch.zeros_like(known))
        self.register_buffer("known", known, persistent=False)
        self.register_buffer("others", 1 - torch.eye(len(known)), persistent=False)

    def forward(self, sparse: bool) -> torch.Tensor:
        """Weights (from, to) in 0..1, with small ones cut or not."""
        weights = torch.where(self.known > 0, self.known, self.raw.sigmoid()) * self.others
        return functional.threshold(weights, self.threshold, 0.0) if sparse else weights

    def distance(self, weights: torch.Tensor) -> torch.Tensor:
        """Mean distance to the known graph."""
        return (weights - self.known * self.others).abs().sum() / max(1, weights.numel())


def normalised(weights: torch.Tensor) -> torch.Tensor:
    """Weights (from, to) over the root of the numbers of edges at both ends, as graph convolutions have it."""
    edges = (weights > 0).to(weights.dtype)
    return weights / (edges.sum(dim=1, keepdim=True) * edges.sum(dim=0, keepdim=True)).clamp(min=1).sqrt()
