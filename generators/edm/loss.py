"""The loss of denoising.

Source: Karras et al. 2022 (arXiv 2206.00364): equation 8 with the weight and the noise distribution of table 1.
"""

from __future__ import annotations

import torch

from generators.edm.denoiser import SIGMA_DATA
from generators.edm.sampler import Denoise

LOG_SIGMA_MEAN, LOG_SIGMA_STD = -1.2, 1.2


def denoising_loss(denoise: Denoise, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
    """Equation 8 with the weight 1 / c_out^2, mean over the batch (batch, latent).

    Args:
        denoise: (noisy (batch, latent), sigma (batch, 1)) to expected clean latents.
        clean: (batch, latent).
        generator: of the noise, on the CPU; None for torch's global state.
    """
    draw = torch.randn(len(clean), 1, generator=generator).to(clean.device)
    sigma = (LOG_SIGMA_MEAN + LOG_SIGMA_STD * draw).exp()
    noise = torch.randn(clean.shape, generator=generator).to(clean.device) * sigma
    weight = (sigma.square() + SIGMA_DATA**2) / (sigma * SIGMA_DATA).square()
    return (weight * (denoise(clean + noise, sigma) - clean).square()).mean()
