"""Generators compared over all datasets of a kind: mean ranks, wins, critical difference, Pareto fronts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from leaderboards.aggregate import Row, Table
from leaderboards.columns import ranked
from leaderboards.overall.blocks import Block, blocks
from leaderboards.overall.critical import CriticalDifference, critical_difference
from leaderboards.overall.fronts import Front, Point, fronts
from leaderboards.overall.wins import WinMatrix, win_matrix
from leaderboards.rank import mean_ranks, measured

__all__ = ["CriticalDifference", "Front", "MeanRank", "Overall", "Point", "WinMatrix", "overall"]


@dataclass(frozen=True)
class MeanRank:
    """Mean over datasets of a generator's mean rank over the ranked metrics, 1 the best.

    Args:
        generator: its name.
        mean: over datasets.
        stderr: standard error of the mean over datasets; NaN with one.
        datasets: how many.
        failed: on how many of them a stage failed.
    """

    generator: str
    mean: float
    stderr: float
    datasets: int
    failed: int


@dataclass(frozen=True, eq=False)
class Overall:
    """What can be said over the datasets of one family, variant, split and profile.

    Args:
        family, variant, split, profile: what the compared tables have in common.
        datasets: those that count: every generator has run on each of them.
        generators: the competitors, best mean rank first; sentinels do not compete.
        ranks: in the order of `generators`.
        wins: in the order of `generators`.
        critical: None where there are too few datasets or generators.
        fronts: quality against seconds, and against privacy where that has been scored.
        left_out_datasets: of the same group, but some generator has not been run on them.
        left_out_generators: not run on every one of `datasets`.
        single: datasets with one split seed and seed, where no error over seeds can be stated.
        unscored: generators that lack a value of a ranked metric, although no stage of them failed.
    """

    family: str
    variant: str
    split: str
    profile: str
    datasets: list[str]
    generators: list[str]
    ranks: list[MeanRank]
    wins: WinMatrix
    critical: CriticalDifference | None
    fronts: list[Front]
    left_out_datasets: list[str]
    left_out_generators: list[str]
    single: list[str]
    unscored: list[str]

    @property
    def worth_showing(self) -> bool:
        """Whether there are two generators to compare, over two datasets."""
        return len(self.datasets) > 1 and len(self.generators) > 1


def overall(tables: Sequence[Table]) -> list[Overall]:
    """One for each group of comparable tables that holds a generator besides the sentinels."""
    return [compare(block) for block in blocks(tables)]


def compare(block: Block) -> Overall:
    own = np.array(
        [
            mean_ranks(block.rows_of(place), ranked(table.columns, table.family))
            for place, table in enumerate(block.tables)
        ]
    )
    order = np.argsort(own.mean(axis=0), kind="stable")
    own = own[:, order]
    names = [block.generators[place] for place in order]
    block = Block(block.tables, names, block.rows, block.left_out_datasets, block.left_out_generators)
    first = block.tables[0]
    return Overall(
        family=first.family,
        variant=first.variant,
        split=first.split,
        profile=first.profile,
        datasets=[table.dataset for table in block.tables],
        generators=names,
        ranks=[rank_of(name, own[:, place], block) for place, name in enumerate(names)],
        wins=win_matrix(block),
        # Friedman's test needs one rank a dataset: the mean ranks of a dataset are ranked anew
        critical=critical_difference(names, stats.rankdata(own.round(9), axis=1)),
        fronts=fronts(block, own.mean(axis=0).tolist()),
        left_out_datasets=block.left_out_datasets,
        left_out_generators=block.left_out_generators,
        single=[table.dataset for table in block.tables if len(table.pairs) == 1],
        unscored=[name for name in names if any(map(lacks, block.tables, block.rows[name]))],
    )


def lacks(table: Table, row: Row) -> bool:
    """Whether a ranked metric of the table has no value of the row, and no failure says why."""
    return not row.failures and any(measured(row, column) is None for column in ranked(table.columns, table.family))


def rank_of(name: str, ranks: np.ndarray, block: Block) -> MeanRank:
    stderr = float(stats.sem(ranks)) if len(ranks) > 1 else float("nan")
    failed = sum(bool(row.failures) for row in block.rows[name])
    return MeanRank(name, float(ranks.mean()), stderr, len(ranks), failed)
