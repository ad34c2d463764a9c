"""Canonical data frames: one dtype per kind of column, and schemas inferred from plain frames."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import get_args

import numpy as np
import pandas as pd

from bench.errors import BenchError, unknown_name
from bench.records import Column, Dataset, Kind, Schema, Source, Task

DTYPES: dict[Kind, str] = {
    "categorical": "str",
    "integer": "Int64",
    "real": "float64",
    "text": "str",
    "json": "str",
}
BOOLEANS = {"TRUE": "True", "true": "True", "FALSE": "False", "false": "False"}
# Below this every whole number has a float of its own.
EXACT = 2.0**53
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
    extra = [str(name) for name in frame.columns if name not in schema.names]
    if missing:
        near = [name for name in extra if name.strip().casefold() == missing[0].strip().casefold()]
        hint = f"rename '{near[0]}'" if near else f"the schema has {', '.join(schema.names)}"
        raise BenchError(f"column '{missing[0]}' is missing; {hint}")
    if extra:
        raise BenchError(f"column '{extra[0]}' is not part of the schema ({', '.join(schema.names)}); remove it")
    columns = {column.name: conform_column(frame[column.name], column) for column in schema.columns}
    return pd.DataFrame(columns, columns=schema.names).reset_index(drop=True)


def conform_column(values: pd.Series, column: Column) -> pd.Series:
    """One column in the dtype of its kind.

    Raises:
        BenchError: a value does not belong to the kind; names the first such value and its row.
    """
    if column.kind == "categorical":
        return labels(values)
    if not column.numeric:
        return values.astype("str")
    there = values.notna().to_numpy()
    numbers = as_numbers(values[there])
    floats = numbers.to_numpy(dtype="float64")
    if column.kind == "integer" and not pd.api.types.is_signed_integer_dtype(numbers):
        # from 2**63 on a float is whole, but no Int64 holds it
        with np.errstate(invalid="ignore"):  # of an infinity
            good = (floats % 1 == 0) & (np.abs(floats) < 2.0**63)
    else:
        good = np.isfinite(floats)
    if not good.all():
        row = int(np.flatnonzero(there)[np.argmin(good)])
        what = "a whole number of 64 bits" if column.kind == "integer" else "a finite number"
        raise BenchError(f"column '{column.name}', row {row}: '{values.iloc[row]}' is not {what}")
    position = np.where(there, np.cumsum(there) - 1, -1)
    exact = numbers.astype("Int64") if column.kind == "integer" else numbers.astype("float64")
    return pd.Series(exact.array.take(position, allow_fill=True), index=values.index)


def repairs(frame: pd.DataFrame, schema: Schema, *, typed: bool = True) -> list[str]:
    """What `conform` changes about a frame that it accepts, in words; empty where nothing is worth saying.

    Args:
        frame: as it was read.
        schema: what it is turned into.
        typed: whether its dtypes say something; in a csv file everything is text.
    """
    columns = schema.columns
    found = {
        "whole numbers written as floats": [
            c.name for c in columns if c.kind == "integer" and written_as_floats(frame[c.name])
        ],
        "numbers written as text": [c.name for c in columns if c.numeric and typed and is_text(frame[c.name])],
        "truth values taken for 1 and 0": [
            c.name for c in columns if c.numeric and pd.api.types.is_bool_dtype(frame[c.name])
        ],
        "labels written as floats or truth values of another spelling": [
            c.name for c in columns if c.kind == "categorical" and spelled_otherwise(frame[c.name])
        ],
    }
    order = [] if list(frame.columns) == schema.names else ["columns put into the order of the schema"]
    return order + [f"{what}: {', '.join(names)}" for what, names in found.items() if names]


def written_as_floats(values: pd.Series) -> bool:
    if is_text(values):
        return bool(values.dropna().astype("str").str.contains(r"[.eE]").any())
    return pd.api.types.is_float_dtype(values)


def spelled_otherwise(values: pd.Series) -> bool:
    distinct = pd.Series(values.dropna().unique()).astype("str")
    return not labels(distinct).equals(distinct)


def as_numbers(present: pd.Series) -> pd.Series:
    """Values without gaps as numbers, NaN where one is none.

    Without gaps, because pandas turns integers with gaps into floats, which are exact up to 2**53 only.
    """
    if is_text(present) or isinstance(present.dtype, pd.CategoricalDtype):
        return pd.to_numeric(present.astype("str").str.strip(), errors="coerce")
    if pd.api.types.is_bool_dtype(present):
        return present.astype("int64")
    if not pd.api.types.is_numeric_dtype(present):
        return pd.Series(np.nan, index=present.index)
    return pd.Series(present.to_numpy(), index=present.index)


def labels(values: pd.Series) -> pd.Series:
    """Labels as text, whichever way a tool wrote them; a missing value stays missing.

    2, 2.0 and '2.0' are the label '2' (a gap turns integers into floats on their way through a
    csv file); true, TRUE and True are the label 'True'.
    """
    codes, names = pd.factorize(values.astype("str"))
    known = pd.Series(names, dtype="str").str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True).replace(BOOLEANS)
    return pd.Series(known.array.take(codes, allow_fill=True), index=values.index)


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
        BenchError: an empty frame, a duplicate column, an unknown column or kind, a target that does not fit the task.
    """
    if frame.shape[1] == 0 or len(frame) == 0:
        raise BenchError("the table is empty; at least two rows are needed")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise BenchError(f"column '{twice[0]}' stands more than once; give each column a name of its own")
    kinds = kinds or {}
    for kind in kinds.values():
        if kind not in DTYPES:
            raise unknown_name("kind", kind, DTYPES)
    names = [str(name) for name in frame.columns]
    for name in kinds:
        if name not in names:
            raise unknown_name("column", name, names)
    columns = [Column(str(name), kinds.get(str(name)) or infer_kind(frame[name])) for name in frame.columns]
    if task is not None and task not in get_args(Task):
        raise unknown_name("task", task, get_args(Task))
    if target is None:
        return Schema(tuple(columns), None, task)
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
    """The kind of one column.

    Numbers written as text count as numbers, except codes such as '007', whose zeros would be lost.
    Dates and anything else that is neither a number nor a label are taken as labels.
    """
    present = values.dropna()
    if pd.api.types.is_bool_dtype(values) or len(present) == 0 or isinstance(values.dtype, pd.CategoricalDtype):
        return "categorical"
    if is_text(present) and present.astype("str").str.contains(r"^\s*[+-]?0\d").any():
        return "categorical"
    numbers = as_numbers(present)
    if not np.isfinite(numbers.astype("float64")).all():
        return "categorical"
    if pd.api.types.is_signed_integer_dtype(numbers):
        return "integer"
    return "integer" if ((numbers % 1 == 0) & (numbers.abs() < EXACT)).all() else "real"


def from_frame(
    frame: pd.DataFrame,
    target: str | None = None,
    task: Task | None = None,
    kinds: Mapping[str, Kind] | None = None,
    name: str = "frame",
) -> Dataset:
    """A dataset whose train part is the whole frame and whose other parts are empty."""
    frame = with_text_names(frame)
    schema = infer_schema(frame, target, task, kinds)
    train = conform(frame, schema)
    empty = train.iloc[:0]
    return Dataset(name, "tabular", schema, train, empty, empty, "none", 0, Source("file"), digest(train))


def with_text_names(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the names of its columns as text, which numbers are not."""
    return frame.set_axis([str(name) for name in frame.columns], axis=1)


def digest(frame: pd.DataFrame) -> str:
    """sha256 over names, dtypes and values of a frame."""
    state = hashlib.sha256(repr([(c, str(t)) for c, t in frame.dtypes.items()]).encode())
    state.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return state.hexdigest()
