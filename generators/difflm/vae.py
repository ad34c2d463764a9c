"""The variational autoencoder of DiffLM: encoder, injection, language-model decoder.

Source: DiffLM (arXiv 2411.03250), section 3.2. All terms are sums over a record, in nats, so that
reconstruction + KL is the true negative evidence lower bound and beta is stated against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from transformers import Cache, PreTrainedModel

from generators.difflm.encoder import Encoder
from generators.difflm.grammar import Grammar
from generators.difflm.likelihood import negative_log_likelihood
from generators.difflm.tokens import Tokens


@dataclass(frozen=True)
class Terms:
    """The two terms of the bound for every record, in nats.

    Args:
        reconstruction: (batch,) -log p(x | z).
        kl: (batch, latent) KL(q(z | x) || p(z)) of every dimension.
        mean: (batch, latent) of the posterior.
    """

    reconstruction: torch.Tensor
    kl: torch.Tensor
    mean: torch.Tensor

    @property
    def negative_elbo(self) -> torch.Tensor:
        """(batch,) nats."""
        return self.reconstruction + self.kl.sum(dim=1)


class VariationalAutoencoder(nn.Module):
    """p(x | z) by a causal language model that a latent steers."""

    def __init__(
        self, encoder: Encoder, injection: nn.Module, decoder: PreTrainedModel, grammar: Grammar | None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.injection = injection
        self.decoder = decoder
        self.grammar = grammar

    @property
    def latent_size(self) -> int:
        return self.encoder.latent_size

    def forward(self, tokens: Tokens, noise: torch.Tensor, hidden_inputs: torch.Tensor | None = None) -> Terms:
        """The bound of the records.

        Args:
            tokens: (batch, ...) records.
            noise: (batch, latent) of the reparameterisation.
            hidden_inputs: (batch, length - 1) bool, input tokens that the decoder must do without
                (word dropout); None for none.
        """
        mean, log_variance = self.encoder(tokens.encoder_ids)
        latent = mean + noise * (0.5 * log_variance).exp()
        kl = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance)
        return Terms(self.reconstruction(tokens, latent, hidden_inputs), kl, mean)

    def in_groups(self, tokens: Tokens, noise: torch.Tensor, hidden_inputs: torch.Tensor | None = None) -> Terms:
        """`forward`, computed group by group of about equally long records."""
        groups = tokens.groups()
        if len(groups) == 1:
            return self(tokens, noise, hidden_inputs)
        parts = []
        for rows in groups:
            part = tokens[rows].trimmed()
            hidden = None if hidden_inputs is None else hidden_inputs[rows, : part.ids.shape[1] - 1]
            parts.append(self(part, noise[rows], hidden))
        back = torch.cat(groups).argsort()
        reconstruction, kl, mean = (
            torch.cat([getattr(part, name) for part in parts])[back] for name in ("reconstruction", "kl", "mean")
        )
        return Terms(reconstruction, kl, mean)

    def reconstruction(
        self, tokens: Tokens, latent: torch.Tensor, hidden_inputs: torch.Tensor | None = None
    ) -> torch.Tensor:
        """-log p(x | z) in nats, (batch,), for latents (batch, latent); padding does not count."""
        steering = self.injection(latent)
        embedded = self.decoder.get_input_embeddings()(tokens.ids[:, :-1].clamp(min=0))
        if hidden_inputs is not None:
            embedded = embedded.masked_fill(hidden_inputs[..., None], 0.0)
        hidden = self.read(steering.prepend(embedded), steering.cache(self.decoder.config, embedded.dtype))
        hidden = hidden[:, steering.prefix.shape[1] :]
        return negative_log_likelihood(hidden, self.decoder.get_output_embeddings(), tokens, self.grammar)

    def read(self, inputs: torch.Tensor, cache: Cache | None = None, **options: torch.Tensor) -> torch.Tensor:
        """Hidden states (batch, length, width) of input embeddings behind what a cache holds.

        Args:
            inputs: (batch, length, width).
            cache: is extended by what is read; None to read without one.
            options: of the transformer, such as `attention_mask` and `position_ids`.
        """
        transformer = self.decoder.get_decoder()
        output = transformer(inputs_embeds=inputs, past_key_values=cache, use_cache=cache is not None, **options)
        return output.last_hidden_state
