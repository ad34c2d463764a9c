"""Canonical data frames: one dtype per kind of column, and schemas inferred from plain frames."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from bench.errors import BenchError
from bench.records import Column, Dataset, Kind, Schema, Source, Task

DTYPES: dict[Kind, str] = {
    "categorical": "str",
    "integer": "Int64",
    "real": "float64",
    "text": "str",
    "json": "str",
}
# An integer column of up to this many values that serves as a target is taken for a class label.
CLASS_LIMIT = 20


def conform(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return `frame` with the schema's columns, order and dtypes; only lossless repairs are made.

    Column order, integers written as floats or as text, and numbers written as text are repaired.

    Raises:
        BenchError: a column is missing or unknown, stands twice, or holds a value of another kind.
    """
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise BenchError(f"column '{twice[0]}' stands more than once; give each column a name of its own")
    missing = [name for name in schema.names if name not in frame.columns]
    if missing:
        raise BenchError(f"column '{missing[0]}' is missing; the schema has {', '.join(schema.names)}")
    extra = [str(name) for name in frame.columns if name not in schema.names]
    if extra:
        raise BenchError(f"column '{extra[0]}' is not part of the schema ({', '.join(schema.names)})")
    columns = {column.name: conform_column(frame[column.name], column) for column in schema.columns}
    return pd.DataFrame(columns, columns=schema.names).reset_index(drop=True)


def conform_column(values: pd.Series, column: Column) -> pd.Series:
    """One column in the dtype of its kind.

    Raises:
        BenchError: a value does not belong to the kind; names the first such value and its row.
    """
    if not column.numeric:
        return labels(values)
    # pandas reads an integer column that has gaps as float64: every kind of number goes through here
    numbers = pd.to_numeric(values.astype("str").str.strip() if is_text(values) else values, errors="coerce")
    numbers = numbers.astype("float64") if numbers.dtype != "Int64" else numbers
    bad = numbers.isna() & values.notna()
    if numbers.dtype == "float64":
        bad |= np.isinf(numbers.to_numpy())
        if column.kind == "integer":
            bad |= (numbers % 1 != 0) & numbers.notna()
    if bad.any():
        row = int(np.flatnonzero(bad.to_numpy())[0])
        what = "a whole number" if column.kind == "integer" else "a finite number"
        raise BenchError(f"column '{column.name}', row {row}: {values.iloc[row]!r} is not {what}")
    return numbers.astype(DTYPES[column.kind])


def labels(values: pd.Series) -> pd.Series:
    """Labels as text: 2, 2.0 and '2' are the same label, a missing value stays missing."""
    if pd.api.types.is_bool_dtype(values):
        text = values.map({True: "True", False: "False"})
    elif pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        text = values.astype("Int64").astype("str")
    else:
        text = values.astype("str")
    return text.where(values.notna()).astype("str")


def is_text(values: pd.Series) -> bool:
    return pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values)


def infer_schema(
    frame: pd.DataFrame,
    target: str | None = None,
    task: Task | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> Schema:
    """Guess a schema: numbers (also those written as text) are numeric, everything else categorical.

    Args:
        frame: any data frame.
        target: the column to predict.
        task: classification or regression; guessed from the target where it is not given.
        kinds: column name -> kind, where the guess would be wrong.

    Raises:
        BenchError: an empty frame, a duplicate column, an unknown column, a column without a value.
    """
    if frame.shape[1] == 0 or len(frame) == 0:
        raise BenchError("the table is empty; at least two rows are needed")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise BenchError(f"column '{twice[0]}' stands more than once; give each column a name of its own")
    kinds = dict(kinds or {})
    columns = [Column(str(name), kinds.pop(str(name), None) or infer_kind(frame[name])) for name in frame.columns]
    if kinds:
        raise BenchError(f"a kind is given for column '{next(iter(kinds))}', which the table does not have")
    if target is None:
        return Schema(tuple(columns))
    column = Schema(tuple(columns), target, task or "classification")[target]
    if task is None:
        few = frame[target].nunique() <= CLASS_LIMIT
        task = "classification" if not column.numeric or (column.kind == "integer" and few) else "regression"
    if task == "classification" and column.numeric:
        columns = [Column(c.name, "categorical") if c.name == target else c for c in columns]
    if task == "regression" and not column.numeric:
        raise BenchError(f"target '{target}' is not numeric; regression needs numbers")
    return Schema(tuple(columns), target, task)


def infer_kind(values: pd.Series) -> Kind:
    """The kind of one column; numbers written as text count as numbers."""
    present = values.dropna()
    if pd.api.types.is_bool_dtype(values) or len(present) == 0:
        return "categorical"
    numbers = pd.to_numeric(present.astype("str").str.strip() if is_text(present) else present, errors="coerce")
    if numbers.isna().any() or np.isinf(numbers.to_numpy(dtype="float64")).any():
        return "categorical"
    return "integer" if (numbers.astype("float64") % 1 == 0).all() else "real"


def from_frame(
    frame: pd.DataFrame,
    target: str | None = None,
    task: Task | None = None,
    kinds: Mapping[str, Kind] | None = None,
    name: str = "frame",
) -> Dataset:
    """A dataset whose train part is the whole frame and whose other parts are empty."""
    schema = infer_schema(frame, target, task, kinds)
    train = conform(frame.set_axis([str(c) for c in frame.columns], axis=1), schema)
    empty = train.iloc[:0]
    return Dataset(name, "tabular", schema, train, empty, empty, "none", 0, Source("file"), digest(train))


def digest(frame: pd.DataFrame) -> str:
    """sha256 over names, dtypes and values of a frame."""
    state = hashlib.sha256(repr([(c, str(t)) for c, t in frame.dtypes.items()]).encode())
    state.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return state.hexdigest()
