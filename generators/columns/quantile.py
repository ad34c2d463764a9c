"""Numbers <-> normal scores, by the quantiles of train.

As in TabDDPM (Kotelnikov et al. 2023, section 3) and TabSyn (Zhang et al. 2024, appendix), with one
difference to scikit-learn's transformer, which they use: a value that many rows share stands at the middle
of its share of the distribution, also where it is the smallest or the largest one, and not at its end, far
away from all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

MOST_KNOTS = 1000
ROOM = 2.0**-100  # a power of two, which rounds nothing


@dataclass(frozen=True)
class Quantiles:
    """The distribution of one column.

    Args:
        knots: quantiles of train divided by `scale`, ascending; shape (knots,).
        scale: keeps differences of the largest numbers finite, and those of the smallest above 0.
        least: probability of the smallest value; that of the largest is 1 - least.
    """

    knots: tuple[float, ...]
    scale: float
    least: float

    @classmethod
    def learn(cls, values: NDArray[np.float64]) -> Quantiles:
        """From the values of train, at least one and none missing; shape (rows,)."""
        # differences of small numbers, which slopes are divided by, stay above 0 beside the largest one
        scale = max(float(np.abs(values).max()) * ROOM, np.finfo(np.float64).tiny)
        # all values where there are few: a quantile between two rows is a value that no row has
        grid = np.linspace(0, 1, min(len(values), MOST_KNOTS))
        knots = np.quantile(values / scale, grid, method="nearest" if len(values) > MOST_KNOTS else "linear")
        return cls(tuple(knots.tolist()), scale, 0.5 / len(values))

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Normal scores of values, none missing; shape (rows,)."""
        knots, grid = self._table()
        scaled = values / self.scale
        from_left = np.interp(scaled, knots, grid)
        from_right = -np.interp(-scaled, -knots[::-1], -grid[::-1])
        return ndtri((from_left + from_right) / 2)

    def decode(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of normal scores, inside the range of train; shape (rows,)."""
        knots, grid = self._table()
        return np.interp(ndtr(scores), grid, knots) * self.scale

    def _table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        knots = np.asarray(self.knots)
        return knots, np.linspace(self.least, 1 - self.least, len(knots))
