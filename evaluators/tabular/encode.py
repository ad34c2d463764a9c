"""Records as arrays for tree models, learnt from the synthetic train records and the schema only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.records import Schema
from evaluators.tabular.codes import numbers

# Beijing's PM2.5 is predicted on this scale throughout the field (TabSyn, DiffLM).
LOG_RANGE = (1.0, 20000.0)
# The libraries compute in single precision; larger numbers are cut to this, far beyond any measurement.
LARGEST = 1e37


@dataclass(frozen=True)
class Examples:
    """Encoded records.

    Args:
        features: shape (rows, features); numbers with NaN for missing ones, codes of categories.
        target: shape (rows,); a class in 0..classes-1, -1 for one never seen, or the number to predict.
    """

    features: NDArray[np.float64]
    target: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: NDArray[np.int64]) -> Examples:
        return Examples(self.features[rows], self.target[rows])


@dataclass(frozen=True)
class Encoding:
    """What the synthetic train records say about codes; test records never change it.

    Args:
        schema: of the records.
        categories: feature -> its labels in the order of their codes; a missing value is a label like
            others, written None. Anything else has the code `len(categories[feature])`.
        classes: labels of the target in the order of their codes; empty for a regression.
    """

    schema: Schema
    categories: dict[str, list[str | None]]
    classes: list[str]

    @property
    def categorical(self) -> list[int]:
        """Positions of the categorical features."""
        return [i for i, name in enumerate(self.schema.features) if name in self.categories]

    def examples(self, records: pd.DataFrame) -> Examples:
        """Encode the records that have a target."""
        records = records[records[self.schema.target].notna()]
        features = [self._feature(records[name]) for name in self.schema.features]
        empty = np.empty((len(records), 0))
        return Examples(np.column_stack(features) if features else empty, self._target(records[self.schema.target]))

    def _feature(self, column: pd.Series) -> NDArray[np.float64]:
        if column.name not in self.categories:
            return np.clip(numbers(column), -LARGEST, LARGEST)
        labels = self.categories[column.name]
        return look_up(column, labels, unknown=len(labels))

    def _target(self, column: pd.Series) -> NDArray[np.float64]:
        if self.schema.task == "classification":
            return look_up(column.astype("str"), self.classes, unknown=-1)
        values = np.clip(numbers(column), -LARGEST, LARGEST)
        return np.log(np.clip(values, *LOG_RANGE)) if self.schema.log_target else values


def fit_encoding(synthetic: pd.DataFrame, schema: Schema) -> Encoding:
    """Codes for the categories that the synthetic train records hold."""
    categories: dict[str, list[str | None]] = {}
    for name in schema.features:
        if not schema[name].numeric:
            labels: list[str | None] = sorted(synthetic[name].dropna().unique())
            categories[name] = [*labels, None] if synthetic[name].isna().any() else labels
    classes = []
    if schema.task == "classification":
        classes = sorted(synthetic[schema.target].dropna().astype("str").unique())
    return Encoding(schema, categories, classes)


def look_up(column: pd.Series, labels: list[str | None] | list[str], unknown: int) -> NDArray[np.float64]:
    """The position of every value among the labels, `unknown` where it is none of them."""
    codes, values = pd.factorize(column, use_na_sentinel=False)
    position = {label: code for code, label in enumerate(labels)}
    table = [position.get(None if pd.isna(value) else value, unknown) for value in values]
    return np.array(table, dtype=np.float64)[codes]
