"""CoDi's networks and its contrastive losses.

Source: Lee, Kim and Park 2023 (arXiv 2304.12654), sections 3.2 and 3.3; the architecture is that of the authors' code.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from generators.ddpm.layers import LabelsFirst, MixedLinear, timestep_embedding
from generators.ddpm.spans import Spans


class Block(nn.Module):
    """Two layers with the timestep between them."""

    def __init__(self, wide: int, middle: int, narrow: int, time: int) -> None:
        super().__init__()
        self.first, self.time, self.second = nn.Linear(wide, middle), nn.Linear(time, middle), nn.Linear(middle, narrow)

    def forward(self, hidden: torch.Tensor, time: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(hidden).relu() + self.time(time).relu()[step]).relu()


class TabularUNet(nn.Module):
    """An encoder and a decoder of the layers with skips between them, conditioned on the other kind of columns.

    Args:
        numbers, sizes: of the noisy columns, of which one is empty.
        other_numbers, other_sizes: of the columns that it is conditioned on; both empty for none.
        widths: of the layers of the encoder.
        embedding: width of the sinusoids of the timestep.
    """

    def __init__(
        self,
        numbers: int,
        sizes: Sequence[int],
        other_numbers: int,
        other_sizes: Sequence[int],
        widths: Sequence[int],
        embedding: int,
    ) -> None:
        super().__init__()
        size = numbers + sum(sizes)
        condition = size // 2 if size > 3 else size
        time = 4 * embedding
        self.embedding = embedding
        self.time = nn.Sequential(nn.Linear(embedding, time), nn.ReLU(), nn.Linear(time, time))
        self.condition = MixedLinear(other_numbers, other_sizes, condition) if other_numbers or other_sizes else None
        self.read = MixedLinear(numbers + condition * (self.condition is not None), sizes, widths[0])
        pairs = list(itertools.pairwise(widths))
        self.encoder = nn.ModuleList(Block(wide, narrow, narrow, time) for wide, narrow in pairs)
        self.bottom = nn.Linear(widths[-1], widths[-1])
        self.decoder = nn.ModuleList(Block(2 * narrow, narrow, wide, time) for wide, narrow in reversed(pairs))
        self.write = LabelsFirst(widths[0], size)

    def forward(
        self,
        numbers: torch.Tensor,
        codes: torch.Tensor,
        step: torch.Tensor,
        other_numbers: torch.Tensor,
        other_codes: torch.Tensor,
    ) -> torch.Tensor:
        """Noise of the numbers or logits of the labels, (numbers + labels, batch).

        Args:
            numbers: (batch, numbers).
            codes: (batch, columns).
            step: (batch,), or (1,) where all are at one step.
            other_numbers, other_codes: the condition, noisy ones of the same step; (batch, ...).
        """
        # a batch has fewer steps than records, and their embeddings are a good part of the network
        distinct, step = step.unique(return_inverse=True)
        time = self.time(timestep_embedding(distinct, self.embedding))
        if self.condition is not None:
            numbers = torch.cat([numbers, self.condition(other_numbers, other_codes)], dim=1)
        hidden = self.read(numbers, codes)
        skips = []
        for block in self.encoder:
            hidden = block(hidden, time, step)
            skips.append(hidden)
        hidden = self.bottom(hidden).relu()
        for block in self.decoder:
            hidden = block(torch.cat([skips.pop(), hidden], dim=1), time, step)
        return self.write(hidden).float()


def contrast_of_numbers(
    clean: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, margin: float
) -> torch.Tensor:
    """How much nearer the clean numbers are to those seen under their own condition than under another's; section 3.3.

    Args:
        clean: (batch, numbers).
        positive, negative: what the network expects of them under either condition; (batch, numbers).
        margin: that is enough.
    """
    return functional.triplet_margin_loss(clean, positive, negative, margin=margin)


def contrast_of_categories(
    spans: Spans, codes: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, margin: float
) -> torch.Tensor:
    """The same for categories, whose distance is the cross-entropy, mean over the columns; section 3.3.

    Args:
        spans: of the columns.
        codes: clean ones (batch, columns).
        positive, negative: log-probabilities of the labels under either condition; (labels, batch).
        margin: that is enough.
    """
    place = spans.place(codes.T)
    nearer = (negative.gather(0, place) - positive.gather(0, place)).mean(dim=1)
    return (nearer + margin).relu().mean()
