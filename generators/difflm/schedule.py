"""The loss of the autoencoder, and how the weight of its KL term moves during training.

Sources: the capacity |KL - C| of Burgess et al. 2018 (arXiv 1804.03599), equation 8; cyclical annealing
of Fu et al. 2019 (arXiv 1903.10145); free bits of Kingma et al. 2016 (arXiv 1606.04934); the falling beta
of DiffLM (arXiv 2411.03250), section 3.2. The weight is stated against the true bound, whose terms are
sums over a record in nats.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from generators.difflm.config import DiffLMConfig
from generators.difflm.vae import Terms

CHECKS = 10  # how often validation is looked at
# each may lower beta by one factor: thirteen factors of .7 take .1 to the least beta of the paper, .001
FALLING_CHECKS = 40


def autoencoder_loss(terms: Terms, beta: float, config: DiffLMConfig) -> torch.Tensor:
    """Mean reconstruction + beta * what the KL of the batch costs, a scalar in nats a record.

    The KL of a dimension is its mean over the batch and costs nothing below `free_nats`; under the
    schedule `capacity` the total costs its distance from `capacity_nats`, under the others itself.

    Args:
        terms: of a batch.
        beta: see `beta_at`.
        config: names the schedule.
    """
    kl = terms.kl.mean(dim=0).clamp(min=config.free_nats).sum()
    if config.kl_schedule == "capacity":
        kl = (kl - config.capacity_nats).abs()
    return terms.reconstruction.mean() + beta * kl


def beta_at(step: int, steps: int, config: DiffLMConfig, checked: Sequence[float] = ()) -> float:
    """Weight of the KL term at `step` of `steps`, counted from 1, before `beta_unit`.

    Args:
        step, steps: where training is.
        config: names the schedule.
        checked: reconstruction on validation so far, in order. `decreasing` falls by `beta_factor` for
            every check that is no better than the best before it, and so stays where nothing is checked.
    """
    if config.kl_schedule == "cyclical":
        period = steps / config.cycles
        return config.beta * min(1.0, 2 * ((step - 1) % period) / period)
    if config.kl_schedule == "decreasing":
        stalls = sum(value >= min(checked[:place]) for place, value in enumerate(checked) if place)
        return max(config.least_beta, config.beta * config.beta_factor**stalls)
    return config.beta


def beta_unit(config: DiffLMConfig, mean_tokens: float) -> float:
    """What a weight of `beta_scale` is worth against the true bound.

    The release adds beta times the KL averaged over the L latent dimensions to a cross-entropy averaged
    over tokens. With T predicted tokens a record, and R and K the sums over a record,

        R / T + beta * K / L  =  (R + beta * T / L * K) / T,

    which has the minimum, and up to the constant T the gradient, of the true bound with beta * T / L.

    Args:
        config: names the scale, and says L.
        mean_tokens: T, the tokens that are predicted of a record, on average.
    """
    return mean_tokens / config.latent_size if config.beta_scale == "published" else 1.0


def checks_of(config: DiffLMConfig) -> int:
    """How often a training looks at validation."""
    return FALLING_CHECKS if config.kl_schedule == "decreasing" else CHECKS
