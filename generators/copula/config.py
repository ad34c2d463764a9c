"""Settings of the `copula` generator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CopulaConfig:
    """What can be chosen.

    Args:
        attempts_per_record: cap on the attempts for a sample with a condition, per record asked for; at least
            1000 are made.
    """

    attempts_per_record: int = 20
