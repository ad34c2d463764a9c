"""The Gaussian copula of numbers and categories.

Source: Patki et al. 2016, "The Synthetic Data Vault" (IEEE DSAA), section III: columns are made uniform by
their own distribution, then normal; a category takes an interval of 0..1 as long as its share, the most
frequent one first, and a record a place in it at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from generators.columns import Encoded

LEAST = 1e-9  # distance of a uniform number from 0 and 1


@dataclass(frozen=True)
class GaussianCopula:
    """What joins the columns.

    Args:
        root: (columns, columns), a square root of the correlation matrix; numbers come first, then choices.
        shares: of the values of every choice.
    """

    root: NDArray[np.float64]
    shares: list[NDArray[np.float64]]

    @classmethod
    def learn(cls, encoded: Encoded, sizes: tuple[int, ...], rng: np.random.Generator) -> GaussianCopula:
        """From train records, their numbers being normal scores."""
        shares = [
            np.bincount(codes, minlength=size) / len(encoded)
            for codes, size in zip(encoded.codes.T, sizes, strict=True)
        ]
        places = [ndtri(uniform(codes, share, rng)) for codes, share in zip(encoded.codes.T, shares, strict=True)]
        scores = np.column_stack([encoded.numbers.astype(np.float64), *places])
        return cls(square_root(correlation(scores)), shares)

    def draw(self, n: int, numbers: int, rng: np.random.Generator) -> Encoded:
        """`n` rows, the first `numbers` columns of them numbers."""
        scores = rng.normal(size=(n, len(self.root))) @ self.root.T
        codes = [
            np.searchsorted(np.cumsum(share)[:-1], ndtr(column), side="right")
            for share, column in zip(self.shares, scores[:, numbers:].T, strict=True)
        ]
        matrix = np.column_stack(codes) if codes else np.zeros((n, 0))
        return Encoded(scores[:, :numbers].astype(np.float32), matrix.astype(np.int64))


def uniform(codes: NDArray[np.int64], share: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A random place in the interval of every code; shape (rows,)."""
    end = np.cumsum(share)
    return np.clip(end[codes] - share[codes] * rng.random(len(codes)), LEAST, 1 - LEAST)


def correlation(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's correlations (columns, columns); a constant column has none with others."""
    centred = scores - scores.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    unit = centred / np.where(length > 1e-12, length, 1.0)
    matrix = unit.T @ unit
    np.fill_diagonal(matrix, 1.0)
    return matrix


def square_root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """A root R with R R' = the matrix; rounding below zero counts as zero."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.clip(values, 0.0, None))
