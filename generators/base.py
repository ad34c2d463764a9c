"""What a generator is: fit on a dataset, sample records, save and load."""

from __future__ import annotations

import json
import shutil
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from bench.condition import Condition, OneOf, Where, check_where
from bench.errors import BenchError, unknown_name
from bench.frames import from_frame
from bench.progress import SILENT, Progress
from bench.records import Dataset, Family, Kind, Schema, Task

MANIFEST = "generator.json"
# the reason under which `Sample.rejected` counts legal records that do not fulfil the condition
UNFULFILLED = "does not fulfil the condition"


@dataclass(frozen=True)
class Sample:
    """What came out, and what it cost. Nothing is dropped, repaired or clipped in silence.

    Args:
        records: exactly the number of records asked for, or fewer with a `shortfall`.
        attempts: records that were tried.
        rejected: reason -> how many attempts it cost.
        shortfall: why there are fewer records than asked for; None where there are not.
        details: what else the sampling has to say for the record, JSON-able.
    """

    records: pd.DataFrame
    attempts: int
    rejected: dict[str, int] = field(default_factory=dict)
    shortfall: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def control_accuracy(self) -> float | None:
        """Share of the legal records that fulfilled the condition before any was rejected; None without a record."""
        fulfilled = self.attempts - sum(self.rejected.values())
        legal = fulfilled + self.rejected.get(UNFULFILLED, 0)
        return fulfilled / legal if legal else None


class Generator:
    """Base of every generator. A subclass names its `Config` and writes the four underscored methods.

    `fit` and `sample` are deterministic in their seed on one machine. The config is a frozen
    dataclass whose fields can be given by keyword: `DiffLM(latent_size=8)`.
    """

    Config: ClassVar[type]
    families: ClassVar[frozenset[Family]]
    checkpoint: Path | None = None  # where a fit, or a sampling that is paid for, may keep its state
    fit_details: Mapping[str, Any] = {}  # what a fit has to say for the record, JSON-able

    def __init__(self, config: Any = None, **options: Any) -> None:
        known = {f.name for f in fields(self.Config)}
        for name in options:
            if name not in known:
                raise unknown_name(f"{type(self).__name__} option", name, known)
        self.config = config if config is not None else self.Config(**options)
        self.schema: Schema | None = None
        self.labels: dict[str, list[str]] = {}

    def fit(
        self,
        data: Dataset | pd.DataFrame,
        *,
        target: str | None = None,
        task: Task | None = None,
        kinds: Mapping[str, Kind] | None = None,
        seed: int = 0,
        progress: Progress = SILENT,
        checkpoint: Path | None = None,
    ) -> Self:
        """Learn from train (and validation where there is one). After a fit that failed nothing is fitted.

        Args:
            data: a dataset, or a plain data frame, whose schema is then inferred.
            target, task, kinds: say more about a plain data frame; not used with a dataset.
            seed: the only source of randomness.
            progress: where to report to.
            checkpoint: folder in which a long fit may keep its state; the same fit, killed and started
                again with the same folder, goes on from there. Its removal is the caller's.

        Raises:
            BenchError: the data cannot be learnt from; the message says why.
        """
        if isinstance(data, pd.DataFrame):
            data = from_frame(data, target, task, kinds)
        if data.family not in self.families:
            raise BenchError(f"{type(self).__name__} does not work on {data.family} data ({data.name})")
        if len(data.train) < 2:
            raise BenchError(f"dataset '{data.name}' has {len(data.train)} train records; at least 2 are needed")
        self.schema = data.schema
        self.labels = {name: sorted(data.train[name].dropna().unique()) for name in data.schema.categorical}
        self.checkpoint = checkpoint
        try:
            self._fit(data, seed, progress)
        except BaseException:
            # what an earlier fit learnt may be overwritten in part
            self.schema = None
            raise
        finally:
            self.checkpoint = None
        return self

    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        where: Where | None = None,
        balance: str | None = None,
        progress: Progress = SILENT,
    ) -> Sample:
        """Draw `n` records.

        Args:
            n: how many.
            seed: the only source of randomness.
            where: column -> what every record must have there: a value, one of several values, a range
                (`Between`), or None for a missing value.
            balance: a categorical column of which every label is to be equally frequent: those of train,
                or those among them that `where` names. Counts differ by one at most.
            progress: where to report to.

        Raises:
            BenchError: not fitted, n is negative, a condition that cannot be fulfilled, or a column that
                cannot be balanced.
        """
        if self.schema is None:
            raise BenchError(f"{type(self).__name__} is not fitted yet; call fit first")
        if n < 0:
            raise BenchError(f"{n} records were asked for; a number of records is not negative")
        condition = check_where(self.schema, where)
        if balance is None:
            return self._sample(n, seed, condition, progress)
        return self._sample_balanced(n, seed, balance, condition, progress)

    def _sample_balanced(self, n: int, seed: int, column: str, where: Condition, progress: Progress) -> Sample:
        labels = self._labels_of(column, where)
        *seeds, last = np.random.SeedSequence(seed).generate_state(len(labels) + 1).tolist()
        parts = {}
        for place, (label, own_seed) in enumerate(zip(labels, seeds, strict=True)):
            wanted = n // len(labels) + (place < n % len(labels))
            parts[label] = self._sample(wanted, own_seed, {**where, column: OneOf((label,))}, progress)
        rejected: Counter[str] = Counter()
        for part in parts.values():
            rejected.update(part.rejected)
        records = pd.concat([part.records for part in parts.values()], ignore_index=True)
        records = records.iloc[np.random.default_rng(last).permutation(len(records))].reset_index(drop=True)
        short = [f"{column}={label}: {part.shortfall}" for label, part in parts.items() if part.shortfall]
        attempts = sum(part.attempts for part in parts.values())
        details = {label: part.details for label, part in parts.items() if part.details}
        return Sample(records, attempts, dict(rejected), "; ".join(short) or None, details)

    def _labels_of(self, column: str, where: Condition) -> list[str]:
        """The labels of train that a condition lets through.

        Raises:
            BenchError: the column is not categorical, or there is no such label.
        """
        assert self.schema is not None
        if (kind := self.schema[column].kind) != "categorical":
            raise BenchError(f"column '{column}' is {kind}; only a categorical column can be balanced")
        wanted = where.get(column)
        labels = [label for label in self.labels[column] if not isinstance(wanted, OneOf) or label in wanted.values]
        if not labels:
            raise BenchError(f"column '{column}' cannot be balanced: no label of train is left")
        return labels

    def save(self, folder: Path) -> None:
        """Write what was learnt into `folder`, which must not exist; half-written folders cannot occur."""
        if self.schema is None:
            raise BenchError(f"{type(self).__name__} is not fitted yet; call fit first")
        folder = Path(folder)
        if folder.exists():
            raise BenchError(f"'{folder}' already exists; choose another folder")
        building = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
        building.mkdir(parents=True)
        try:
            manifest = {
                "generator": type(self).__name__,
                "config": asdict(self.config),
                "schema": self.schema.to_dict(),
                "labels": self.labels,
            }
            (building / MANIFEST).write_text(json.dumps(manifest, indent=1))
            self._save(building)
            building.rename(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            BenchError: the folder holds no generator of this class.
        """
        folder = Path(folder)
        try:
            manifest = json.loads((folder / MANIFEST).read_text())
        except (OSError, json.JSONDecodeError) as error:
            raise BenchError(f"'{folder}' holds no saved generator ({error})") from error
        if manifest["generator"] != cls.__name__:
            raise BenchError(f"'{folder}' holds a {manifest['generator']}, not a {cls.__name__}")
        generator = cls(cls.Config(**manifest["config"]))
        generator.schema = Schema.from_dict(manifest["schema"])
        generator.labels = manifest["labels"]
        generator._load(folder)
        return generator

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        raise NotImplementedError

    def _sample(self, n: int, seed: int, where: Condition, progress: Progress) -> Sample:
        raise NotImplementedError

    def _save(self, folder: Path) -> None:
        raise NotImplementedError

    def _load(self, folder: Path) -> None:
        raise NotImplementedError
