"""Which token may come next: a table over states, vectorised over the batch.

The tokens that a state allows are one contiguous range of ids, so a state is five integers. In a
state that reads a column any token of that column is allowed, and the token alone decides what
follows. In a state that reads a digit group the next state depends on whether the digits written so
far still touch the first or the last value of the bin, which keeps a number inside the bin that its
coarse token announced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from generators.difflm.numbers import GROUP


@dataclass(frozen=True)
class Grammar:
    """States of the decoder.

    Args:
        low, high: (states,) first and last allowed token id.
        at_low, at_high, between: (states,) next state after the lowest, the highest, another digit group.
        after: (tokens,) next state after a token that is no digit group, -1 for digit groups.
        start, end: first state, and the state in which a record is complete.
    """

    low: torch.Tensor
    high: torch.Tensor
    at_low: torch.Tensor
    at_high: torch.Tensor
    between: torch.Tensor
    after: torch.Tensor
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

    def to(self, device: torch.device) -> Grammar:
        tables = (self.low, self.high, self.at_low, self.at_high, self.between, self.after)
        return Grammar(*(table.to(device) for table in tables), start=self.start, end=self.end)


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

    def build(self, after: np.ndarray, start: int, end: int) -> Grammar:
        columns = torch.as_tensor(np.asarray(self.rows, dtype=np.int64)).T.contiguous()
        return Grammar(*columns, after=torch.as_tensor(after), start=start, end=end)
