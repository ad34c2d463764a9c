"""Settings of CTGAN; the defaults are those of the paper and of its authors' package."""

from __future__ import annotations

from dataclasses import dataclass

from generators.training.limits import check_least


@dataclass(frozen=True)
class CTGANConfig:
    """What can be chosen.

    Args:
        noise_size: dimensions of the generator's noise.
        width: of the two hidden layers of both networks.
        epochs: passes over the train records.
        steps: most steps of both networks; 0 for as many as the passes need.
        batch: records of a step; a multiple of `pack`.
        pack: records that the discriminator judges together (PacGAN).
        learning_rate: of both Adams.
        weight_decay: of both Adams.
        penalty: weight of the gradient penalty.
        temperature: of the Gumbel softmax.
        dropout: in the discriminator.
        attempts_per_record: cap on the attempts for a sample with a condition, per record asked for; at least
            1000 are made.
    """

    noise_size: int = 128
    width: int = 256
    epochs: int = 300
    steps: int = 0
    batch: int = 500
    pack: int = 10
    learning_rate: float = 2e-4
    weight_decay: float = 1e-6
    penalty: float = 10.0
    temperature: float = 0.2
    dropout: float = 0.5
    attempts_per_record: int = 20

    def __post_init__(self) -> None:
        check_least(self, "CTGAN", noise_size=1, width=1, epochs=1, steps=0, batch=1, pack=1, attempts_per_record=1)
