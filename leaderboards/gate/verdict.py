"""What the gate found, as plain records: comparisons of means, what is broken, and what else is to be said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from leaderboards.columns import loss

Change = Literal["worse", "better", "none"]


@dataclass(frozen=True)
class Comparison:
    """One mean, of the baseline and of the run.

    Args:
        dataset: its name.
        generator: its name, with the start of the config's hash where it has several configs.
        metric: as stored.
        protocol: as stored.
        version: of the protocol.
        column: of the table; empty where the metric is about all of it.
        higher_is_better: the direction.
        baseline, run: means over the pairs.
        low, high: interval of run - baseline, not corrected for the number of comparisons; of their distances from
            the best value where the metric has one inside its range (`leaderboards.columns.IDEALS`).
        minimum: the smallest difference that matters.
        p_worse, p_better: corrected for the number of comparisons.
        pairs: how many cells were compared with their counterpart.
        change: worse or better where the difference is both significant and larger than the minimum.
    """

    dataset: str
    generator: str
    metric: str
    protocol: str
    version: int
    column: str
    higher_is_better: bool
    baseline: float
    run: float
    low: float
    high: float
    minimum: float
    p_worse: float
    p_better: float
    pairs: int
    change: Change

    @property
    def difference(self) -> float:
        return self.run - self.baseline

    @property
    def loss(self) -> float:
        """How much worse the run is; negative where it is better."""
        before, after = (loss(self.metric, self.higher_is_better, value) for value in (self.baseline, self.run))
        return after - before

    @property
    def what(self) -> str:
        return f"{self.metric} of {self.column}" if self.column else self.metric


@dataclass(frozen=True)
class Broken:
    """Something that the baseline has and the run has not.

    Args:
        dataset, generator: as of `Comparison`.
        what: the cell, a stage or a metric.
        reason: why it is not there.
        cells: the (split seed, seed) of each.
    """

    dataset: str
    generator: str
    what: str
    reason: str
    cells: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Verdict:
    """The whole answer of the gate.

    Args:
        baseline, run: what was compared, in words.
        level: chance of a false alarm over all comparisons together.
        comparisons: every mean that was compared.
        broken: what failed or is missing in the run alone.
        failed_in_both: what failed in both.
        notes: what is worth a look and no regression.
        not_gated: metrics of the run without a stated minimum effect.
        new: cells that only the run has, in words.
    """

    baseline: str
    run: str
    level: float
    comparisons: list[Comparison]
    broken: list[Broken] = field(default_factory=list)
    failed_in_both: list[Broken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    not_gated: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    @property
    def regressions(self) -> list[Comparison]:
        """The worst first: by the difference in units of the smallest that matters."""
        return sorted((one for one in self.comparisons if one.change == "worse"), key=severity)

    @property
    def improvements(self) -> list[Comparison]:
        return sorted((one for one in self.comparisons if one.change == "better"), key=severity)

    @property
    def passed(self) -> bool:
        return not self.regressions and not self.broken


def severity(one: Comparison) -> tuple[float, float]:
    return -abs(one.loss) / (one.minimum or 1e-12), max(one.p_worse, 0.0)
