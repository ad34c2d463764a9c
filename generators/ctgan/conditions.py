"""The conditional vector and training by sampling.

Source: Xu et al. 2019 (arXiv 1907.00503), section 4.3: a categorical column is chosen evenly, one of its
labels by the logarithm of its frequency, and a real record among those that have it. The labels of all columns,
one column after the other, are the options of a condition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Drawn:
    """Conditions of one batch.

    Args:
        option: (batch,) position of the label among those of all columns.
        column: (batch,) position of the column among the categorical ones.
        label: (batch,) code of the label.
    """

    option: torch.Tensor
    column: torch.Tensor
    label: torch.Tensor

    def __getitem__(self, rows: torch.Tensor) -> Drawn:
        return Drawn(self.option[rows], self.column[rows], self.label[rows])


class Conditions:
    """What conditions of a table are drawn from.

    Args:
        sizes: how many labels every categorical column has, at least one column.
        counts: of every label in train, column after column; (options,).
    """

    def __init__(self, sizes: tuple[int, ...], counts: torch.Tensor) -> None:
        self.starts = torch.from_numpy(np.cumsum((0, *sizes)))
        self.counts, self.sizes = counts, sizes
        self.frequent = ladder(counts.split(sizes))
        self.even = ladder(counts.log1p().split(sizes))

    def draw(self, batch: int, *, even: bool) -> Drawn:
        """Conditions for a batch.

        Args:
            batch: how many.
            even: labels by the logarithm of their frequency, as in training; otherwise by their frequency.
        """
        column = torch.randint(len(self.sizes), (batch,))
        height = column + torch.rand(batch, dtype=torch.float64)
        option = torch.searchsorted(self.even if even else self.frequent, height, right=True)
        first = self.starts[column]
        option = option.clamp(first, self.starts[column + 1] - 1)
        return Drawn(option, column, option - first)

    def of(self, column: torch.Tensor, label: torch.Tensor) -> Drawn:
        """The conditions that one column (batch,) has one label (batch,)."""
        return Drawn(self.starts[column] + label, column, label)


def ladder(weights: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Cumulative shares (options,): those of column i climb from i to i + 1."""
    steps = [place + (weight.double() / weight.double().sum()).cumsum(0) for place, weight in enumerate(weights)]
    return torch.cat(steps)


class RowsByLabel:
    """Finds random records that have a label."""

    def __init__(self, codes: torch.Tensor, sizes: tuple[int, ...]) -> None:
        """From the codes (rows, columns) of the categorical columns."""
        self.order = codes.argsort(dim=0)
        counts = [torch.bincount(column, minlength=size) for column, size in zip(codes.T, sizes, strict=True)]
        self.before = torch.cat([count.cumsum(0) - count for count in counts])
        self.counts = torch.cat(counts)

    def find(self, drawn: Drawn) -> torch.Tensor:
        """A row (batch,) that fulfils every condition."""
        chosen = (torch.rand(len(drawn.option)) * self.counts[drawn.option]).long()
        return self.order[self.before[drawn.option] + chosen, drawn.column]
