"""Settings of DiffLM in its compact form: every network is trained here, on any machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DiffLMConfig:
    """What can be chosen, with the values of the compact preset.

    Args:
        bins: quantile bins of a numeric column whose values are no atoms.
        atom_limit: a numeric column with at most this many distinct values needs no digits.
        atom_share: share of the rows from which on a single number gets a token of its own.
        vocabulary: byte-pair tokens for records that are text (code, tools).
        max_length: most tokens of a text record.
        encoder_width, encoder_layers, encoder_heads: the BERT-style encoder.
        decoder_width, decoder_layers, decoder_heads: the Llama-style decoder.
        latent_size: dimensions of the latent.
        soft_tokens: soft-prompt vectors in front of a record.
        steps: optimiser steps of the autoencoder, at most.
        epochs: passes over the train rows of a table; fewer where `steps` ends first.
        text_epochs: the same for records that are text, which overfit later.
        least_steps: steps that a small table gets however many passes they are.
        batch_tokens: record tokens of a step, on average; the number of records follows from it.
        learning_rate: peak of AdamW; linear warm-up, then cosine.
        warmup_steps: steps until the peak.
        weight_decay: of AdamW.
        average_decay: of the averaged weights that are kept.
        dropout: on the decoder's attention.
        beta: weight of |KL - capacity| against the reconstruction, both in nats a record.
        least_deviation: lower bound of the posterior's standard deviation in every dimension.
        capacity_nats: what the latent is held to carry, in nats a record.
        diffusion_width, diffusion_blocks: the residual MLP that denoises latents.
        diffusion_steps: optimiser steps of the denoiser.
        diffusion_batch: latents of a step.
        diffusion_learning_rate: peak of AdamW; cosine.
        ema_decay: of the denoiser's averaged weights.
        sampler_steps: noise levels of Heun's method.
        temperature: of decoding; 1 draws from the model itself.
        decode_batch: records that are decoded together; bounds the memory of sampling.
        attempts_per_record: attempts that a record may cost before sampling ends with a shortfall.
    """

    bins: int = 64
    atom_limit: int = 128
    atom_share: float = 0.002
    vocabulary: int = 1024
    max_length: int = 1024
    encoder_width: int = 128
    encoder_layers: int = 2
    encoder_heads: int = 4
    decoder_width: int = 192
    decoder_layers: int = 3
    decoder_heads: int = 4
    latent_size: int = 16
    soft_tokens: int = 4
    steps: int = 4000
    epochs: int = 10
    text_epochs: int = 25
    least_steps: int = 400
    batch_tokens: int = 1500
    learning_rate: float = 1.5e-3
    warmup_steps: int = 100
    weight_decay: float = 0.01
    average_decay: float = 0.995
    dropout: float = 0.0
    beta: float = 1.0
    capacity_nats: float = 6.0
    least_deviation: float = 0.5
    diffusion_width: int = 128
    diffusion_blocks: int = 3
    diffusion_steps: int = 8000
    diffusion_batch: int = 512
    diffusion_learning_rate: float = 2e-3
    ema_decay: float = 0.999
    sampler_steps: int = 24
    temperature: float = 1.0
    decode_batch: int = 2048
    attempts_per_record: int = 100
