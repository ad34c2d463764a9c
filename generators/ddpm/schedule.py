"""Noise schedules: how much noise every step of a diffusion adds.

Sources: Nichol and Dhariwal 2021 (arXiv 2102.09672), section 3.2, for the cosine; Ho et al. 2020
(arXiv 2006.11239), section 4, for the line.
"""

from __future__ import annotations

import torch

OFFSET = 0.008  # keeps the first steps from being too small
MOST = 0.999


def cosine_betas(timesteps: int) -> torch.Tensor:
    """beta_1..beta_T with the product of 1 - beta following a squared cosine; (timesteps,) float64."""
    time = torch.arange(timesteps + 1, dtype=torch.float64) / timesteps
    kept = ((time + OFFSET) / (1 + OFFSET) * torch.pi / 2).cos().square()
    return (1 - kept[1:] / kept[:-1]).clamp(max=MOST)


def linear_betas(timesteps: int, first: float, last: float) -> torch.Tensor:
    """beta_1..beta_T on a line; (timesteps,) float64."""
    return torch.linspace(first, last, timesteps, dtype=torch.float64)
