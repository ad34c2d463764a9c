"""Record tokens -> posterior over the latent: q(z | x) = Normal(mean, exp(log_variance))."""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers import BertConfig, BertModel

from generators.difflm.table_tokenizer import PAD


class Encoder(nn.Module):
    """A bidirectional transformer whose first position (the beginning-of-record token) is the summary.

    The standard deviation of the posterior is held above `least_deviation`. Without that a few
    dimensions carry everything as many narrow clusters, and a diffusion that misses a cluster by a
    little lands in another one; a floor spreads the same information over more and wider dimensions.
    """

    def __init__(
        self,
        vocabulary: int,
        positions: int,
        *,
        width: int,
        layers: int,
        heads: int,
        latent_size: int,
        least_deviation: float,
    ) -> None:
        super().__init__()
        config = BertConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=4 * width,
            max_position_embeddings=positions,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=PAD,
        )
        self.transformer = BertModel(config, add_pooling_layer=False)
        self.posterior = nn.Linear(width, 2 * latent_size)
        self.least_log_variance = 2 * math.log(least_deviation)

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance, (batch, latent) each, of ids (batch, length)."""
        hidden = self.transformer(input_ids=ids, attention_mask=ids != PAD).last_hidden_state[:, 0]
        with torch.autocast(hidden.device.type, enabled=False):
            mean, log_variance = self.posterior(hidden.float()).chunk(2, dim=-1)
        return mean, log_variance.clamp(self.least_log_variance, 6.0)
