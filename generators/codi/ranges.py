"""Numbers <-> -1..1, from the smallest to the largest value of train, as in the code of CoDi's authors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generators.columns import MixedTable


@dataclass(frozen=True)
class Range:
    """The range of one column, divided by `scale`, which keeps differences of the largest numbers finite."""

    low: float
    high: float
    scale: float

    @classmethod
    def learn(cls, values: NDArray[np.float64]) -> Range:
        """From the values of train, at least one and none missing; shape (rows,)."""
        scale = max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
        return cls(float(values.min() / scale), float(values.max() / scale), scale)

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """-1..1, 0 in a column of one value; shape (rows,)."""
        if self.high == self.low:
            return np.zeros_like(values)
        return 2 * (values / self.scale - self.low) / (self.high - self.low) - 1

    def decode(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of places, which are held in the range of train; shape (rows,)."""
        share = (places.clip(-1, 1) + 1) / 2
        return (self.low * (1 - share) + self.high * share) * self.scale


class RangeTable(MixedTable):
    """A table whose numbers are places in their range instead of normal scores."""

    scale = Range
