"""What a plot of single columns needs: quantiles of numbers, frequencies of everything else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.records import Schema
from evaluators.tabular.codes import category_codes, numbers

LEVELS = np.linspace(0.0, 1.0, 41)
MOST_LABELS = 30


def plot_data(schema: Schema, real: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, Any]:
    """Both sides of every column, JSON-able and of bounded size.

    Returns:
        `levels`, and `columns` by name. A number has `quantiles`, the values at those levels among the
        present ones, each of them a value that occurs; None where there are none. Anything else has `labels`, at most
        `MOST_LABELS` of them by their mean frequency, None for a missing one, with `frequencies` of equal
        length and the `rest` that other labels share. All are pairs: real, then synthetic.
    """
    columns: dict[str, Any] = {}
    for column in schema.columns:
        pair = real[column.name], synthetic[column.name]
        if column.numeric:
            columns[column.name] = {"quantiles": [quantiles(numbers(side)) for side in pair]}
        else:
            columns[column.name] = frequencies(*pair)
    return {"levels": [round(level, 6) for level in LEVELS.tolist()], "columns": columns}


def quantiles(values: NDArray[np.float64]) -> list[float] | None:
    present = values[~np.isnan(values)]
    return np.quantile(present, LEVELS, method="inverted_cdf").tolist() if len(present) else None


def frequencies(real: pd.Series, synthetic: pd.Series) -> dict[str, Any]:
    """The most frequent labels of two columns of at least one row each."""
    labels = pd.unique(pd.concat([real, synthetic], ignore_index=True))  # in the order of their codes
    real_codes, synthetic_codes, size = category_codes(real, synthetic)
    share = np.stack([np.bincount(codes, minlength=size) / len(codes) for codes in (real_codes, synthetic_codes)])
    shown = np.argsort(-share.sum(axis=0), kind="stable")[:MOST_LABELS]
    return {
        "labels": [None if pd.isna(labels[code]) else str(labels[code]) for code in shown],
        "frequencies": share[:, shown].tolist(),
        "rest": np.maximum(1 - share[:, shown].sum(axis=1), 0.0).round(12).tolist(),
    }
