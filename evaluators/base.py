"""What an evaluator is: real data and synthetic records in, scores out."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from bench.errors import unknown_name
from bench.progress import SILENT, Progress
from bench.records import Dataset, Family


@dataclass(frozen=True)
class Score:
    """One number, with everything needed to read it.

    Args:
        metric: its name, with the unit where it has one (`column_shape_error_percent`).
        value: the number; NaN where it is not defined, with the reason in `details["reason"]`.
        stderr: standard error of `value`, NaN where none can be stated.
        higher_is_better: the direction.
        protocol: the exact rule (`harness`, `tabsyn`, `sdmetrics-0.11`).
        version: of the rule; raised when the rule changes.
        n: how many synthetic records it was computed from.
        details: JSON-able detail, such as the value of every column.
    """

    metric: str
    value: float
    stderr: float
    higher_is_better: bool
    protocol: str
    version: int
    n: int
    details: dict[str, Any] = field(default_factory=dict)


class Evaluator:
    """Base of every evaluator; pure in its arguments and its seed.

    `Config` is a frozen dataclass (empty where there is nothing to choose), given by keyword as
    for a generator: `MachineLearningEfficiency(trials=5)`.

    The same evaluation, killed and started again with the same folder as `checkpoint`, may go on from
    there, to the same scores. The folder's removal is the caller's; an evaluator may ignore it.
    """

    Config: ClassVar[type]
    families: ClassVar[frozenset[Family]]
    checkpoint: Path | None = None  # set from outside: where a long `evaluate` may keep what is finished

    def __init__(self, config: Any = None, **options: Any) -> None:
        known = {f.name for f in fields(self.Config)}
        for name in options:
            if name not in known:
                raise unknown_name(f"{type(self).__name__} option", name, known)
        self.config = config if config is not None else self.Config(**options)

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        """Score canonical `synthetic` records against the real `data`.

        Raises:
            BenchError: a score cannot be computed from such records; the message says why.
        """
        raise NotImplementedError

    def files(self) -> list[Path]:
        """Files that scores depend on beside the records; their bytes belong to the identity of a score.

        Raises:
            BenchError: one of them is not there.
        """
        return []

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        """Real records whose score is the reference for this evaluator.

        Held-out rows for distances to the train rows (the floor that sampling noise sets); train
        rows for an evaluator that trains on what it is given.
        """
        return data.test
