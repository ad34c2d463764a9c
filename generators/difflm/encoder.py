"""Record tokens -> posterior over the latent: q(z | x) = Normal(mean, exp(log_variance))."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn
from transformers import PreTrainedModel

from generators.difflm.tokens import PAD

Pooling = Literal["pooler", "first", "mean", "last"]


class Encoder(nn.Module):
    """A transformer whose pooled output gives mean and log-variance by one linear map.

    The standard deviation of the posterior is held above `least_deviation`. Without that a few
    dimensions carry everything as many narrow clusters, and a diffusion that misses a cluster by a
    little lands in another one; a floor spreads the same information over more and wider dimensions.

    Args:
        transformer: BERT-like, T5-like encoder or the body of a causal language model.
        pooling: what stands for the record: the model's own pooler, the first position, the mean over
            the record, or the last position (the only one of a causal model that has seen the record).
        latent_size: dimensions of the latent.
        least_deviation: floor of the posterior's standard deviation; 0 for none.
    """

    def __init__(
        self, transformer: PreTrainedModel, pooling: Pooling, *, latent_size: int, least_deviation: float
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.pooling = pooling
        self.latent_size = latent_size
        self.posterior = nn.Linear(transformer.config.get_text_config().hidden_size, 2 * latent_size)
        self.least_log_variance = 2 * math.log(least_deviation) if least_deviation else -20.0

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance, (batch, latent) each, of ids (batch, length)."""
        present = ids != PAD
        output = self.transformer(input_ids=ids.clamp(min=0), attention_mask=present.long())
        pooled = self.pool(output, present)
        with torch.autocast(pooled.device.type, enabled=False):
            mean, log_variance = self.posterior(pooled.float()).chunk(2, dim=-1)
        return mean, log_variance.clamp(self.least_log_variance, 6.0)

    def pool(self, output: object, present: torch.Tensor) -> torch.Tensor:
        """One vector a record, (batch, width)."""
        if self.pooling == "pooler":
            return output.pooler_output
        hidden = output.last_hidden_state
        if self.pooling == "first":
            return hidden[:, 0]
        if self.pooling == "last":
            return hidden[torch.arange(len(hidden), device=hidden.device), present.sum(dim=1) - 1]
        weight = present[..., None].to(hidden.dtype)
        return (hidden * weight).sum(dim=1) / weight.sum(dim=1)
