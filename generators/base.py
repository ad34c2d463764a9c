"""What a generator is: fit on a dataset, sample records, save and load."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from bench.errors import BenchError, unknown_name
from bench.frames import conform_column, from_frame
from bench.progress import SILENT, Progress
from bench.records import Dataset, Family, Kind, Schema, Task

MANIFEST = "generator.json"
Where = Mapping[str, object]


@dataclass(frozen=True)
class Sample:
    """What came out, and what it cost. Nothing is dropped, repaired or clipped in silence.

    Args:
        records: exactly the number of records asked for, or fewer with a `shortfall`.
        attempts: records that were tried.
        rejected: reason -> how many attempts it cost.
        shortfall: why there are fewer records than asked for; None where there are not.
    """

    records: pd.DataFrame
    attempts: int
    rejected: dict[str, int] = field(default_factory=dict)
    shortfall: str | None = None


class Generator:
    """Base of every generator. A subclass names its `Config` and writes the four underscored methods.

    `fit` and `sample` are deterministic in their seed on one machine. The config is a frozen
    dataclass whose fields can be given by keyword: `DiffLM(latent_size=8)`.
    """

    Config: ClassVar[type]
    families: ClassVar[frozenset[Family]]

    def __init__(self, config: Any = None, **options: Any) -> None:
        known = {f.name for f in fields(self.Config)}
        for name in options:
            if name not in known:
                raise unknown_name(f"{type(self).__name__} option", name, known)
        self.config = config if config is not None else self.Config(**options)
        self.schema: Schema | None = None

    def fit(
        self,
        data: Dataset | pd.DataFrame,
        *,
        target: str | None = None,
        task: Task | None = None,
        kinds: Mapping[str, Kind] | None = None,
        seed: int = 0,
        progress: Progress = SILENT,
    ) -> Self:
        """Learn from train (and validation where there is one).

        Args:
            data: a dataset, or a plain data frame, whose schema is then inferred.
            target, task, kinds: say more about a plain data frame; not used with a dataset.
            seed: the only source of randomness.
            progress: where to report to.

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
        self._fit(data, seed, progress)
        return self

    def sample(self, n: int, *, seed: int = 0, where: Where | None = None, progress: Progress = SILENT) -> Sample:
        """Draw `n` records.

        Args:
            n: how many.
            seed: the only source of randomness.
            where: column -> value that every record must have (None asks for a missing value).
            progress: where to report to.

        Raises:
            BenchError: not fitted, n is negative, or `where` names an unknown column or value.
        """
        if self.schema is None:
            raise BenchError(f"{type(self).__name__} is not fitted yet; call fit first")
        if n < 0:
            raise BenchError(f"{n} records were asked for; a number of records is not negative")
        return self._sample(n, seed, check_where(self.schema, where), progress)

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
        generator._load(folder)
        return generator

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        raise NotImplementedError

    def _sample(self, n: int, seed: int, where: Where, progress: Progress) -> Sample:
        raise NotImplementedError

    def _save(self, folder: Path) -> None:
        raise NotImplementedError

    def _load(self, folder: Path) -> None:
        raise NotImplementedError


def check_where(schema: Schema, where: Where | None) -> Where:
    """The condition with its values in the dtype of their columns.

    Raises:
        BenchError: an unknown column, or a value of another kind.
    """
    checked: dict[str, object] = {}
    for name, value in (where or {}).items():
        column = schema[name]
        checked[name] = None if value is None else conform_column(pd.Series([value]), column).iloc[0]
    return checked


def matches(records: pd.DataFrame, where: Where) -> np.ndarray:
    """Which records fulfil the condition; shape (len(records),), bool."""
    keep = np.ones(len(records), dtype=bool)
    for name, value in where.items():
        column = records[name]
        keep &= (column.isna() if value is None else (column == value).fillna(False)).to_numpy(dtype=bool)
    return keep
