"""Settings of TVAE; the defaults are those of the paper and of its authors' package."""

from __future__ import annotations

from dataclasses import dataclass

from generators.training.limits import check_least


@dataclass(frozen=True)
class TVAEConfig:
    """What can be chosen.

    Args:
        latent_size: dimensions of the latent.
        width: of the two hidden layers of encoder and decoder.
        epochs: passes over the train records.
        steps: most steps; 0 for as many as the passes need.
        batch: records of a step.
        learning_rate: of Adam.
        weight_decay: of Adam.
        reconstruction_weight: of the reconstruction against the KL term.
        attempts_per_record: cap on the attempts for a sample with a condition, per record asked for; at least
            1000 are made.
    """

    latent_size: int = 128
    width: int = 128
    epochs: int = 300
    steps: int = 0
    batch: int = 500
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    reconstruction_weight: float = 2.0
    attempts_per_record: int = 20

    def __post_init__(self) -> None:
        check_least(self, "TVAE", latent_size=1, width=1, epochs=1, steps=0, batch=1, attempts_per_record=1)
