"""Encoded records: numbers and codes, whatever stands for what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Encoded:
    """Rows of a table as a model sees them.

    Args:
        numbers: (rows, numbers) float32.
        codes: (rows, choices) int64; the choice `i` has `sizes[i]` values.
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: NDArray[np.intp]) -> Encoded:
        return Encoded(self.numbers[rows], self.codes[rows])
