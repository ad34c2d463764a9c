"""Interpolation of mixed records by SMOTE, SMOTE-NC or SMOTE-N (Chawla et al. 2002, sections 4 and 6).

Used as a generator as in TabDDPM (Kotelnikov et al. 2023) and TabSyn: every class is sampled, not
only rare ones. Numbers are scaled to unit variance, so that no column rules the distance. SMOTE-N tells categories
apart by how the classes are distributed among them; where there is one class only, by whether they are equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC
from numpy.typing import NDArray
from scipy.stats import mode
from sklearn.neighbors import NearestNeighbors

from bench.records import Schema
from generators.columns.whole import offset_of, to_floats, to_integers


@dataclass(frozen=True)
class Encoded:
    """Train records as a matrix.

    Args:
        values: shape (rows, numeric + categorical); scaled numbers first, then codes.
        classes: shape (rows,); what records are interpolated within.
        names: numeric columns of the matrix in their order; one without any value is not among them.
        centre, scale, low, high: of the numeric columns; shape (numeric,).
        offsets: what integer columns are counted from that no float tells apart.
        labels: categorical column -> labels in the order of their codes, a missing one included. A
            numeric column with gaps has a categorical column beside it that says where they are.
    """

    values: NDArray[np.float64]
    classes: NDArray[np.int64]
    names: list[str]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    offsets: dict[str, int]
    labels: dict[tuple[str, str], pd.Index]


def encode(records: pd.DataFrame, schema: Schema, target_bins: int) -> Encoded:
    """Numbers and codes of the train records; the gaps of numbers are filled with the median."""
    numeric = [name for name in schema.numeric if records[name].notna().any()]
    offsets = {name: offset_of(records[name]) for name in numeric if schema[name].kind == "integer"}
    raw = {name: to_floats(records[name], offsets.get(name, 0)) for name in numeric}
    labels, codes = {}, []
    for name in schema.names:
        if name not in schema.numeric:
            code, labels["category", name] = pd.factorize(records[name], use_na_sentinel=False)
            codes.append(code)
        elif name in raw and np.isnan(raw[name]).any():
            code, labels["missing", name] = pd.factorize(records[name].isna())
            codes.append(code)
    filled = np.empty((len(records), len(raw)))
    for position, values in enumerate(raw.values()):
        filled[:, position] = np.where(np.isnan(values), np.nanmedian(values), values)
    # squares of the largest numbers would be infinite
    largest = np.maximum(np.abs(filled).max(axis=0, initial=0.0), np.finfo(np.float64).tiny)
    scale = (filled / largest).std(axis=0) * largest
    scale = np.where(scale > 0, scale, 1.0)
    centre = (filled / largest).mean(axis=0) * largest
    return Encoded(
        np.column_stack([(filled - centre) / scale, *codes]).astype(np.float64),
        target_classes(records, schema, target_bins),
        list(raw),
        centre,
        scale,
        filled.min(axis=0),
        filled.max(axis=0),
        offsets,
        labels,
    )


def target_classes(records: pd.DataFrame, schema: Schema, target_bins: int) -> NDArray[np.int64]:
    """The class of every record: its target, the quantile bin of a numeric one, or 0 without one.

    A missing target is a class as well.
    """
    if schema.target is None:
        return np.zeros(len(records), dtype=np.int64)
    target = records[schema.target]
    if schema.task == "regression":
        values = target.to_numpy(dtype="float64", na_value=np.nan)
        edges = np.unique(np.nanquantile(values, np.linspace(0, 1, target_bins + 1)[1:-1]))
        bins = np.searchsorted(edges, values, side="right").astype(np.int64)
        return np.where(np.isnan(values), len(edges) + 1, bins)
    return pd.factorize(target, use_na_sentinel=False)[0].astype(np.int64)


def interpolate(encoded: Encoded, n: int, neighbours: int, seed: int) -> NDArray[np.float64]:
    """`n` new rows of the matrix, classes as frequent as in train up to chance; shape (n, columns).

    A class of no more rows than `neighbours` is drawn from without interpolation.
    """
    rng = np.random.default_rng(seed)
    sizes = np.bincount(encoded.classes)
    wanted = rng.multinomial(n, sizes / sizes.sum())
    parts = [np.empty((0, encoded.values.shape[1]))]
    large = np.flatnonzero(sizes > neighbours)
    for small in np.flatnonzero((sizes <= neighbours) & (wanted > 0)):
        parts.append(encoded.values[rng.choice(np.flatnonzero(encoded.classes == small), size=wanted[small])])
    chosen = np.isin(encoded.classes, large[wanted[large] > 0])
    if chosen.any():
        parts.append(oversample(encoded, chosen, wanted, neighbours, int(rng.integers(2**31))))
    return rng.permutation(np.concatenate(parts))


def oversample(
    encoded: Encoded, chosen: NDArray[np.bool_], wanted: NDArray[np.int64], neighbours: int, seed: int
) -> NDArray[np.float64]:
    """The new rows that imbalanced-learn adds to the chosen ones; `wanted` of every class."""
    numeric = len(encoded.names)
    if numeric == 0 and len(present := np.unique(encoded.classes[chosen])) == 1:
        return vote(encoded.values[chosen], int(wanted[present[0]]), neighbours, seed)
    # one more class of one row: the library refuses data of a single class, and adds nothing to this
    values = np.concatenate([encoded.values[chosen], encoded.values[:1]])
    classes = np.append(encoded.classes[chosen], -1)
    strategy = {c: int((classes == c).sum() + wanted[c]) for c in np.unique(classes[:-1])}
    settings = {"sampling_strategy": strategy, "k_neighbors": neighbours, "random_state": seed}
    if numeric == 0:
        sampler = SMOTEN(**settings)
    elif numeric == values.shape[1]:
        sampler = SMOTE(**settings)
    else:
        sampler = SMOTENC(categorical_features=list(range(numeric, values.shape[1])), **settings)
    return np.asarray(sampler.fit_resample(values, classes)[0], dtype=np.float64)[len(values) :]


def vote(rows: NDArray[np.float64], n: int, neighbours: int, seed: int) -> NDArray[np.float64]:
    """`n` new rows from codes (rows, columns) of one class, where all distances of SMOTE-N are 0.

    In every column the most frequent code of a row and those nearest to it, which are the rows with most equal codes.
    """
    rng = np.random.default_rng(seed)
    # of equally near rows any may be taken, not those that stand first in the table
    rows = rng.permutation(rows)
    nearest = NearestNeighbors(n_neighbors=neighbours + 1, metric="hamming").fit(rows)
    found = nearest.kneighbors(rows[rng.integers(len(rows), size=n)], return_distance=False)
    return mode(rows[found], axis=1).mode


def decode(encoded: Encoded, values: NDArray[np.float64], schema: Schema) -> pd.DataFrame:
    """Records of the schema's columns; integers are rounded to the nearest."""
    numeric = len(encoded.names)
    numbers = values[:, :numeric] * encoded.scale + encoded.centre
    # an interpolated number lies between two real ones up to rounding
    numbers = np.clip(numbers, encoded.low, encoded.high)
    columns = {name: np.full(len(values), np.nan) for name in schema.numeric}
    for name, number in zip(encoded.names, numbers.T, strict=True):
        whole = schema[name].kind == "integer"
        columns[name] = to_integers(number, encoded.offsets[name]) if whole else number
    codes = values[:, numeric:].astype(np.int64)
    for (role, name), code in zip(encoded.labels, codes.T, strict=True):
        decoded = encoded.labels[role, name][code]
        columns[name] = pd.Series(columns[name]).mask(decoded.to_numpy(bool)) if role == "missing" else decoded
    return pd.DataFrame(columns, columns=schema.names)
