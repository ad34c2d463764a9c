"""Which token may come next: a table over states, vectorised over the batch.

The tokens that a state allows are one contiguous range of ids, so a state is five integers. In a
state that reads a column any token of that column is allowed, and the token alone decides what
follows. In a state that reads a digit group the next state depends on whether the digits written so
far still touch the first or the last value of the bin, which keeps a number inside the bin that its
coarse token announced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from generators.difflm.numbers import GROUP
from generators.difflm.tokens import PAD


@dataclass(frozen=True)
class Grammar:
    """States of the decoder.

    Args:
        low, high: (states,) first and last allowed token id.
        at_low, at_high, between: (states,) next state after the lowest, the highest, another digit group.
        after: (tokens,) next state after a token that is no digit group, -1 for digit groups.
        bounds: ids at which the vocabulary falls into blocks; a state allows tokens of one block only.
        block: (states,) the block of each state.
        start, end: first state, and the state in which a record is complete.
    """

    low: torch.Tensor
    high: torch.Tensor
    at_low: torch.Tensor
    at_high: torch.Tensor
    between: torch.Tensor
    after: torch.Tensor
    block: torch.Tensor
    bounds: tuple[int, ...]
    start: int
    end: int

    def step(self, state: torch.Tensor, token: torch.Tensor) -> torch.Tensor:
        """Next state of every row; both arguments and the result have shape (rows,)."""
        digit = torch.where(
            token == self.low[state],
            self.at_low[state],
            torch.where(token == self.high[state], self.at_high[state], self.between[state]),
        )
        after = self.after[token]
        return torch.where(after < 0, digit, after)

    @property
    def in_step(self) -> bool:
        """Whether the vocabulary falls into columns, through which all records pass at about the same pace."""
        return len(self.bounds) > 2

    def walk(self) -> TableWalk:
        """A walk without records."""
        return TableWalk(self)

    def states(self, ids: torch.Tensor) -> torch.Tensor:
        """The state that reads each token of ids (rows, length) but the first: (rows, length - 1), -1 for padding."""
        state = torch.full((len(ids),), self.start)
        states = torch.full_like(ids[:, 1:], PAD, dtype=torch.int32)
        for place in range(1, ids.shape[1]):
            token = ids[:, place]
            states[:, place - 1] = torch.where(token == PAD, PAD, state)
            state = torch.where(token == PAD, state, self.step(state, token.clamp(min=0)))
        return states

    def to(self, device: torch.device) -> Grammar:
        tables = (self.low, self.high, self.at_low, self.at_high, self.between, self.after, self.block)
        return Grammar(*(table.to(device) for table in tables), bounds=self.bounds, start=self.start, end=self.end)


class TableWalk:
    """The states of the records that are being written; see `decode.Walk`."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.state = grammar.low.new_zeros(0)

    def admit(self, rows: int) -> None:
        self.state = torch.cat([self.state, self.state.new_full((rows,), self.grammar.start)])

    def keep(self, rows: torch.Tensor) -> None:
        self.state = self.state[rows]

    def allowed(self) -> tuple[int, int, torch.Tensor | None]:
        low, high = self.grammar.low[self.state], self.grammar.high[self.state]
        first, last = int(low.min()), int(high.max())
        if first == int(low.max()) and last == int(high.min()):
            return first, last + 1, None
        token = torch.arange(first, last + 1, device=low.device)
        return first, last + 1, (token >= low[:, None]) & (token <= high[:, None])

    def advance(self, token: torch.Tensor) -> torch.Tensor:
        self.state = self.grammar.step(self.state, token)
        return self.state == self.grammar.end


class GrammarBuilder:
    """Collects states; see `Grammar` for what the five integers of a state mean."""

    def __init__(self, zero: int) -> None:
        """`zero` is the token id of the digit group 0; the other groups follow it."""
        self.zero = zero
        self.rows: list[list[int]] = []

    def state(self, low: int, high: int) -> int:
        """A new state that allows the tokens low..high; returns its number."""
        self.rows.append([low, high, -1, -1, -1])
        return len(self.rows) - 1

    def free(self, groups: int, then: int) -> list[int]:
        """free[i] = the state that reads i unbounded groups and goes on with `then`, for i up to `groups`."""
        free = [then]
        for _ in range(groups):
            state = self.state(self.zero, self.zero + GROUP - 1)
            self.rows[state][2:] = [free[-1]] * 3
            free.append(state)
        return free

    def number(self, low: int, high: int, groups: int, free: list[int]) -> int:
        """The state that reads the digit groups of a value in low..high; `free` as `free()` made it."""
        return self._group(low, high, low // GROUP ** (groups - 1), groups, free)

    def _group(self, low: int | None, high: int | None, base: int, groups: int, free: list[int]) -> int:
        """A state that reads the first of `groups` groups.

        Args:
            low, high: the bounds that the digits so far still touch, None where they do not.
            base: the quotient value // power that the digit group 0 stands for.
            groups, free: as for `number`.
        """
        power = GROUP ** (groups - 1)
        least = low // power - base if low is not None else 0
        most = high // power - base if high is not None else GROUP - 1
        state = self.state(self.zero + least, self.zero + most)

        def follow(digit: int) -> int:
            below = low if digit == least else None
            above = high if digit == most else None
            if groups == 1 or (below is None and above is None):
                return free[groups - 1]
            return self._group(below, above, (base + digit) * GROUP, groups - 1, free)

        self.rows[state][2:] = [follow(least), follow(most), free[groups - 1]]
        return state

    def build(self, after: np.ndarray, bounds: Sequence[int], start: int, end: int) -> Grammar:
        columns = torch.as_tensor(np.asarray(self.rows, dtype=np.int64)).T.contiguous()
        block = torch.bucketize(columns[0], torch.as_tensor(bounds[1:]), right=True)
        return Grammar(*columns, torch.as_tensor(after), block, tuple(bounds), start=start, end=end)


def text_grammar(first: int, size: int, end: int) -> Grammar:
    """Any text of the tokens first..size - 1; it is complete when the token `end`, one of them, is written."""
    builder = GrammarBuilder(zero=0)
    complete, reading = builder.state(end, end), builder.state(first, size - 1)
    after = np.full(size, reading, dtype=np.int64)
    after[end] = complete
    return builder.build(after, (0, size), reading, complete)
