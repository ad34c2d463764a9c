"""Settings of the `real` sentinel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RealConfig:
    """Nothing to choose."""
