"""Privacy: whether synthetic rows lie closer to the train rows than to rows that were held out.

Distance to closest record as TabSyn measures it (Zhang et al. 2024, arXiv 2310.09656, appendix):
L1 over numbers scaled by their range and one-hot categories, so that a category mismatch costs 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import SILENT, Progress, Task
from bench.records import Dataset, Schema
from evaluators.base import Evaluator, Score
from evaluators.tabular.codes import category_codes, numbers

METRIC = "dcr_share_percent"
# Rows of one block of distances: a few hundred kilobytes, which stay in a core's own cache.
BLOCK_ROWS, BLOCK_COLUMNS = 16, 4096


@dataclass(frozen=True)
class PrivacyConfig:
    """Nothing to choose."""


class Privacy(Evaluator):
    """`dcr_share_percent`: share of synthetic rows whose closest record is a train row, not a held-out one.

    The search is exact. Train and test rows enter in equal numbers, drawn by the seed from the
    larger part, so that rows of the true distribution score 50; more means that the generator
    remembers train rows. A tie counts half. A missing value is a category of its own, also of a
    number. Ranges are those of all train rows.

    The standard error is that of drawing the synthetic rows; train and held-out rows are taken as given.
    """

    Config = PrivacyConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        size, n = min(len(data.train), len(data.test)), len(synthetic)
        if size == 0 or n == 0:
            reason = f"{size} train and test records each and {n} synthetic ones; there must be some of both"
            return [Score(METRIC, np.nan, np.nan, False, "tabsyn", 1, n, {"reason": reason})]
        rng = np.random.default_rng(seed)
        train, holdout = (frame.iloc[rng.permutation(len(frame))[:size]] for frame in (data.train, data.test))
        known = encode(data.schema, data.train, pd.concat([train, holdout], ignore_index=True), synthetic)
        with progress.task("privacy", n, "records") as task:
            nearest = closest(*known, size, task)
        remembered = np.sign(nearest[1] - nearest[0]) / 2 + 0.5
        details = {
            "ideal_percent": 50.0,
            "train_rows": size,
            "holdout_rows": size,
            "ties_percent": 100 * float((remembered == 0.5).mean()),
            "median_distance_train": float(np.median(nearest[0])),
            "median_distance_holdout": float(np.median(nearest[1])),
        }
        error = 100 * remembered.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
        return [Score(METRIC, 100 * float(remembered.mean()), float(error), False, "tabsyn", 1, n, details)]

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        """Validation records, where there are any: test records are the holdout and no reference for themselves."""
        return data.validation


@dataclass(frozen=True)
class Points:
    """Rows as the distance sees them, column by column.

    Args:
        numbers: shape (numeric columns, rows), in units of the range of the train rows; NaN for a missing one.
        codes: shape (categories, rows), small unsigned integers; whether a number is missing is one too.
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.unsignedinteger]

    def __len__(self) -> int:
        return self.numbers.shape[1]

    def __getitem__(self, rows: slice) -> Points:
        return Points(self.numbers[:, rows], self.codes[:, rows])


def encode(schema: Schema, train: pd.DataFrame, real: pd.DataFrame, synthetic: pd.DataFrame) -> tuple[Points, Points]:
    """Real and synthetic rows as points; `train` says what the range of a number is."""
    values: list[NDArray[np.float32]] = []
    codes: list[NDArray[np.int64]] = []
    rows = len(real) + len(synthetic)
    for column in schema.columns:
        pair = real[column.name], synthetic[column.name]
        if not column.numeric:
            codes.append(np.concatenate(category_codes(*pair)[:2]))
            continue
        known = numbers(train[column.name])
        known = known[~np.isnan(known)]
        low = known.min(initial=np.inf)
        spread = known.max(initial=-np.inf) - low
        number = np.concatenate([numbers(one) for one in pair])
        # in float64: a time stamp has no digits left in float32 before it is centred
        values.append(((number - low) / spread if spread > 0 else number).astype(np.float32))
        if np.isnan(number).any():
            codes.append(np.isnan(number).astype(np.int64))
    table = np.array(codes, dtype=np.int64).reshape(len(codes), rows)
    small = table.astype(np.min_scalar_type(table.max(initial=0)))
    points = Points(np.array(values, dtype=np.float32).reshape(len(values), rows), small)
    return points[: len(real)], points[len(real) :]


def closest(real: Points, synthetic: Points, size: int, task: Task) -> NDArray[np.float32]:
    """Distance of every synthetic row to the closest of the first `size` real rows, and of the others; (2, rows)."""
    nearest = np.full((2, len(synthetic)), np.inf, dtype=np.float32)
    for first in range(0, len(synthetic), BLOCK_ROWS):
        block = synthetic[first : first + BLOCK_ROWS]
        for part, rows in enumerate((real[:size], real[size:])):
            for start in range(0, len(rows), BLOCK_COLUMNS):
                least = distances(block, rows[start : start + BLOCK_COLUMNS]).min(axis=1)
                np.minimum(
                    nearest[part, first : first + BLOCK_ROWS], least, out=nearest[part, first : first + BLOCK_ROWS]
                )
        task.advance(len(block))
    return nearest


def distances(first: Points, second: Points) -> NDArray[np.float32]:
    """L1 of all pairs, shape (first, second)."""
    shape = len(first), len(second)
    total = np.zeros(shape, dtype=np.float32)
    part = np.empty(shape, dtype=np.float32)
    for a, b in zip(first.numbers, second.numbers, strict=True):
        np.subtract(a[:, None], b, out=part)
        np.abs(part, out=part)
        np.fmax(part, 0, out=part)  # a missing number differs by its code alone
        total += part
    different = np.empty(shape, dtype=bool)
    mismatches = np.zeros(shape, dtype=np.min_scalar_type(len(first.codes)))
    for a, b in zip(first.codes, second.codes, strict=True):
        np.not_equal(a[:, None], b, out=different)
        mismatches += different
    total += 2 * mismatches.astype(np.float32)
    return total
