"""How a latent steers the decoder: k soft-prompt vectors in front of the record.

Source: DiffLM (arXiv 2411.03250), section 3.2. The vectors stand before the beginning-of-record
token and are ignored by the loss; record tokens take the positions k, k + 1, ... in training and in
sampling alike.
"""

from __future__ import annotations

import torch
from torch import nn


class SoftPrompt(nn.Module):
    """Linear map from a latent (batch, latent) to soft tokens (batch, tokens, width)."""

    def __init__(self, latent_size: int, tokens: int, width: int) -> None:
        super().__init__()
        self.tokens = tokens
        self.project = nn.Linear(latent_size, tokens * width)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return self.project(latent).unflatten(-1, (self.tokens, -1))
