"""The bound of records: of one batch in training, and of all validation records.

Source: a latent dimension is active where the posterior mean varies over the records by more than 0.01
(Burda et al. 2016, arXiv 1509.00519).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from generators.difflm.distributed import Team
from generators.difflm.tokens import Tokens
from generators.difflm.vae import Terms, VariationalAutoencoder
from generators.training.device import Device

BATCH = 256
ACTIVE_VARIANCE = 0.01


@dataclass(frozen=True)
class Check:
    """Means over the validation records after `step` steps, in nats a record.

    Args:
        step: how many were made.
        reconstruction: -log p(x | z).
        kl: KL(q(z | x) || p(z)).
        active_units: latent dimensions whose posterior mean tells records apart.
        kl_of_dimensions: the parts of `kl`.
    """

    step: int
    reconstruction: float
    kl: float
    active_units: int
    kl_of_dimensions: list[float]


def run(
    model: VariationalAutoencoder | Team,
    tokens: Tokens,
    device: Device,
    generator: torch.Generator,
    *,
    word_dropout: float = 0.0,
    part: slice = slice(None),
) -> Terms:
    """The terms of the bound for one batch.

    Args:
        model: the networks.
        tokens: the batch.
        device: where, and in what precision.
        generator: of the latent noise, and of the words that are dropped.
        word_dropout: share of the decoder's input tokens that are hidden from it, never the first.
        part: records of the batch that are computed; what is drawn does not depend on it.
    """
    tokens = tokens.trimmed()
    noise = torch.randn(len(tokens), model.latent_size, generator=generator)[part].to(device.name)
    hidden = None
    if word_dropout:
        hidden = torch.rand(tokens.ids[:, :-1].shape, generator=generator) < word_dropout
        hidden[:, 0] = False
    tokens = tokens[part].trimmed()
    if hidden is not None:
        hidden = hidden[part, : tokens.ids.shape[1] - 1].to(device.name)
    with device.autocast():
        return model.in_groups(tokens.to(device.name), noise, hidden)


@torch.no_grad()
def check(model: VariationalAutoencoder | Team, validation: Tokens, step: int, device: Device) -> Check:
    """The bound of a model in evaluation mode; the same latent noise every time, so that checks compare."""
    generator = torch.Generator().manual_seed(0)
    batches = range(0, len(validation), BATCH)
    parts = [run(model, validation[first : first + BATCH], device, generator) for first in batches]
    kl = torch.cat([part.kl for part in parts]).mean(dim=0)
    variance = torch.cat([part.mean for part in parts]).var(dim=0, correction=0)
    return Check(
        step,
        float(torch.cat([part.reconstruction for part in parts]).mean()),
        float(kl.sum()),
        int((variance > ACTIVE_VARIANCE).sum()),
        kl.tolist(),
    )
