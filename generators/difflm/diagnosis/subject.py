"""A fitted DiffLM as the diagnosis sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from bench.condition import Condition
from generators.base import Sample
from generators.difflm.tokens import Tokens
from generators.difflm.vae import VariationalAutoencoder
from generators.training.device import Device

BATCH = 256


class Encodes(Protocol):
    """What the diagnosis needs of a tokenizer."""

    def encode(self, records: pd.DataFrame) -> tuple[Tokens, NDArray[np.bool_]]:
        """Tokens of the records that can be spelled, and which ones those are."""


@dataclass(frozen=True)
class Subject:
    """The parts of a fitted model.

    Args:
        model: the autoencoder, in evaluation mode.
        tokenizer: of its records.
        device: where it runs.
        draw: how many, seed -> latents (n, latent) of the diffusion, before any noise is added.
        noise: (latent,) standard deviation of the noise that sampling adds to them; zeros for none.
        decode: latents, temperature, seed -> the legal records among those that the latents are decoded
            to, and which latents they belong to (n,). Bounds its own memory.
        temperature: at which the model samples.
        control: way of sampling under a condition -> how many, condition, seed -> records that fulfil it.
        history: training curves by name, all of the length of `step`; empty where none were kept.
    """

    model: VariationalAutoencoder
    tokenizer: Encodes
    device: Device
    draw: Callable[[int, int], torch.Tensor]
    noise: torch.Tensor
    decode: Callable[[torch.Tensor, float, int], tuple[pd.DataFrame, NDArray[np.bool_]]]
    temperature: float
    control: Mapping[str, Callable[[int, Condition, int], Sample]]
    history: Mapping[str, Sequence[float]]

    @torch.no_grad()
    def posterior(self, tokens: Tokens) -> tuple[torch.Tensor, torch.Tensor]:
        """Posterior mean and standard deviation of every record, (records, latent) each, float32 on the CPU."""
        means, deviations = [], []
        for first in range(0, len(tokens), BATCH):
            batch = tokens[first : first + BATCH].trimmed().to(self.device.name)
            with self.device.autocast():
                mean, log_variance = self.model.encoder(batch.encoder_ids)
            means.append(mean.float().cpu())
            deviations.append((0.5 * log_variance.float()).exp().cpu())
        return torch.cat(means), torch.cat(deviations)

    @torch.no_grad()
    def reconstruction(self, tokens: Tokens, latent: torch.Tensor) -> NDArray[np.float64]:
        """-log p(x | z) of every record in nats, (records,), for latents (records, latent)."""
        parts = []
        for first in range(0, len(tokens), BATCH):
            batch = tokens[first : first + BATCH].trimmed().to(self.device.name)
            with self.device.autocast():
                nats = self.model.reconstruction(batch, latent[first : first + BATCH].to(self.device.name))
            parts.append(nats.double().cpu())
        return torch.cat(parts).numpy()

    def records(self, latent: torch.Tensor, temperature: float, seed: int) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
        """`decode` of latents (rows, latent) on the CPU."""
        return self.decode(latent.to(self.device.name), temperature, seed)
