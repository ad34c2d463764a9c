"""Damages of known size, done to records of the truth: what a generator may get wrong, one fault at a time.

Every damage is a function (records, train, schema, amount, rng) -> records that changes nothing else. Equal
generators give nested damages: what a small amount changes, a larger one changes as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.frames import conform
from bench.records import Schema

Apply = Callable[[pd.DataFrame, pd.DataFrame, Schema, float, np.random.Generator], pd.DataFrame]

# Large enough to be missed by the metrics, small enough that the rest of the table stays the table.
DROPPED_SHARE = 0.2


@dataclass(frozen=True)
class Damage:
    """One kind of damage at several levels.

    Args:
        name: as expectations call it.
        summary: what is done, in one sentence.
        levels: label -> amount that `function` is given, from the smallest damage to the largest.
        function: does it.
        possible: whether a table can be damaged so.
    """

    name: str
    summary: str
    levels: dict[str, float]
    function: Apply
    possible: Callable[[Schema], bool] = lambda _: True

    def apply(
        self, records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Damaged records; canonical, as those given."""
        return conform(self.function(records, train, schema, amount, rng), schema)


def bootstrap(
    records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Train rows drawn with replacement in place of a share of the records."""
    return replaced(records, train.iloc[rng.integers(len(train), size=len(records))], amount, rng)


def copy(
    records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Train rows, none twice as far as they go, in place of a share of the records."""
    order = rng.permutation(len(train))
    return replaced(records, train.iloc[np.resize(order, len(records))], amount, rng)


def copy_nearly(
    records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
) -> pd.DataFrame:
    """As `copy`, with one number of every row taken from another train row: no exact copies, the same columns."""
    name = most_varied(train, schema)
    order = np.resize(rng.permutation(len(train)), len(records))
    near = train.iloc[order].reset_index(drop=True)
    near[name] = train[name].iloc[np.roll(order, 1)].array
    return replaced(records, near, amount, rng)


def shuffle(
    records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Every column shuffled on its own among a share of the records: its distribution stays to the last value."""
    rows = chosen(len(records), amount, rng)
    mixed = records.copy()
    for name in schema.names:
        mixed[name] = put(records[name], rows, records[name].iloc[rng.permutation(rows)])
    return mixed


def add_noise(
    records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Numbers get normal noise of `amount` standard deviations, a share `amount` of all labels becomes another one."""
    noisy = records.copy()
    for column in schema.columns:
        values = records[column.name]
        if column.numeric:
            noise = amount * deviation(train[column.name]) * rng.standard_normal(len(records))
            noisy[column.name] = move(values, noise)
        else:
            flipped = (rng.random(len(records)) < amount) & values.notna().to_numpy()
            labels = np.array(sorted(set(train[column.name].dropna()) | set(values.dropna())), dtype=object)
            step = rng.integers(1, max(2, len(labels)), size=len(records))
            codes = np.searchsorted(labels, values.fillna("").to_numpy(dtype=object))
            others = labels[(codes + step) % max(1, len(labels))] if len(labels) else values.to_numpy(dtype=object)
            noisy[column.name] = values.mask(flipped, pd.Series(others, dtype="str"))
    return noisy


def shift(
    records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
) -> pd.DataFrame:
    """The numeric column with the most values moves by `amount` standard deviations."""
    name = most_varied(train, schema)
    shifted = records.copy()
    shifted[name] = move(records[name], np.full(len(records), amount * deviation(train[name])))
    return shifted


def drop_category(
    records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
) -> pd.DataFrame:
    """A share of the records with one label gives way to other records without it; all of them at 1."""
    return drop_label(records, *category(train, schema), amount, rng)


def drop_label(records: pd.DataFrame, name: str, label: str, amount: float, rng: np.random.Generator) -> pd.DataFrame:
    """A share of the records with the label in that column gives way to other records without it."""
    has = (records[name] == label).fillna(False).to_numpy(dtype=bool)
    others = np.flatnonzero(~has)
    rows = np.flatnonzero(has & (rng.random(len(records)) < amount))
    source = np.arange(len(records))
    if len(others):
        source[rows] = rng.choice(others, size=len(rows))
    return pd.DataFrame(records.iloc[source])


def shrink(
    records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
) -> pd.DataFrame:
    """One record in `amount`."""
    return records.iloc[rng.permutation(len(records))[: fewer(records, amount)]]


def repeat(
    records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
) -> pd.DataFrame:
    """One record in `amount`, repeated until there are as many as before."""
    kept = rng.permutation(len(records))[: fewer(records, amount)]
    return records.iloc[np.resize(kept, len(records))]


def blank(
    records: pd.DataFrame, train: pd.DataFrame, schema: Schema, amount: float, rng: np.random.Generator
) -> pd.DataFrame:
    """A share of the fields of every column but the target goes missing."""
    gaps = records.copy()
    for name in schema.features:
        gaps[name] = records[name].mask(rng.random(len(records)) < amount)
    return gaps


def replaced(records: pd.DataFrame, others: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Records of which a share has given way to those of `others` in the same place."""
    rows = np.zeros(len(records), dtype=bool)
    rows[chosen(len(records), share, rng)] = True
    together = pd.concat([records, others], ignore_index=True)
    return pd.DataFrame(together.iloc[np.arange(len(records)) + len(records) * rows])


def chosen(size: int, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """A share of the rows, in random order; a smaller share is part of a larger one."""
    return rng.permutation(size)[: round(share * size)]


def put(values: pd.Series, rows: NDArray[np.int64], others: pd.Series) -> pd.Series:
    changed = values.copy()
    changed.iloc[rows] = others.array
    return changed


def move(values: pd.Series, by: NDArray[np.float64]) -> pd.Series:
    """Numbers moved, whole numbers to whole numbers; what is missing stays so."""
    moved = pd.Series(values.to_numpy(dtype="float64", na_value=np.nan) + by, index=values.index)
    return moved if values.dtype == "float64" else moved.round().astype("Int64")


def deviation(values: pd.Series) -> float:
    return float(np.nanstd(values.to_numpy(dtype="float64", na_value=np.nan))) if values.notna().any() else 0.0


def category(train: pd.DataFrame, schema: Schema, share: float = DROPPED_SHARE) -> tuple[str, str]:
    """The column and label whose share of the train rows is nearest to `share`; a feature's, if there are."""
    features = [name for name in schema.categorical if name != schema.target] or schema.categorical
    shares = {
        (name, str(label)): float(found)
        for name in features
        for label, found in train[name].value_counts(normalize=True).items()
    }
    return min(shares, key=lambda one: abs(shares[one] - share))


def most_varied(train: pd.DataFrame, schema: Schema) -> str:
    """The numeric feature with the most values."""
    return str(train[numeric_features(schema)].nunique().idxmax())


def fewer(records: pd.DataFrame, factor: float) -> int:
    return max(1, round(len(records) / factor))


def numeric_features(schema: Schema) -> list[str]:
    return [name for name in schema.numeric if name != schema.target]


SHARES = {"10 %": 0.1, "30 %": 0.3, "100 %": 1.0}
FACTORS = {"1/3": 3.0, "1/10": 10.0, "1/30": 30.0}
DAMAGES = (
    Damage(
        "marginals",
        "Every column is shuffled on its own among a share of the rows: each column is as before, their relations go.",
        SHARES,
        shuffle,
    ),
    Damage(
        "noise",
        "Numbers get normal noise of a share of their standard deviation, and as large a share of the labels "
        "becomes another label.",
        {"0.1": 0.1, "0.25": 0.25, "0.5": 0.5},
        add_noise,
    ),
    Damage(
        "shift",
        "The numeric feature with the most values moves by a share of its standard deviation.",
        {"0.1": 0.1, "0.3": 0.3, "1": 1.0},
        shift,
        lambda schema: bool(numeric_features(schema)),
    ),
    Damage(
        "dropped_category",
        "A share of the rows with one label (of about a fifth of the rows) gives way to other rows; "
        "in the end the label is gone.",
        {"30 %": 0.3, "60 %": 0.6, "100 %": 1.0},
        drop_category,
        lambda schema: bool(schema.categorical),
    ),
    Damage(
        "missing",
        "A share of the fields of every feature goes missing.",
        {"3 %": 0.03, "10 %": 0.1, "30 %": 0.3},
        blank,
    ),
    Damage("shrunk", "Only a part of the rows is there.", FACTORS, shrink),
    Damage(
        "collapse",
        "Only a part of the rows is distinct, repeated to the size of before: a collapse onto few modes.",
        FACTORS,
        repeat,
    ),
    Damage("copies", "A share of the rows are train rows, each once.", SHARES, copy),
    Damage(
        "near_copies",
        "A share of the rows are train rows with one number, of the feature with the most values, from another row.",
        SHARES,
        copy_nearly,
        lambda schema: bool(numeric_features(schema)),
    ),
    Damage("bootstrap", "A share of the rows are train rows, drawn with replacement.", SHARES, bootstrap),
)
