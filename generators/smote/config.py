"""Settings of the `smote` generator."""

from __future__ import annotations

from dataclasses import dataclass

from generators.training.limits import check_least


@dataclass(frozen=True)
class SmoteConfig:
    """How records are interpolated.

    Args:
        neighbours: how many nearest neighbours of its class a record is interpolated with.
        target_bins: a numeric target is cut at its quantiles into so many classes.
        attempts_per_record: cap on the attempts for a sample with a condition, per record asked for;
            at least 1000 are made.
    """

    neighbours: int = 5
    target_bins: int = 10
    attempts_per_record: int = 20

    def __post_init__(self) -> None:
        check_least(self, "Smote", neighbours=1, target_bins=1, attempts_per_record=1)
