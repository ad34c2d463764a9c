"""Training the autoencoder: a fixed number of steps, the averaged weights that are best on validation kept."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch

from bench.errors import BenchError
from bench.progress import Progress
from generators.difflm.average import update_average
from generators.difflm.config import DiffLMConfig
from generators.difflm.device import Device
from generators.difflm.table_tokenizer import PAD
from generators.difflm.vae import Terms, VariationalAutoencoder

CHECKS = 10  # how often validation is looked at
VALIDATION_BATCH = 256


@dataclass(frozen=True)
class Check:
    """Means over the validation records after `step` steps, in nats a record."""

    step: int
    reconstruction: float
    kl: float


def plan_steps(config: DiffLMConfig, epochs: int, records: int, mean_length: float) -> tuple[int, int]:
    """Steps, and records of a step, for at most `epochs` passes over train records of `mean_length` tokens."""
    batch = min(records, max(4, round(config.batch_tokens / mean_length)))
    return min(config.steps, max(config.least_steps, epochs * records // batch)), batch


def rate_at(step: int, steps: int, warmup: int) -> float:
    """Share of the peak learning rate: linear warm-up, then cosine to 2 %."""
    return min(1.0, (step + 1) / warmup) * (0.02 + 0.98 * (1 + math.cos(math.pi * step / steps)) / 2)


def trim(ids: torch.Tensor) -> torch.Tensor:
    """Without the columns that are padding in every row."""
    return ids[:, : int((ids != PAD).sum(dim=1).max())]


def train_autoencoder(
    model: VariationalAutoencoder,
    train: torch.Tensor,
    validation: torch.Tensor,
    config: DiffLMConfig,
    *,
    epochs: int,
    device: Device,
    generator: torch.Generator,
    progress: Progress,
) -> list[Check]:
    """Train `model` in place.

    Args:
        model: the networks, on `device`.
        train, validation: ids (records, length); without validation records the last average is kept.
        config: optimiser and schedule.
        epochs: most passes over the train records.
        device: where, and in what precision.
        generator: order of the records and noise of the latent.
        progress: where to report to.

    Returns:
        The checks on validation, in order.

    Raises:
        BenchError: the loss stopped being a number.
    """
    steps, batch = plan_steps(config, epochs, len(train), float((train != PAD).sum(dim=1).float().mean()))
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, betas=(0.9, 0.98), weight_decay=config.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate_at(step, steps, config.warmup_steps))
    order = torch.empty(0, dtype=torch.long)
    checks: list[Check] = []
    average = copy.deepcopy(model).requires_grad_(False).eval()
    best = average.state_dict()
    model.train()
    with progress.task("autoencoder", steps) as task:
        for step in range(1, steps + 1):
            if len(order) < batch:
                order = torch.randperm(len(train), generator=generator)
            rows, order = order[:batch], order[batch:]
            terms = run(model, train[rows], device, generator)
            loss = terms.loss(config.beta, config.capacity_nats)
            if not torch.isfinite(loss):
                raise BenchError(f"the loss became {float(loss.detach())} at step {step}; lower learning_rate")
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
            update_average(average, model, config.average_decay, step)
            task.advance(1, nats=float(terms.negative_elbo.mean().detach()), kl=float(terms.kl.mean().detach()))
            if len(validation) and (step * CHECKS) // steps > ((step - 1) * CHECKS) // steps:
                checks.append(check(average, validation, step, device))
                if checks[-1] == min(checks, key=lambda c: c.reconstruction + c.kl):
                    best = {name: value.clone() for name, value in average.state_dict().items()}
    model.load_state_dict(best)
    model.eval()
    return checks


def run(model: VariationalAutoencoder, ids: torch.Tensor, device: Device, generator: torch.Generator) -> Terms:
    """The terms of the bound for one batch."""
    noise = torch.randn(len(ids), model.latent_size, generator=generator)
    with device.autocast():
        return model(trim(ids).to(device.name), noise.to(device.name))


@torch.no_grad()
def check(model: VariationalAutoencoder, validation: torch.Tensor, step: int, device: Device) -> Check:
    """The bound of a model in evaluation mode; the same latent noise every time, so that checks compare."""
    generator = torch.Generator().manual_seed(0)
    parts = [run(model, ids, device, generator) for ids in validation.split(VALIDATION_BATCH)]
    reconstruction = torch.cat([part.reconstruction for part in parts]).mean()
    return Check(step, float(reconstruction), float(torch.cat([part.kl for part in parts]).mean()))
