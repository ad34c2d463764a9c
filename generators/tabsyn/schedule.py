"""How the weight of the KL term and the learning rates fall.

Source: TabSyn (Zhang et al. 2024, arXiv 2310.09656), section 3.2: beta is multiplied by a factor whenever the
reconstruction has not improved for some passes. In its authors' code that happens once between two new bests; here,
as the paper says it, again and again.
"""

from __future__ import annotations

import math
from typing import Any


class FallingBeta:
    """The weight of the KL term, lowered where the reconstruction stops improving."""

    def __init__(self, first: float, least: float, factor: float, patience: int) -> None:
        self.value, self.least, self.factor, self.patience = first, least, factor, patience
        self.best, self.waited = math.inf, 0

    def look(self, loss: float) -> None:
        """At the reconstruction after one more pass."""
        self.waited += 1
        if loss < self.best:
            self.best, self.waited = loss, 0
        elif self.waited >= self.patience:
            self.value, self.waited = max(self.value * self.factor, self.least), 0

    def state_dict(self) -> dict[str, Any]:
        return {"value": self.value, "best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.value, self.best, self.waited = state["value"], state["best"], state["waited"]


def even_fall(first: float, last: float, share: float) -> float:
    """A value that falls from first to last on a logarithmic scale, as `share` goes from 0 to 1."""
    return first * (last / first) ** min(share, 1.0)


def cosine(share: float) -> float:
    """From 1 to 0 along half a cosine, as `share` goes from 0 to 1."""
    return (1 + math.cos(math.pi * min(share, 1.0))) / 2
