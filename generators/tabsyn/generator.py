"""TabSyn as a generator of tables.

Source: Zhang et al. 2024, "Mixed-Type Tabular Data Synthesis with Score-based Diffusion in Latent Space"
(arXiv 2310.09656).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from bench.condition import Condition
from bench.errors import BenchError
from bench.progress import Progress
from generators.columns import Encoded
from generators.edm.sampler import sample_latents
from generators.tabsyn.autoencode import latents, rows_at_once, train_autoencoder
from generators.tabsyn.config import TabSynConfig
from generators.tabsyn.model import Autoencoder
from generators.tabsyn.score import Scale, build_score_model, train_score_model
from generators.training.checkpoint import Checkpoint
from generators.training.neural import NeuralTable


class TabSyn(NeuralTable):
    """A latent from a diffusion, decoded. Whether a number is missing is a column of two labels."""

    Config = TabSynConfig
    config: TabSynConfig

    def build(self) -> nn.ModuleDict:
        config = self.config
        numbers, sizes = len(self.table.layout.numbers), self.table.sizes
        latent_size = (numbers + len(sizes)) * config.token_size
        return nn.ModuleDict(
            {
                "autoencoder": Autoencoder(numbers, sizes, config.token_size, config.factor),
                "scale": Scale(latent_size),
                "denoiser": build_score_model(latent_size, config),
            }
        )

    def train(self, train: Encoded, validation: Encoded, progress: Progress, checkpoint: Checkpoint | None) -> None:
        autoencoder, scale, denoiser = (self.networks[name] for name in ("autoencoder", "scale", "denoiser"))
        if not autoencoder.columns:
            return  # no column has a value
        known = validation[np.flatnonzero((validation.codes >= 0).all(axis=1))]
        train_autoencoder(
            autoencoder, train, known, self.config, device=self.device, progress=progress, checkpoint=checkpoint
        )
        means, held_out = (latents(autoencoder, records, self.device) for records in (train, known))
        scale.learn(means)
        train_score_model(
            denoiser,
            scale.scaled(means),
            scale.scaled(held_out),
            self.config,
            progress=progress,
            checkpoint=checkpoint,
        )

    def draw(self, n: int, where: Condition) -> Encoded:
        autoencoder, scale, denoiser = (self.networks[name] for name in ("autoencoder", "scale", "denoiser"))
        if not autoencoder.columns:
            return Encoded(np.zeros((n, 0), np.float32), np.zeros((n, 0), np.int64))
        config = self.config
        noise = torch.randn(n, len(scale.centre)).to(self.device)
        drawn = scale.restored(
            sample_latents(denoiser, noise, steps=config.sampler_steps, sampler="stochastic", churn=config.churn)
        )
        if not bool(torch.isfinite(drawn).all()):
            raise BenchError("the diffusion drew latents that are not finite; fit again with a lower learning rate")
        numbers, codes = [], []
        for some in drawn.split(rows_at_once(autoencoder)):
            said, logits = autoencoder.decode(some.unflatten(1, (autoencoder.columns, config.token_size)))
            numbers.append(said.cpu())
            codes.append(autoencoder.detokenizer.likeliest(logits, len(some)))
        return Encoded(torch.cat(numbers).numpy(), torch.cat(codes).numpy())
