"""The conditional vector and training by sampling.

Source: Xu et al. 2019 (arXiv 1907.00503), section 4.3: a categorical column is chosen evenly, one of its
labels by the logarithm of its frequency, and a real record among those that have it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional


@dataclass(frozen=True)
class Drawn:
    """Conditions of one batch.

    Args:
        vector: (batch, labels of all columns) one-hot.
        column: (batch,) position of the column among the categorical ones.
        label: (batch,) code of the label.
    """

    vector: torch.Tensor
    column: torch.Tensor
    label: torch.Tensor


class Conditions:
    """What conditions of a table are drawn from.

    Args:
        sizes: how many labels every categorical column has.
        counts: of every label in train, column after column; (labels of all columns,).
    """

    def __init__(self, sizes: tuple[int, ...], counts: torch.Tensor) -> None:
        self.sizes = sizes
        self.starts = torch.tensor(np.cumsum((0, *sizes)), dtype=torch.long)
        self.counts = counts
        self.logarithmic = [(1 + count).log() for count in counts.split(sizes)]

    @property
    def width(self) -> int:
        return int(self.starts[-1])

    def draw(self, batch: int, *, even: bool) -> Drawn:
        """Conditions for a batch.

        Args:
            batch: how many.
            even: labels by the logarithm of their frequency, as in training; otherwise by their frequency.
        """
        column = torch.randint(len(self.sizes), (batch,))
        label = torch.zeros(batch, dtype=torch.long)
        shares = self.logarithmic if even else self.counts.split(self.sizes)
        for place, share in enumerate(shares):
            rows = column == place
            label[rows] = torch.multinomial(share, int(rows.sum()), replacement=True) if rows.any() else label[rows]
        return self.of(column, label)

    def of(self, column: torch.Tensor, label: torch.Tensor) -> Drawn:
        """The conditions that one column (batch,) has one label (batch,)."""
        return Drawn(functional.one_hot(self.starts[column] + label, self.width).float(), column, label)


class RowsByLabel:
    """Finds random records that have a label."""

    def __init__(self, codes: torch.Tensor, sizes: tuple[int, ...]) -> None:
        """From the codes (rows, columns) of the categorical columns."""
        self.order = codes.argsort(dim=0)
        self.counts = [torch.bincount(column, minlength=size) for column, size in zip(codes.T, sizes, strict=True)]
        self.before = [count.cumsum(0) - count for count in self.counts]

    def find(self, drawn: Drawn) -> torch.Tensor:
        """A row (batch,) that fulfils every condition."""
        rows = torch.empty_like(drawn.label)
        chance = torch.rand(len(rows))
        for place, (count, before) in enumerate(zip(self.counts, self.before, strict=True)):
            mine = drawn.column == place
            label = drawn.label[mine]
            rows[mine] = self.order[before[label] + (chance[mine] * count[label]).long(), place]
        return rows
