"""How often one generator is really better than another, over datasets and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from leaderboards.columns import ranked
from leaderboards.overall.blocks import Block
from leaderboards.rank import compare


@dataclass(frozen=True, eq=False)
class WinMatrix:
    """Counts over (dataset, ranked column).

    Args:
        generators: names of rows and columns, shape (g,).
        wins: where the row's generator is really better than the column's, shape (g, g).
        ties: where neither is, shape (g, g), symmetric.
        comparisons: wins of both and ties, shape (g, g), symmetric; zero on the diagonal.
    """

    generators: list[str]
    wins: np.ndarray
    ties: np.ndarray
    comparisons: np.ndarray

    def record(self, generator: str) -> tuple[int, int, int]:
        """How often it is better, tied and worse, over all others."""
        place = self.generators.index(generator)
        return int(self.wins[place].sum()), int(self.ties[place].sum()), int(self.wins[:, place].sum())


def win_matrix(block: Block) -> WinMatrix:
    count = len(block.generators)
    wins, ties = np.zeros((count, count), dtype=int), np.zeros((count, count), dtype=int)
    for place, table in enumerate(block.tables):
        rows = block.rows_of(place)
        for column in ranked(table.columns, table.family):
            for first, second in combinations(range(count), 2):
                better = compare(rows[first], rows[second], column)
                wins[first, second] += better > 0
                wins[second, first] += better < 0
                ties[first, second] += better == 0
                ties[second, first] += better == 0
    return WinMatrix(block.generators, wins, ties, wins + wins.T + ties)
