"""What spells rows in the tokens of a language model, whatever the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from generators.great.table import Table

PAD = -1  # no token: padding belongs to no vocabulary, so that a model needs no pad token


@dataclass(frozen=True)
class Opening:
    """How a record begins.

    Args:
        given: places and texts of the columns whose values are known, in the order in which they stand.
        following: places of the other columns in an order; only the first of them is written where the model says
            itself which column comes next.
    """

    given: Sequence[tuple[int, str]]
    following: Sequence[int]


class Spelled(Protocol):
    """The rows of one table as ids."""

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of every row, beginning and end included."""

    def batch(self, rows: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
        """Ids of rows (batch,) with their columns in an order (batch, columns), padded with PAD."""


class Speller(Protocol):
    """Rows <-> ids, with `begin` and `end` around a row."""

    begin: int
    end: int

    def spelled(self, table: Table) -> Spelled:
        """The rows of a table."""

    def opening(self, opening: Opening) -> list[int]:
        """Ids that a row begins with, behind `begin`."""

    def texts(self, ids: torch.Tensor) -> list[str]:
        """The texts of ids (rows, length), padded with PAD and without `begin` and `end`."""

    def state(self) -> dict[str, Any]:
        """Everything that it was learnt from the table, as JSON-able values."""
