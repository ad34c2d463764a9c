"""How far rows lie from the centre of a sample: in the space of one-hot rows, and in that of a kernel.

The kernel space stands for the learnt one-class embedding of Alaa et al. 2022 (arXiv 2102.08921,
sec. 5), whose balls around a centre are to be sets of high density. Support vector data description
has such a centre in the space of a Gaussian kernel (Tax and Duin 2004), which in the limit where
every row is a support vector is the mean; the distance to it falls with the kernel density estimate,
so the balls are its level sets. Random Fourier features (Rahimi and Recht 2007) make it a matrix
product: nothing is trained, and equal seeds give equal numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evaluators.tabular.points import SQUARED, Array, Points, distances

FEATURES = 512
# Rows by which the width of the kernel is chosen, and rows of one block of features.
WIDTH_ROWS, BLOCK_ROWS = 1000, 4096


def centre_distances(centred: Points, rows: Points) -> Array:
    """Squared distance of some rows to the mean of `centred`, both one-hot; shape (rows,).

    A missing number adds nothing but its category.
    """
    total = np.zeros(len(rows))
    for mean_of, value, scale in zip(centred.numbers, rows.numbers, rows.scale, strict=True):
        total += np.nan_to_num(((value - mean(mean_of)) * scale) ** 2)
    for mean_of, code in zip(centred.codes, rows.codes, strict=True):
        share = np.bincount(mean_of, minlength=int(code.max(initial=0)) + 1) / len(mean_of)
        total += 1 - 2 * share[code] + (share**2).sum()
    return total


class KernelSpace:
    """Random Fourier features of the Gaussian kernel whose width is the median distance of real rows.

    Features are float32, made anew for every block of rows, so that memory does not grow with them.
    """

    def __init__(self, real: Points, others: Points, seed: int) -> None:
        rng = np.random.default_rng(seed)
        sample = real[np.arange(min(len(real), WIDTH_ROWS))]
        square = distances(sample, sample, SQUARED)[np.triu_indices(len(sample), 1)]
        square = square[square > 0]
        width = np.sqrt(np.median(square)) if len(square) else 1.0
        self.middle = np.array([mean(number) for number in real.numbers])
        self.for_numbers = self._draw(rng, len(real.numbers), width)
        sizes = np.maximum(real.codes.max(axis=1), others.codes.max(axis=1)).astype(int) + 1
        self.for_codes = [self._draw(rng, size, width) for size in sizes]
        self.phase = rng.uniform(0, 2 * np.pi, FEATURES).astype(np.float32)

    @staticmethod
    def _draw(rng: np.random.Generator, size: int, width: float) -> NDArray[np.float32]:
        return (rng.normal(size=(size, FEATURES)) / width).astype(np.float32)

    def features(self, rows: Points) -> NDArray[np.float32]:
        """Shape (rows, FEATURES); a missing number stands at the mean of the real ones, beside its category."""
        known = np.where(np.isnan(rows.numbers), self.middle[:, None], rows.numbers)
        angle = (known * rows.scale[:, None]).astype(np.float32).T @ self.for_numbers + self.phase
        for directions, code in zip(self.for_codes, rows.codes, strict=True):
            angle += directions[code]
        np.cos(angle, out=angle)
        angle *= np.float32(np.sqrt(2 / FEATURES))
        return angle

    def centre_distances(self, centred: Points, rows: Points) -> Array:
        """Squared distance of some rows to the mean of `centred`; shape (rows,)."""
        centre = sum(self.features(block).sum(axis=0, dtype=np.float64) for block in in_blocks(centred)) / len(centred)
        return np.concatenate([((self.features(block) - centre) ** 2).sum(axis=1) for block in in_blocks(rows)])


def in_blocks(rows: Points) -> Iterator[Points]:
    for start in range(0, len(rows), BLOCK_ROWS):
        yield rows[start : start + BLOCK_ROWS]


def mean(values: Array) -> float:
    """Of the values that are present; 0 where none is."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else 0.0
