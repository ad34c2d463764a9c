"""Rows of a table in two dimensions, for a picture: principal components of the train rows.

Principal component analysis (Pearson 1901; Jolliffe 2002, Principal Component Analysis, sec. 3.1) of
standardised numbers beside one-hot categories, each column scaled to a total variance of 1, as factor
analysis of mixed data does for numbers (Pagès 2004). Where that method weighs a label by its rarity, one
label in ten thousand would span an axis of its own; here all labels of a column have one scale, one over the
square root of its Gini impurity, so that a category of two labels weighs just as its indicator, standardised.
Axes, centre and scale come from train alone, so every generator of a split is drawn on the same plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.records import Schema
from evaluators.tabular.codes import numbers

ROWS = 400
# Labels of a column that have an axis, the most frequent ones, and axes of all labels together.
MOST_LABELS, MOST_AXES = 30, 600
BLOCK_ROWS = 4096
# Columns that are named beside an axis, those that weigh most in it.
NAMED = 3
# Standard deviations from the mean at which a number is cut; no train row of a million lies there.
FARTHEST = 1e3
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """The axes of one column.

    Args:
        name: of the column.
        values: number of every row, centred and scaled, 0 where it is missing; or the place of its label
            among the labels that have an axis, -1 for any other. All rows, train first.
        centre: share of each of these labels in train, empty for a number.
        scale: by which what remains is multiplied.
    """

    name: str
    values: NDArray
    centre: Array
    scale: float

    @property
    def width(self) -> int:
        return max(len(self.centre), 1)

    def axes(self, rows: slice) -> Array:
        """Shape (rows, width)."""
        if not len(self.centre):
            return self.values[rows, None]
        return self.scale * ((self.values[rows, None] == np.arange(len(self.centre))) - self.centre)


def project(
    schema: Schema, train: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame, seed: int
) -> dict[str, Any] | None:
    """Rows of all three sides on the first two components of train, JSON-able and of bounded size.

    Returns:
        `axes`, two of {`explained`: share of the variance, `columns`: the columns that weigh most in it and
        their shares of the squared loadings}; `train`, `holdout` and `synthetic`, coordinates of at most `ROWS`
        rows each, drawn by the seed. None where train does not vary.
    """
    rng = np.random.default_rng(seed)
    shown = [frame.iloc[draw(rng, len(frame))] for frame in (train, holdout, synthetic)]
    categories = sum(not column.numeric for column in schema.columns)
    labels = min(MOST_LABELS, max(MOST_AXES // max(categories, 1), 2))
    parts = []
    for column in schema.columns:
        sides = [frame[column.name] for frame in (train, *shown)]
        part = number_part(column.name, sides) if column.numeric else label_part(column.name, sides, labels)
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    directions, explained = principal_axes(parts, len(train))
    start, sizes = len(train), [len(frame) for frame in shown]
    points = np.concatenate([part.axes(slice(start, None)) for part in parts], axis=1) @ directions
    points = np.round(points, 3) + 0.0  # no negative zero
    coordinates = [side.tolist() for side in np.split(points, np.cumsum(sizes)[:-1])]
    axes = [
        {"explained": round(float(share), 4), "columns": weights(parts, direction)}
        for share, direction in zip(explained, directions.T, strict=True)
    ]
    return {"axes": axes, **dict(zip(("train", "holdout", "synthetic"), coordinates, strict=True))}


def draw(rng: np.random.Generator, rows: int) -> NDArray[np.int64]:
    return np.sort(rng.permutation(rows)[:ROWS])


def number_part(name: str, sides: Sequence[pd.Series]) -> Part | None:
    """Standardised by train, which stands first; None where it does not vary there."""
    values = np.concatenate([numbers(side) for side in sides])
    known = values[: len(sides[0])]
    known = known[~np.isnan(known)]
    if not len(known) or known.min() == known.max():
        return None
    # in units of the range, so that squares of very small numbers are not lost
    unit, middle = known.max() - known.min(), known.mean()
    spread = ((known - middle) / unit).std()
    with np.errstate(over="ignore"):
        standard = np.clip((values - middle) / unit / spread, -FARTHEST, FARTHEST)
    return Part(name, np.nan_to_num(standard), np.empty(0), 1.0)


def label_part(name: str, sides: Sequence[pd.Series], most: int) -> Part | None:
    """The most frequent labels of train, which stands first, in an order that rows do not change."""
    codes, labels = pd.factorize(pd.concat(sides, ignore_index=True), use_na_sentinel=False)
    rows = len(sides[0])
    count = np.bincount(codes[:rows], minlength=len(labels))
    if (count > 0).sum() < 2:
        return None
    share = count / rows
    order = np.lexsort((np.array([str(label) for label in labels]), -count))
    shown = order[: min(most, int((count > 0).sum()))]
    place = np.full(len(labels), -1)
    place[shown] = np.arange(len(shown))
    return Part(name, place[codes], share[shown], float(1 / np.sqrt(1 - (share**2).sum())))


def principal_axes(parts: Sequence[Part], rows: int) -> tuple[Array, Array]:
    """The first two directions and their shares of the variance; shapes (axes, 2) and (2,).

    The sign of a direction makes its largest loading positive, the first of those that are equal up to rounding.
    """
    width = sum(part.width for part in parts)
    products = np.zeros((width, width))
    for start in range(0, rows, BLOCK_ROWS):
        block = np.concatenate([part.axes(slice(start, min(start + BLOCK_ROWS, rows))) for part in parts], axis=1)
        products += block.T @ block
    variances, vectors = np.linalg.eigh(products)
    directions, explained = np.zeros((width, 2)), np.zeros(2)
    found = min(width, 2)
    directions[:, :found] = vectors[:, ::-1][:, :found]
    explained[:found] = np.maximum(variances[::-1][:found], 0.0) / np.trace(products)
    size = np.abs(directions)
    largest = (size > size.max(axis=0) - 1e-9).argmax(axis=0)
    return directions * np.where(directions[largest, [0, 1]] < 0, -1.0, 1.0), explained


def weights(parts: Sequence[Part], direction: Array) -> dict[str, float]:
    """The columns with the largest shares of the squared loadings, largest first."""
    ends = np.cumsum([part.width for part in parts])
    share = {
        part.name: round(float((direction[end - part.width : end] ** 2).sum()), 3)
        for part, end in zip(parts, ends, strict=True)
    }
    return dict(sorted(share.items(), key=lambda item: -item[1])[:NAMED])
