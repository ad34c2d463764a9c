"""How far rows lie from the centre of a sample: in the space of one-hot rows, and in that of a kernel.

The kernel space stands for the learnt one-class embedding of Alaa et al. 2022 (arXiv 2102.08921,
sec. 5), whose balls around a centre are to be sets of high density. Support vector data description
has such a centre in the space of a Gaussian kernel (Tax and Duin 2004), which in the limit where
every row is a support vector is the mean; the distance to it falls with the kernel density estimate,
so the balls are its level sets. Random Fourier features (Rahimi and Recht 2007) make it a matrix
product: nothing is trained, and equal seeds give equal numbers.
"""

from __future__ import annotations

import numpy as np

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
        known = mean_of[~np.isnan(mean_of)]
        centre = known.mean() if len(known) else np.nan
        total += np.nan_to_num(((value - centre) * scale) ** 2)
    for mean_of, code in zip(centred.codes, rows.codes, strict=True):
        share = np.bincount(mean_of, minlength=int(code.max(initial=0)) + 1) / len(mean_of)
        total += 1 - 2 * share[code] + (share**2).sum()
    return total


class KernelSpace:
    """Random Fourier features of the Gaussian kernel whose width is the median distance of real rows."""

    def __init__(self, real: Points, seed: int) -> None:
        rng = np.random.default_rng(seed)
        sample = real[np.arange(min(len(real), WIDTH_ROWS))]
        square = distances(sample, sample, SQUARED)[np.triu_indices(len(sample), 1)]
        square = square[square > 0]
        width = np.sqrt(np.median(square)) if len(square) else 1.0
        self.for_numbers = rng.normal(size=(len(real.numbers), FEATURES)) * real.scale[:, None] / width
        self.middle = np.array([np.nan_to_num(np.nanmean(v)) if not np.isnan(v).all() else 0.0 for v in real.numbers])
        self.width = width
        self.rng = rng
        self.for_codes = [rng.normal(size=(int(code.max(initial=0)) + 1, FEATURES)) / width for code in real.codes]
        self.phase = rng.uniform(0, 2 * np.pi, FEATURES)

    def features(self, rows: Points) -> Array:
        """Shape (rows, FEATURES); a missing number stands at the mean of the real ones, beside its category."""
        numbers = np.where(np.isnan(rows.numbers), self.middle[:, None], rows.numbers)
        angle = numbers.T @ self.for_numbers + self.phase
        for place, code in enumerate(rows.codes):
            missing = int(code.max(initial=0)) + 1 - len(self.for_codes[place])
            if missing > 0:  # a category that no real row has is a direction of its own
                more = self.rng.normal(size=(missing, FEATURES)) / self.width
                self.for_codes[place] = np.concatenate([self.for_codes[place], more])
            angle += self.for_codes[place][code]
        return np.sqrt(2 / FEATURES) * np.cos(angle)

    def centre(self, rows: Points) -> Array:
        """Mean of the features; shape (FEATURES,)."""
        total = np.zeros(FEATURES)
        for start in range(0, len(rows), BLOCK_ROWS):
            total += self.features(rows[start : start + BLOCK_ROWS]).sum(axis=0)
        return total / len(rows)

    def centre_distances(self, centred: Points, rows: Points) -> Array:
        """Squared distance of some rows to the mean of `centred`; shape (rows,)."""
        centre = self.centre(centred)
        blocks = [
            ((self.features(rows[start : start + BLOCK_ROWS]) - centre) ** 2).sum(axis=1)
            for start in range(0, len(rows), BLOCK_ROWS)
        ]
        return np.concatenate([*blocks, np.empty(0)])
