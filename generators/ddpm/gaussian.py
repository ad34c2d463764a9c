"""Gaussian diffusion of numbers, whose denoiser says which noise was added.

Source: Ho et al. 2020 (arXiv 2006.11239): equations 4 (noising), 6 and 7 (posterior), 14 (loss), algorithm 2
(sampling). Step t of the paper is t - 1 here.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn


class GaussianDiffusion(nn.Module):
    """Noising and denoising of standardised numbers.

    Args:
        betas: share of the variance that every step replaces by noise; (timesteps,) float64.
        variance: of a sampling step: `small` is that of the posterior of a known x_0, right where the data is
            one point, `large` is beta, right where the data is a standard normal distribution.
    """

    def __init__(self, betas: torch.Tensor, variance: Literal["small", "large"]) -> None:
        super().__init__()
        kept = (1 - betas).cumprod(0)
        before = torch.cat([kept.new_ones(1), kept[:-1]])
        posterior = betas * (1 - before) / (1 - kept)
        chosen = posterior if variance == "small" else betas
        for name, values in {
            "signal": kept.sqrt(),
            "noise": (1 - kept).sqrt(),
            "start_weight": before.sqrt() * betas / (1 - kept),
            "noisy_weight": (1 - betas).sqrt() * (1 - before) / (1 - kept),
            "deviation": torch.cat([posterior[:1], chosen[1:]]).sqrt(),  # the last step adds none
        }.items():
            self.register_buffer(name, values.float(), persistent=False)

    def noisy(self, start: torch.Tensor, noise: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """x_t from x_0 and standard normal noise (batch, numbers) at steps (batch,)."""
        return self.signal[step, None] * start + self.noise[step, None] * noise

    def start(self, noisy: torch.Tensor, noise: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """x_0 from x_t and its noise (batch, numbers): the inverse of `noisy`."""
        return (noisy - self.noise[step, None] * noise) / self.signal[step, None]

    def previous(self, noisy: torch.Tensor, start: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """x_{t-1} drawn around the posterior mean of x_t and an expected x_0 (batch, numbers)."""
        mean = self.start_weight[step, None] * start + self.noisy_weight[step, None] * noisy
        return mean + self.deviation[step, None] * torch.randn_like(noisy)
