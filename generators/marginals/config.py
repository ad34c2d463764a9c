"""Settings of the `marginals` sentinel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MarginalsConfig:
    """Nothing to choose."""
