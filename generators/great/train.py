"""Training on rows whose columns stand in a new random order every time (arXiv 2210.06280, section 3.1, definition 2).

AdamW and a linearly falling rate are those of transformers' trainer, which the authors' package uses.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from bench.progress import Progress
from generators.great.config import GReaTConfig
from generators.great.network import Speaker, groups
from generators.great.tokens import PAD, Spelled
from generators.training.average import Weights, put_weights, trained_parameters, trained_weights
from generators.training.checkpoint import Checkpoint
from generators.training.loop import train as train_loop

LARGEST_NORM = 1.0  # gradients are clipped to it


def rate_at(step: int, steps: int, warmup: int) -> float:
    """Share of the peak learning rate: a linear rise, then a linear fall to 0."""
    return (step + 1) / warmup if step < warmup else (steps - step) / max(1, steps - warmup)


def rows_of(step: int, records: int, batch: int, seed: int) -> torch.Tensor:
    """Numbers of the rows of a step; every pass takes all rows in an order of its own, its last step what is left."""
    passed, place = divmod(step, -(-records // batch))
    order = np.random.default_rng([seed, passed]).permutation(records)
    return torch.from_numpy(order[place * batch : (place + 1) * batch])


class TrainedWeights:
    """The state of a network without the weights that are frozen."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def state_dict(self) -> Weights:
        return trained_weights(self.network)

    def load_state_dict(self, state: Weights) -> None:
        put_weights(self.network, state)


def train(
    speaker: Speaker,
    spelled: Spelled,
    records: int,
    columns: int,
    config: GReaTConfig,
    seed: int,
    progress: Progress,
    checkpoint: Checkpoint | None,
) -> None:
    """Train a model in place.

    Args:
        speaker: the model.
        spelled: the train rows.
        records, columns: how many there are.
        config: optimiser and length of the training.
        seed: of the order of the rows; that of the columns, and dropout, draw from torch's global generator.
        progress: where to report to.
        checkpoint: where the state is kept and looked for.

    Raises:
        BenchError: the loss stopped being a number.
    """
    weights = trained_parameters(speaker)
    adam = torch.optim.AdamW(weights, lr=config.peak_rate, weight_decay=config.weight_decay, fused=True)
    passes = config.epochs * -(-records // config.batch)
    steps = min(passes, config.steps) if config.steps else passes
    warmup = int(config.warmup_share * steps)

    def step(number: int) -> dict[str, float]:
        for group in adam.param_groups:
            group["lr"] = config.peak_rate * rate_at(number, steps, warmup)
        rows = rows_of(number, records, config.batch, seed)
        ids = spelled.batch(rows, torch.rand(len(rows), columns).argsort(dim=1))
        predicted = int((ids[:, 1:] != PAD).sum())
        total = 0.0
        for part in groups(ids):
            loss = speaker(part.to(speaker.device.name)) / predicted
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(weights, LARGEST_NORM)
        adam.step()
        adam.zero_grad()
        return {"nats": total * predicted / len(rows)}

    speaker.train()
    parts = {"network": TrainedWeights(speaker), "adam": adam}
    train_loop(parts, step, steps=steps, name="great", progress=progress, checkpoint=checkpoint)
