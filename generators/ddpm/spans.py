"""Many categorical columns in one tensor: operations on spans of labels, all columns at once.

Labels of all columns stand one after the other in the first dimension, records in the second, so that an
operation on a span is one on whole rows of memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

# values of one (labels, records) tensor; what is larger is made in parts
MOST_VALUES = 2**24


class Spans(nn.Module):
    """Which rows of a (labels, batch) tensor belong to which column.

    Args:
        sizes: labels of every column, at least one column.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        lengths = torch.tensor(sizes)
        self.register_buffer("lengths", lengths, persistent=False)
        self.register_buffer("starts", lengths.cumsum(0) - lengths, persistent=False)
        self.register_buffer("column", torch.arange(len(sizes)).repeat_interleave(lengths), persistent=False)

    @property
    def labels(self) -> int:
        """Of all columns."""
        return len(self.column)

    @property
    def most_records(self) -> int:
        """Records whose labels are held at once."""
        return max(1, MOST_VALUES // self.labels)

    def place(self, codes: torch.Tensor) -> torch.Tensor:
        """The rows of labels that are given by their codes (columns, batch)."""
        return self.starts[:, None] + codes

    def total(self, values: torch.Tensor) -> torch.Tensor:
        """Sums over every span, (labels, batch) to (columns, batch)."""
        return values.new_zeros(len(self.lengths), values.shape[1]).index_add(0, self.column, values)

    def spread(self, values: torch.Tensor) -> torch.Tensor:
        """The value of its column for every label, (columns, batch) to (labels, batch)."""
        return values.index_select(0, self.column)

    def log_softmax(self, logits: torch.Tensor) -> torch.Tensor:
        """Log-probabilities (labels, batch); they sum to one in every span."""
        largest = torch.segment_reduce(logits.detach(), "max", lengths=self.lengths, axis=0)
        shifted = logits - self.spread(largest)
        return shifted - self.spread(self.total(shifted.exp()).log())

    def draw(self, probabilities: torch.Tensor) -> torch.Tensor:
        """Codes (columns, batch) drawn from (labels, batch), by the inverse of the distribution function."""
        reached = probabilities.double().cumsum(0)
        ends = reached[self.starts + self.lengths - 1]
        begins = torch.cat([torch.zeros_like(ends[:1]), ends[:-1]])
        wanted = begins + torch.rand_like(begins) * (ends - begins)
        codes = self.total((reached <= self.spread(wanted)).to(torch.int32))
        return codes.long().minimum(self.lengths[:, None] - 1)
