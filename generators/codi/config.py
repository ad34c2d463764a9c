"""Settings of CoDi; the defaults are those of its authors' code."""

from __future__ import annotations

from dataclasses import dataclass

from generators.training.limits import check_least


@dataclass(frozen=True)
class CoDiConfig:
    """What can be chosen. Both networks have the same widths; the authors choose them for every table.

    Args:
        widths: of the layers of the encoder of both networks; the decoder has them in reverse.
        number_embedding, category_embedding: width of the sinusoids of the timestep in the network of the numbers,
            and in that of the categories.
        timesteps: of both diffusions, and calls of both networks for a sample.
        first_beta, last_beta: share of the variance of the numbers that the first and the last timestep replace by
            noise, with a line between them. With the authors' values the last timestep still holds 60 % of it.
        contrast: weight of the contrastive loss of both networks.
        margin: of the contrastive loss.
        epochs: passes over the train records.
        steps: most steps of the optimisers; 0 for as many as the passes need.
        batch: records of a step.
        learning_rate: of Adam after the warm-up.
        warmup_steps: over which the learning rate grows, a tenth of all steps at most.
        clip: greatest norm of the gradient of a network.
        ema_decay: of the average of the weights, which is what samples.
        attempts_per_record: cap on the attempts for a sample with a condition, per record asked for; at least
            1000 are made.
    """

    widths: tuple[int, ...] = (64, 128, 256)
    number_embedding: int = 16
    category_embedding: int = 64
    timesteps: int = 50
    first_beta: float = 1e-5
    last_beta: float = 0.02
    contrast: float = 0.2
    margin: float = 1.0
    epochs: int = 20_000
    steps: int = 0
    batch: int = 2100
    learning_rate: float = 2e-3
    warmup_steps: int = 5000
    clip: float = 1.0
    ema_decay: float = 0.999
    attempts_per_record: int = 20

    def __post_init__(self) -> None:
        check_least(self, "CoDi", timesteps=1, epochs=1, steps=0, batch=1, attempts_per_record=1)
