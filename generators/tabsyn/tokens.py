"""Records <-> one token a column.

Source: TabSyn (Zhang et al. 2024, arXiv 2310.09656), section 3.2, equations 2 and 5: a number times a learnt
direction plus a bias, a category's embedding; back by a product with a direction, and by logits for every category.
The columns are read and written together, however many there are: the heads of categorical columns stand in a few
blocks of about equal width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from generators.columns.blocks import padded_groups


class Tokenizer(nn.Module):
    """Numbers (batch, numbers) and codes (batch, choices) to tokens (batch, columns, size), numbers first."""

    def __init__(self, numbers: int, sizes: Sequence[int], token_size: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(token_size)
        self.direction = nn.Parameter(torch.empty(numbers, token_size).uniform_(-bound, bound))
        self.embedding = nn.Parameter(torch.empty(sum(sizes), token_size).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(numbers + len(sizes), token_size).uniform_(-bound, bound))
        self.first = nn.Buffer(first_rows(sizes), persistent=False)

    def forward(self, numbers: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        places = numbers[:, :, None] * self.direction
        choices = functional.embedding(codes + self.first, self.embedding)
        return torch.cat([places, choices], dim=1) + self.bias


class Detokenizer(nn.Module):
    """Tokens (batch, columns, size) to numbers (batch, numbers) and, block by block, logits of the choices."""

    def __init__(self, numbers: int, sizes: Sequence[int], token_size: int) -> None:
        super().__init__()
        self.numbers, self.choices = numbers, len(sizes)
        bound = math.sqrt(3 / (numbers + token_size))
        self.direction = nn.Parameter(torch.empty(numbers, token_size).uniform_(-bound, bound))
        self.heads = nn.ModuleList(Heads(block, sizes, token_size) for block in padded_groups(sizes))

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The logits of every block are (choices of the block, batch, width)."""
        choices = tokens[:, self.numbers :]
        return (tokens[:, : self.numbers] * self.direction).sum(dim=2), [head(choices) for head in self.heads]

    def cross_entropy(self, logits: Sequence[torch.Tensor], codes: torch.Tensor) -> torch.Tensor:
        """The sum over the choices and the mean over the batch of -log p(code) in nats, a scalar."""
        total = torch.zeros((), device=codes.device)
        for head, said in zip(self.heads, logits, strict=True):
            real = codes[:, head.places].T.reshape(-1)
            total = total + functional.cross_entropy(said.flatten(0, 1), real, reduction="sum")
        return total / len(codes)

    def likeliest(self, logits: Sequence[torch.Tensor], batch: int) -> torch.Tensor:
        """The most probable codes (batch, choices), on the CPU."""
        codes = torch.zeros(batch, self.choices, dtype=torch.int64)
        for head, said in zip(self.heads, logits, strict=True):
            codes[:, head.places.cpu()] = said.argmax(dim=2).T.cpu()
        return codes


class Heads(nn.Module):
    """A linear map to logits for each of some columns, in one product; logits beyond a column's labels are -inf."""

    def __init__(self, places: Sequence[int], sizes: Sequence[int], token_size: int) -> None:
        super().__init__()
        width = max(sizes[place] for place in places)
        weight = torch.zeros(len(places), token_size, width)
        bias = torch.zeros(len(places), 1, width)
        beyond = torch.full((len(places), 1, width), -torch.inf)
        for row, place in enumerate(places):
            size = sizes[place]
            bound = math.sqrt(3 / (size + token_size))
            weight[row, :, :size].uniform_(-bound, bound)
            bias[row, :, :size].uniform_(-1 / math.sqrt(token_size), 1 / math.sqrt(token_size))
            beyond[row, :, :size] = 0.0
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        self.places = nn.Buffer(torch.tensor(places), persistent=False)
        self.beyond = nn.Buffer(beyond, persistent=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.baddbmm(self.bias + self.beyond, tokens[:, self.places].transpose(0, 1), self.weight)


def first_rows(sizes: Sequence[int]) -> torch.Tensor:
    """Where the labels of every choice begin when all stand in one row."""
    return torch.tensor([0, *sizes]).cumsum(0)[:-1]
