"""Mode-specific normalisation: a number as one of several Gaussians and the place inside it.

Source: CTGAN (Xu et al. 2019, arXiv 1907.00503), section 4.2: a variational Gaussian mixture of at most ten
modes; a mode is drawn from the posterior of the value; the place is measured in four standard deviations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from generators.columns.mixture import GaussianMixture

MOST_MODES = 10
LEAST_WEIGHT = 0.005


@dataclass(frozen=True)
class Modes:
    """The modes of one column.

    Args:
        centre, scale: of the column; what follows is measured in them.
        means, deviations, weights: of the modes; shape (modes,).
    """

    centre: float
    scale: float
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]

    @classmethod
    def learn(cls, values: NDArray[np.float64], seed: int) -> Modes:
        """From the values of train, at least one and none missing; shape (rows,)."""
        largest = max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
        unit = values / largest  # squares of the largest numbers would be infinite
        centre, spread = float(unit.mean()), float(unit.std())
        # a column of one value has rounding errors for a spread
        scale = spread if spread > 1e-12 else 1.0
        standard = (unit - centre) / scale
        if standard.min() == standard.max():
            return cls(centre * largest, scale * largest, (float(standard[0]),), (1e-3,), (1.0,))
        mixture = GaussianMixture.learn(standard, MOST_MODES, seed)
        kept = np.flatnonzero(mixture.weights > LEAST_WEIGHT)
        return cls(
            centre * largest,
            scale * largest,
            tuple(mixture.means[kept].tolist()),
            tuple(mixture.deviations[kept].tolist()),
            tuple((mixture.weights[kept] / mixture.weights[kept].sum()).tolist()),
        )

    def __len__(self) -> int:
        return len(self.means)

    def encode(
        self, values: NDArray[np.float64], rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Places in -1..1 and modes of values, none missing; shape (rows,) each."""
        means, deviations = np.asarray(self.means), np.asarray(self.deviations)
        standard = (values - self.centre) / self.scale
        distance = (standard[:, None] - means) / deviations
        posterior = softmax(np.log(self.weights) - np.log(deviations) - distance**2 / 2, axis=1)
        mode = (posterior.cumsum(axis=1) < rng.random((len(values), 1))).sum(axis=1).clip(max=len(self) - 1)
        place = distance[np.arange(len(values)), mode] / 4
        return place.clip(-1, 1), mode

    def decode(self, places: NDArray[np.float64], modes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Values of places, which end at -1 and 1, and modes; shape (rows,)."""
        standard = places.clip(-1, 1) * 4 * np.asarray(self.deviations)[modes] + np.asarray(self.means)[modes]
        return standard * self.scale + self.centre
