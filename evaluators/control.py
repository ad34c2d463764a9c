"""Control: whether records that were made under a condition fulfil it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from bench.condition import describe, matches
from bench.progress import SILENT, Progress
from bench.records import Dataset
from evaluators.base import Evaluator, Score
from evaluators.shares import share_score


@dataclass(frozen=True)
class ControlConfig:
    """Nothing to choose."""


class Control(Evaluator):
    """`condition_percent`: share of records that fulfil the condition of the dataset; none without a condition.

    The quality of such records is what all other evaluators say of them: under a condition the real
    records are those that fulfil it. Records that do not are scored with the others. The details hold
    the share of every column's part of the condition. The standard error is binomial.
    """

    Config = ControlConfig
    families = frozenset({"tabular", "code", "tool"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        if not data.condition:
            return []
        parts = {
            wanted.describe(name): 100 * float(matches(synthetic, {name: wanted}).mean()) if len(synthetic) else None
            for name, wanted in data.condition.items()
        }
        score = share_score("condition_percent", matches(synthetic, data.condition), True)
        return [replace(score, details=score.details | {"condition": describe(data.condition), "parts": parts})]
