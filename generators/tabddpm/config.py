"""Settings of TabDDPM; the defaults are those that its authors' tuning found for Adult."""

from __future__ import annotations

from dataclasses import dataclass

from generators.training.limits import check_least


@dataclass(frozen=True)
class TabDDPMConfig:
    """What can be chosen. The authors tune layers, learning rate, batch, timesteps and steps for every table.

    Args:
        layers: widths of the hidden layers of the denoiser.
        embedding: width of the embeddings of timestep and class, and of what the hidden layers read.
        dropout: rate behind every hidden layer.
        timesteps: of the diffusion, and calls of the denoiser for a sample.
        steps: of the optimiser.
        batch: records of a step.
        learning_rate: of AdamW at the first step; it falls to zero on a line.
        weight_decay: of AdamW.
        ema_decay: of the average of the weights, which is what samples.
        attempts_per_record: cap on the attempts for a sample with a condition, per record asked for; at least
            1000 are made.
    """

    layers: tuple[int, ...] = (256, 1024, 1024, 1024, 1024, 256)
    embedding: int = 128
    dropout: float = 0.0
    timesteps: int = 100
    steps: int = 30_000
    batch: int = 4096
    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    ema_decay: float = 0.999
    attempts_per_record: int = 20

    def __post_init__(self) -> None:
        check_least(self, "TabDDPM", timesteps=1, steps=0, batch=1, embedding=1, attempts_per_record=1)
