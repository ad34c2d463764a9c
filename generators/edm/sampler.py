"""Sampling by a denoiser: from noise to latents along EDM's noise levels, with or without guidance.

Source: Karras et al. 2022 (arXiv 2206.00364): noise levels of equation 5, Heun's second-order sampler of
algorithm 1, the stochastic one of algorithm 2; classifier-free guidance of Ho and Salimans 2022
(arXiv 2207.12598), equation 6, where D is linear in the score, so that it combines in the same way.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Literal

import torch

from generators.edm.denoiser import Denoiser

SIGMA_LEAST, SIGMA_MOST, RHO = 0.002, 80.0, 7.0
# Where the stochastic sampler adds noise: the range that the paper found for ImageNet-64 (table 5).
CHURN_LEAST, CHURN_MOST = 0.05, 50.0

Denoise = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def guided(denoiser: Denoiser, condition: torch.Tensor | None, guidance: float) -> Denoise:
    """D without condition + guidance * (D with it - D without it), as a function of (noisy, sigma).

    Args:
        denoiser: a conditional one where there is a condition.
        condition: (batch, columns) token ids, see `Denoiser.forward`; None for none.
        guidance: 1 is the learnt conditional itself and costs one call of the network instead of two;
            more sharpens it towards what tells the condition apart.
    """
    if condition is None:
        return denoiser
    conditional = functools.partial(denoiser, condition=condition)
    if guidance == 1.0:
        return conditional

    def denoise(noisy: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return torch.lerp(denoiser(noisy, sigma), conditional(noisy, sigma), guidance)

    return denoise


def noise_levels(steps: int) -> list[float]:
    """The standard deviations of equation 5, falling, and the final 0; `steps` + 1 of them."""
    ramp = torch.arange(steps, dtype=torch.float64) / max(steps - 1, 1)
    levels = (SIGMA_MOST ** (1 / RHO) + ramp * (SIGMA_LEAST ** (1 / RHO) - SIGMA_MOST ** (1 / RHO))) ** RHO
    return [*levels.tolist(), 0.0]


@torch.no_grad()
def sample_latents(
    denoise: Denoise,
    noise: torch.Tensor,
    *,
    steps: int,
    sampler: Literal["heun", "euler", "stochastic"] = "heun",
    churn: float = 0.0,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Scaled latents (batch, latent) from unit noise (batch, latent), in its precision.

    Args:
        denoise: (noisy (batch, latent), sigma (1, 1)) to expected clean latents.
        noise: where the walk starts.
        steps: noise levels; two calls of `denoise` each but the last, one with `euler`.
        sampler: `euler` (first order), `heun` (second), `stochastic` (second, with fresh noise).
        churn: S_churn, the noise that `stochastic` adds over all steps; 0 is Heun.
        generator: of the fresh noise, on the CPU.
    """
    levels = noise_levels(steps)
    gain = min(churn / steps, math.sqrt(2) - 1) if sampler == "stochastic" else 0.0
    latent = noise * levels[0]
    for level, following in itertools.pairwise(levels):
        sigma = level
        if gain > 0 and CHURN_LEAST <= level <= CHURN_MOST:
            sigma = level * (1 + gain)
            fresh = torch.randn(latent.shape, generator=generator, dtype=latent.dtype).to(latent.device)
            latent = latent + math.sqrt(sigma**2 - level**2) * fresh
        direction = slope(denoise, latent, sigma)
        moved = latent + (following - sigma) * direction
        if following > 0 and sampler != "euler":
            moved = latent + (following - sigma) * (direction + slope(denoise, moved, following)) / 2
        latent = moved
    return latent


def slope(denoise: Denoise, latent: torch.Tensor, sigma: float) -> torch.Tensor:
    """The derivative of the latent by sigma on the way to the data, equation 3 with sigma(t) = t."""
    return (latent - denoise(latent, latent.new_full((1, 1), sigma))) / sigma
