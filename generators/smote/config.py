"""Settings of the `smote` generator."""

from __future__ import annotations

from dataclasses import dataclass


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
