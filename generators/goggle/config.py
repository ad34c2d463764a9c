"""Settings of GOGGLE; the defaults are those of its authors' code where the meaning is the same."""

from __future__ import annotations

from dataclasses import dataclass

from generators.training.limits import check_least


@dataclass(frozen=True)
class GOGGLEConfig:
    """What can be chosen.

    Args:
        latent_size: dimensions of the latent of every node.
        encoder_width: of the hidden layer of the encoder.
        decoder_width: of the state of every node.
        rounds: of message passing.
        threshold: edges of a smaller weight are cut.
        dense_epochs: passes before edges are cut; half of the steps where that is less.
        known: edges that are known to be there, each a pair of columns (from, to); they keep the weight 1.
        kl_weight: of the KL term against the reconstruction, both in nats.
        sparsity_weight: of the mean distance between the graph and the known one, once a batch.
        epochs: passes over the train records.
        steps: most steps; 0 for as many as the passes need. Every second one is a step of the graph.
        batch: records of a step.
        learning_rate: of both Adams.
        weight_decay: of the Adam of the networks.
        patience: passes without a better validation loss after which training ends; 0 for never.
        attempts_per_record: cap on the attempts for a sample with a condition, per record asked for; at least
            1000 are made.
    """

    latent_size: int = 1
    encoder_width: int = 64
    decoder_width: int = 64
    rounds: int = 2
    threshold: float = 0.1
    dense_epochs: int = 50
    known: tuple[tuple[str, str], ...] = ()
    kl_weight: float = 1.0
    sparsity_weight: float = 0.1
    epochs: int = 1000
    steps: int = 0
    batch: int = 32
    learning_rate: float = 5e-3
    weight_decay: float = 1e-3
    patience: int = 50
    attempts_per_record: int = 20

    def __post_init__(self) -> None:
        check_least(
            self,
            "GOGGLE",
            latent_size=1,
            encoder_width=1,
            decoder_width=1,
            epochs=1,
            steps=0,
            batch=1,
            attempts_per_record=1,
        )
        object.__setattr__(self, "known", tuple((start, end) for start, end in self.known))
