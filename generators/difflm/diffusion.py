"""Training the latent diffusion: EDM on the posterior of every record.

Source: DiffLM (arXiv 2411.03250), section 3.3; a condition hidden at random, as in classifier-free
guidance (Ho and Salimans 2022, arXiv 2207.12598, algorithm 1).
"""

from __future__ import annotations

import copy
import functools
import math

import torch

from bench.errors import BenchError
from bench.progress import Progress
from generators.difflm.config import DiffLMConfig
from generators.edm.denoiser import NOT_GIVEN, Denoiser
from generators.edm.loss import denoising_loss
from generators.training.average import update_average
from generators.training.checkpoint import Checkpoint, State

CHECKPOINT = "diffusion"


def random_subset(condition: torch.Tensor, dropout: float, generator: torch.Generator) -> torch.Tensor:
    """A condition (batch, columns) with all columns hidden at the rate `dropout`, else with a random share.

    The share is uniform and every record's own, so that one column alone is seen as often as all but one.
    """
    share = torch.rand(len(condition), 1, generator=generator)
    share[torch.rand(len(condition), 1, generator=generator) < dropout] = 0.0
    hidden = torch.rand(condition.shape, generator=generator) >= share
    return condition.masked_fill(hidden.to(condition.device), NOT_GIVEN)


def plan_steps(config: DiffLMConfig, latents: int) -> int:
    """Steps for at most `diffusion_epochs` passes over that many latents."""
    passes = config.diffusion_epochs * latents // config.diffusion_batch
    return min(config.diffusion_steps, max(config.diffusion_least_steps, passes))


def train_denoiser(
    denoiser: Denoiser,
    mean: torch.Tensor,
    deviation: torch.Tensor | None,
    conditions: torch.Tensor | None,
    config: DiffLMConfig,
    *,
    generator: torch.Generator,
    progress: Progress,
    checkpoint: Checkpoint | None = None,
) -> Denoiser:
    """Fit a denoiser to scaled latents.

    Args:
        denoiser: with random weights, on the device of the latents; trained in place.
        mean: (records, latent) posterior means.
        deviation: (records, latent) posterior standard deviations, whose noise is drawn anew in every
            step; None to learn the means themselves.
        conditions: (records, columns) int64 token ids; None for an unconditional denoiser.
        config: optimiser and schedule.
        generator: of the records, the noise and what is hidden of the conditions.
        progress: where to report to.
        checkpoint: from which a training that was killed goes on; None for none.

    Returns:
        The exponential moving average of the weights.

    Raises:
        BenchError: the loss stopped being a number.
    """
    steps = plan_steps(config, len(mean))
    average = copy.deepcopy(denoiser).requires_grad_(False)
    optimiser = torch.optim.AdamW(
        denoiser.parameters(), lr=config.diffusion_learning_rate, weight_decay=0.0, fused=True
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    parts = {"denoiser": denoiser, "average": average, "optimiser": optimiser, "schedule": schedule}
    start = 0
    saved = checkpoint.load(CHECKPOINT) if checkpoint is not None else None
    if saved is not None:
        start = saved["step"]
        generator.set_state(saved["generator"].cpu())
        for name, part in parts.items():
            part.load_state_dict(saved[name])

    def state(step: int) -> State:
        weights = {name: part.state_dict() for name, part in parts.items()}
        return {**weights, "generator": generator.get_state(), "step": step}

    with progress.task("latent diffusion", steps) as task:
        task.advance(start)
        for step in range(start, steps):
            rows = torch.randint(len(mean), (config.diffusion_batch,), generator=generator).to(mean.device)
            clean = mean[rows]
            if deviation is not None:
                clean = clean + deviation[rows] * torch.randn(clean.shape, generator=generator).to(mean.device)
            condition = None
            if conditions is not None:
                condition = random_subset(conditions[rows], config.condition_dropout, generator)
            loss = denoising_loss(functools.partial(denoiser, condition=condition), clean, generator)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise BenchError(
                    f"the loss of the latent diffusion became {value} at step {step + 1}; lower diffusion_learning_rate"
                )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            update_average(average.parameters(), denoiser.parameters(), config.ema_decay, step)
            task.advance(1, loss=value)
            if checkpoint is not None:
                checkpoint.save(CHECKPOINT, functools.partial(state, step + 1))
    return average
