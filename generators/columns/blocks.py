"""Where places and choices stand in the matrix: choices of one size lie side by side, one operation for all of them.

A table of 300 columns has 300 choices but a dozen sizes of them; a loop over the choices would spend its time on
starting operations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch


@dataclass(frozen=True)
class Blocks:
    """The columns of a matrix: first the places, then one-hot choices, small ones first.

    Args:
        places: how many columns are places of numbers in their modes.
        sizes: how many values every choice has, in the order of the codes.
    """

    places: int
    sizes: tuple[int, ...]

    @cached_property
    def order(self) -> list[int]:
        """The choices as they stand in the matrix."""
        return sorted(range(len(self.sizes)), key=lambda choice: self.sizes[choice])

    @cached_property
    def starts(self) -> torch.Tensor:
        """The first column of every choice; (choices,)."""
        starts, column = torch.zeros(len(self.sizes), dtype=torch.long), self.places
        for choice in self.order:
            starts[choice] = column
            column += self.sizes[choice]
        return starts

    @property
    def width(self) -> int:
        """Columns of the matrix."""
        return self.places + sum(self.sizes)

    def matrix(self, numbers: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """(rows, width) float32 from places (rows, places) and codes (rows, choices), on their device."""
        matrix = numbers.new_zeros(len(numbers), self.width)
        matrix[:, : self.places] = numbers
        return matrix.scatter_(1, codes + self.starts.to(codes.device), 1.0)

    def split(self, matrix: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Views of the places (rows, places) and of the choices (rows, choices of one size, size), size after size."""
        counts = Counter(sorted(self.sizes))
        # one split: the gradients of many slices would each be a matrix
        places, *flat = matrix.split([self.places, *(size * count for size, count in counts.items())], dim=1)
        return places, [block.unflatten(1, (-1, size)) for block, size in zip(flat, counts, strict=True)]

    def in_order(self, of_blocks: Sequence[torch.Tensor], rows: int) -> torch.Tensor:
        """What every choice has, (rows, choices) in the order of the codes, from (rows, choices of one size) each."""
        if not of_blocks:
            return torch.zeros(rows, 0, dtype=torch.long)
        joined = torch.cat(list(of_blocks), dim=1)
        back = torch.tensor(self.order).argsort().to(joined.device)
        return joined[:, back]

    def log_likelihood(self, raw: torch.Tensor, choices: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """The log-probability of codes, where the choices of `raw` (rows, width) are logits of independent categories.

        Args:
            raw: what a network said.
            choices: (rows, k) which choices.
            codes: (rows, k) the codes that they have; the shape of what is returned.
        """
        spread = self.in_order([block.logsumexp(dim=2) for block in self.split(raw)[1]], len(raw))
        columns = self.starts.to(codes.device)[choices] + codes
        return raw.gather(1, columns) - spread.gather(1, choices)

    def gumbel_softmax(self, raw: torch.Tensor, temperature: float) -> torch.Tensor:
        """The matrix of tanh of the places and of choices that are nearly one-hot, drawn from their logits.

        Source: Jang et al. 2017 (arXiv 1611.01144), equation 2.
        """
        blocks = self.split((raw + gumbel(raw)) / temperature)[1]
        return torch.cat([raw[:, : self.places].tanh(), *(block.softmax(dim=2).flatten(1) for block in blocks)], dim=1)

    def draw(self, raw: torch.Tensor) -> torch.Tensor:
        """Codes (rows, choices) drawn from the logits in `raw`."""
        return self.in_order([block.argmax(dim=2) for block in self.split(raw + gumbel(raw))[1]], len(raw))


def gumbel(like: torch.Tensor) -> torch.Tensor:
    """Standard Gumbel noise, by which the largest of noisy logits is a draw from their softmax."""
    return torch.rand_like(like).clamp_min_(torch.finfo(like.dtype).tiny).log_().neg_().log_().neg_()


def padded_groups(sizes: Sequence[int]) -> list[list[int]]:
    """Positions of sizes that one power of two holds: padded to the widest, at most half of a group is padding."""
    groups: dict[int, list[int]] = {}
    for place, size in enumerate(sizes):
        groups.setdefault((size - 1).bit_length(), []).append(place)
    return [groups[bits] for bits in sorted(groups)]
