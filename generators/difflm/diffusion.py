"""Latent diffusion: EDM on posterior means.

Source: Karras et al. 2022 (arXiv 2206.00364): preconditioning and loss weight of table 1, noise
levels of equation 5, Heun's second-order sampler of algorithm 1; in DiffLM (arXiv 2411.03250),
section 3.3. All latents here are centred and divided by 2, so that their scale is about
sigma_data = 0.5.
"""

from __future__ import annotations

import copy
import itertools

import torch
from torch import nn

from bench.progress import Progress
from generators.difflm.average import update_average

SIGMA_DATA = 0.5
SIGMA_LEAST, SIGMA_MOST, RHO = 0.002, 80.0, 7.0
LOG_SIGMA_MEAN, LOG_SIGMA_STD = -1.2, 1.2


class Denoiser(nn.Module):
    """D(x; sigma): an MLP of residual blocks, preconditioned so that its raw output has unit scale."""

    def __init__(self, latent_size: int, width: int, blocks: int) -> None:
        super().__init__()
        self.frequencies = nn.Buffer(torch.exp(torch.linspace(0.0, 4.0, 16)))
        self.read = nn.Linear(latent_size, width)
        self.noise = nn.Sequential(nn.Linear(32, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
            for _ in range(blocks)
        )
        self.write = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, latent_size))
        nn.init.zeros_(self.write[1].weight)

    def forward(self, noisy: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        """Expected clean latent (batch, latent) for noisy (batch, latent) at sigma (batch, 1)."""
        total = (sigma.square() + SIGMA_DATA**2).sqrt()
        skip, out = SIGMA_DATA**2 / total.square(), sigma * SIGMA_DATA / total
        angle = sigma.log() / 4.0 * self.frequencies
        noise = self.noise(torch.cat([angle.sin(), angle.cos()], dim=-1))
        hidden = self.read(noisy / total) + noise
        for block in self.blocks:
            hidden = hidden + block(hidden + noise)
        return skip * noisy + out * self.write(hidden)


def denoising_loss(denoiser: nn.Module, clean: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Equation 8 with the weight 1 / c_out^2, mean over the batch."""
    draw = torch.randn(len(clean), 1, generator=generator).to(clean.device)
    sigma = (LOG_SIGMA_MEAN + LOG_SIGMA_STD * draw).exp()
    noise = torch.randn(clean.shape, generator=generator).to(clean.device) * sigma
    weight = (sigma.square() + SIGMA_DATA**2) / (sigma * SIGMA_DATA).square()
    return (weight * (denoiser(clean + noise, sigma) - clean).square()).mean()


def train_denoiser(
    latents: torch.Tensor,
    *,
    width: int,
    blocks: int,
    steps: int,
    batch: int,
    learning_rate: float,
    ema_decay: float,
    generator: torch.Generator,
    progress: Progress,
) -> Denoiser:
    """Fit a denoiser to scaled latents (records, latent); returns the exponential moving average of its weights."""
    denoiser = Denoiser(latents.shape[1], width, blocks).to(latents.device)
    average = copy.deepcopy(denoiser).requires_grad_(False)
    optimiser = torch.optim.AdamW(denoiser.parameters(), lr=learning_rate, weight_decay=0.0, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    with progress.task("latent diffusion", steps) as task:
        for step in range(steps):
            rows = torch.randint(len(latents), (batch,), generator=generator)
            loss = denoising_loss(denoiser, latents[rows.to(latents.device)], generator)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            update_average(average, denoiser, ema_decay, step)
            task.advance(1, loss=float(loss.detach()))
    return average


@torch.no_grad()
def sample_latents(denoiser: Denoiser, noise: torch.Tensor, steps: int) -> torch.Tensor:
    """Heun's method from unit noise (batch, latent) to scaled latents (batch, latent)."""
    ramp = torch.arange(steps, dtype=torch.float64) / max(steps - 1, 1)
    levels = (SIGMA_MOST ** (1 / RHO) + ramp * (SIGMA_LEAST ** (1 / RHO) - SIGMA_MOST ** (1 / RHO))) ** RHO
    sigmas = [*levels.tolist(), 0.0]
    latent = noise * sigmas[0]
    for sigma, following in itertools.pairwise(sigmas):
        slope = (latent - denoiser(latent, latent.new_full((len(latent), 1), sigma))) / sigma
        guess = latent + (following - sigma) * slope
        if following > 0:
            slope_there = (guess - denoiser(guess, latent.new_full((len(latent), 1), following))) / following
            guess = latent + (following - sigma) * (slope + slope_there) / 2
        latent = guess
    return latent
