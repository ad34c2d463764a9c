"""Training the autoencoder, and the latents of records."""

from __future__ import annotations

import numpy as np
import torch

from bench.progress import Progress
from generators.columns import Encoded
from generators.tabsyn.config import TabSynConfig
from generators.tabsyn.model import Autoencoder, Losses
from generators.tabsyn.schedule import FallingBeta, cosine, even_fall
from generators.training.checkpoint import Checkpoint
from generators.training.loop import train as train_loop

# numbers of the widest layers held at once: bounds the memory, and what a CPU's cache holds is fastest
CELLS = 2**19
# records that are looked at after every pass
WATCHED = 4096
# the share of the steps over which `budget` lets beta fall; the rest is spent at the least
FALL = 0.75
# of the learning rate, where the loss has had no new best for so many passes; of the authors' code
PLATEAU = {"factor": 0.95, "patience": 10}


class Records:
    """Encoded records on a device, read a few at a time."""

    def __init__(self, encoded: Encoded, device: str) -> None:
        self.numbers = torch.from_numpy(encoded.numbers).to(device)
        self.codes = torch.from_numpy(encoded.codes).to(device)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.numbers[rows], self.codes[rows]


def train_autoencoder(
    model: Autoencoder,
    train: Encoded,
    validation: Encoded,
    config: TabSynConfig,
    *,
    device: str,
    progress: Progress,
    checkpoint: Checkpoint | None,
) -> None:
    """Fit the autoencoder in place, with randomness from torch's global state."""
    records = Records(train, device)
    looked_at = validation if len(validation) else train
    watched = Records(looked_at[np.arange(min(len(looked_at), WATCHED))], device)
    batch = min(config.batch, len(records))
    a_pass = -(-len(records) // batch)
    steps = min(config.epochs * a_pass, config.steps or config.epochs * a_pass)
    adam = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
    beta = FallingBeta(config.beta, config.least_beta, config.beta_factor, config.beta_patience)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(adam, **PLATEAU)
    parts = {"autoencoder": model, "adam": adam, "beta": beta, "plateau": plateau}

    def step(number: int) -> dict[str, float]:
        if config.schedule == "budget":
            beta.value = even_fall(config.beta, config.least_beta, number / (FALL * steps))
            adam.param_groups[0]["lr"] = config.learning_rate * cosine(number / steps)
        adam.zero_grad()
        losses = add_gradients(model, records, torch.randint(len(records), (batch,)), beta.value)
        adam.step()
        if config.schedule == "plateau" and (number + 1) % a_pass == 0:
            reconstruction = watch(model, watched)
            beta.look(reconstruction)
            plateau.step(reconstruction)
        return {"reconstruction": losses.reconstruction.item(), "kl": losses.kl.item(), "beta": beta.value}

    train_loop(parts, step, steps=steps, name="autoencoder", progress=progress, checkpoint=checkpoint)


def add_gradients(model: Autoencoder, records: Records, rows: torch.Tensor, beta: float) -> Losses:
    """Gradients of the mean loss over rows (batch,), whose losses are returned, a few rows at a time."""
    total = Losses(*torch.zeros(3))
    for some in rows.split(rows_at_once(model)):
        losses = model.losses(*records[some.to(records.numbers.device)])
        share = len(some) / len(rows)
        (share * (losses.reconstruction + beta * losses.kl)).backward()
        total = Losses(*(so_far + share * one.detach().cpu() for so_far, one in zip(total, losses, strict=True)))
    return total


@torch.no_grad()
def watch(model: Autoencoder, records: Records) -> float:
    """The mean reconstruction loss of records."""
    total = 0.0
    for some in torch.arange(len(records), device=records.numbers.device).split(rows_at_once(model)):
        total += model.losses(*records[some]).reconstruction.item() * len(some)
    return total / len(records)


@torch.no_grad()
def latents(model: Autoencoder, encoded: Encoded, device: str) -> torch.Tensor:
    """Posterior means (records, columns * size) of records."""
    records = Records(encoded, device)
    rows = torch.arange(len(records), device=device).split(rows_at_once(model))
    return torch.cat([model.encode(*records[some])[0].flatten(1) for some in rows])


def rows_at_once(model: Autoencoder) -> int:
    """Records that go through the autoencoder together."""
    return max(1, CELLS // model.widest)
