"""Settings of TabSyn; the defaults are those of its authors' code, which are the paper's where the paper names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from generators.training.limits import check_least


@dataclass(frozen=True)
class TabSynConfig:
    """What can be chosen.

    Args:
        token_size: dimensions of the token, and of the latent, of a column.
        factor: width of the two layers on every token, in token sizes.
        epochs: passes of the autoencoder over the train records.
        steps: most steps of the autoencoder; 0 for as many as the passes need.
        batch: records of its steps.
        learning_rate: of its Adam, at first.
        beta, least_beta: weight of the KL term (mean over dimensions) at first, and where it stops falling.
        beta_factor: by which it falls when the reconstruction of validation has had no new best for
            `beta_patience` passes; paper, section 3.2.
        beta_patience: see there.
        schedule: `plateau` lowers learning rates and beta where the losses stop improving, as the authors do;
            `budget` is for few steps: learning rates follow a cosine to 0 and beta falls evenly (on a logarithmic
            scale) over the first three quarters of the steps, and nothing stops early.
        diffusion_epochs: passes of the score model over the latents.
        diffusion_steps: most steps of the score model; 0 for as many as the passes need.
        diffusion_batch: latents of its steps.
        diffusion_learning_rate: of its Adam, at first.
        diffusion_patience: passes without a new best loss on validation after which it ends (`plateau` only).
        network: `perceptron` is the paper's score model; `residual` is the one of `generators.edm`, which has
            normalised residual blocks and learns in far fewer steps.
        width: of the score model; the inner layers of `perceptron` are twice as wide.
        blocks: of `residual`.
        ema_decay: of the score model's averaged weights, which are kept then; 0 keeps the weights themselves.
        sampler_steps: noise levels; two calls of the score model each.
        churn: noise that the sampler adds anew (S_churn of Karras et al. 2022).
        attempts_per_record: cap on the attempts for a sample with a condition, per record asked for; at least
            1000 are made.
    """

    token_size: int = 4
    factor: int = 32
    epochs: int = 4000
    steps: int = 0
    batch: int = 4096
    learning_rate: float = 1e-3
    beta: float = 1e-2
    least_beta: float = 1e-5
    beta_factor: float = 0.7
    beta_patience: int = 10
    schedule: Literal["plateau", "budget"] = "plateau"

    diffusion_epochs: int = 10_000
    diffusion_steps: int = 0
    diffusion_batch: int = 4096
    diffusion_learning_rate: float = 1e-3
    diffusion_patience: int = 500
    network: Literal["perceptron", "residual"] = "perceptron"
    width: int = 1024
    blocks: int = 3
    ema_decay: float = 0.0

    sampler_steps: int = 50
    churn: float = 1.0
    attempts_per_record: int = 20

    def __post_init__(self) -> None:
        check_least(
            self,
            "TabSyn",
            token_size=1,
            factor=1,
            epochs=1,
            steps=0,
            batch=1,
            diffusion_epochs=1,
            diffusion_steps=0,
            diffusion_batch=1,
            width=1,
            sampler_steps=2,
            attempts_per_record=1,
        )
