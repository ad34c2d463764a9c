"""The variational autoencoder of DiffLM: encoder, soft prompt, language-model decoder.

Source: DiffLM (arXiv 2411.03250), section 3.2; the capacity term is Burgess et al. 2018
(arXiv 1804.03599), equation 8. All terms are sums over a record, in nats, so that
reconstruction + KL is the true negative evidence lower bound and beta is stated against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel

from generators.difflm.encoder import Encoder
from generators.difflm.injection import SoftPrompt
from generators.difflm.table_tokenizer import PAD


@dataclass(frozen=True)
class Terms:
    """The two terms of the bound for every record, both (batch,) in nats."""

    reconstruction: torch.Tensor
    kl: torch.Tensor

    @property
    def negative_elbo(self) -> torch.Tensor:
        return self.reconstruction + self.kl

    def loss(self, beta: float, capacity: float) -> torch.Tensor:
        """Mean reconstruction + beta * |mean KL - capacity|; capacity 0 is the plain beta-VAE."""
        return self.reconstruction.mean() + beta * (self.kl.mean() - capacity).abs()


class VariationalAutoencoder(nn.Module):
    """p(x | z) by a causal language model that sees the latent as soft tokens."""

    def __init__(self, encoder: Encoder, soft_prompt: SoftPrompt, decoder: PreTrainedModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.soft_prompt = soft_prompt
        self.decoder = decoder

    @property
    def latent_size(self) -> int:
        return self.soft_prompt.project.in_features

    def forward(self, ids: torch.Tensor, noise: torch.Tensor) -> Terms:
        """The bound for ids (batch, length) with reparameterised noise (batch, latent)."""
        mean, log_variance = self.encoder(ids)
        latent = mean + noise * (0.5 * log_variance).exp()
        kl = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).sum(dim=-1)
        return Terms(self.reconstruction(ids, latent), kl)

    def reconstruction(self, ids: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
        """-log p(x | z) in nats, (batch,); padding does not count."""
        soft = self.soft_prompt(latent)
        embedded = self.decoder.get_input_embeddings()(ids[:, :-1])
        inputs = torch.cat([soft.to(embedded.dtype), embedded], dim=1)
        hidden = self.decoder.get_decoder()(inputs_embeds=inputs, use_cache=False).last_hidden_state
        targets = ids[:, 1:]
        # in float32 here and in `decode.draw`: a distribution learnt through logits rounded to bfloat16 is another one
        with torch.autocast(hidden.device.type, enabled=False):
            logits = self.decoder.get_output_embeddings()(hidden[:, soft.shape[1] :].float())
            loss = functional.cross_entropy(logits.transpose(1, 2), targets, ignore_index=PAD, reduction="none")
        return loss.sum(dim=1)
