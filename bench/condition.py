"""What a condition on records is: for any subset of the columns, the values or the range that they must have.

A user says it as a mapping from column to a value, several values, `Between` or None (missing);
`check_where` brings it into the form that generators work with.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Literal, cast

import numpy as np
import pandas as pd

from bench.errors import BenchError
from bench.frames import conform_column
from bench.records import Column, Dataset, Schema

Value = str | int | float | None
SEVERAL = (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several values; None among them stands for a missing one.

    Args:
        values: distinct, in increasing order, None last.
    """

    values: tuple[Value, ...]

    def describe(self, name: str) -> str:
        """In words, for the column `name`."""
        return f"{name}={' or '.join('null' if value is None else str(value) for value in self.values)}"


@dataclass(frozen=True, slots=True)
class Between:
    """A number from `low` to `high`, both included; an end that is None is open. A missing value is no number."""

    low: float | None = None
    high: float | None = None

    def describe(self, name: str) -> str:
        """In words, for the column `name`."""
        low = "" if self.low is None else f"{self.low}<="
        high = "" if self.high is None else f"<={self.high}"
        return f"{low}{name}{high}"


Where = Mapping[str, object]
Condition = Mapping[str, OneOf | Between]


def check_where(schema: Schema, where: Where | None) -> Condition:
    """A user's condition with every value in the dtype of its column.

    Args:
        schema: the columns of the records.
        where: column -> a value, several values (one of them), `Between`, or None (missing).

    Raises:
        BenchError: an unknown column, a value of another kind, no value at all, or an empty range.
    """
    checked: dict[str, OneOf | Between] = {}
    for name, wanted in (where or {}).items():
        column = schema[name]
        if isinstance(wanted, Between):
            checked[name] = check_range(column, wanted)
            continue
        given = wanted.values if isinstance(wanted, OneOf) else wanted
        values = {check_value(column, value) for value in (given if isinstance(given, SEVERAL) else [given])}
        if not values:
            raise BenchError(f"the condition on '{name}' has no values; give at least one")
        present = sorted(value for value in values if value is not None)
        checked[name] = OneOf((*present, None) if None in values else tuple(present))
    return checked


def check_value(column: Column, value: object) -> Value:
    """A value in the dtype of its column, None for a missing one.

    Raises:
        BenchError: it is of another kind.
    """
    if not pd.api.types.is_scalar(value):
        raise BenchError(f"a value of '{column.name}' cannot be {value!r} ({type(value).__name__})")
    if pd.isna(cast("Value", value)):
        return None
    try:
        conformed = conform_column(pd.Series([value]), column).iloc[0]
    except BenchError as error:
        raise BenchError(f"a value of '{column.name}', which is {column.kind}, cannot be {value!r}") from error
    return cast("Value", conformed.item() if isinstance(conformed, np.generic) else conformed)


def check_range(column: Column, wanted: Between) -> Between:
    """A range with its ends in the dtype of its column.

    Raises:
        BenchError: the column is not numeric, an end is no number, or nothing lies in the range.
    """
    if not column.numeric:
        raise BenchError(f"column '{column.name}' is {column.kind}; a range needs a numeric column")
    low = None if wanted.low is None else bound(column, wanted.low, "low")
    high = None if wanted.high is None else bound(column, wanted.high, "high")
    if low is not None and high is not None and low > high:
        raise BenchError(f"the condition on '{column.name}' is empty: no value is at least {low} and at most {high}")
    return Between(low, high)


def bound(column: Column, value: object, side: Literal["low", "high"], *, strict: bool = False) -> float:
    """The last value of a numeric column that a bound lets in.

    Args:
        column: integer or real.
        value: a number, or its text.
        side: which end of the range it is.
        strict: the bound itself is left out.

    Raises:
        BenchError: no finite number, or one that no 64 bits hold.
    """
    plain = value.item() if isinstance(value, np.generic) else value
    try:
        number = Decimal(plain.strip() if isinstance(plain, str) else cast("float", plain))
        usable = number.is_finite() and math.isfinite(float(number))
    except (InvalidOperation, TypeError, ValueError):
        usable = False
    if not usable or (column.kind == "integer" and not -(2**63) <= number < 2**63):
        raise BenchError(f"a bound of '{column.name}', which is {column.kind}, cannot be {value!r}")
    low = side == "low"
    if column.kind == "integer":
        if strict:
            return math.floor(number) + 1 if low else math.ceil(number) - 1
        return math.ceil(number) if low else math.floor(number)
    end = float(number)
    return math.nextafter(end, math.inf if low else -math.inf) if strict else end


def matches(records: pd.DataFrame, where: Condition) -> np.ndarray:
    """Which records fulfil a checked condition; shape (len(records),), bool."""
    keep = np.ones(len(records), dtype=bool)
    for name, wanted in where.items():
        column = records[name]
        if isinstance(wanted, OneOf):
            fits = column.isin([value for value in wanted.values if value is not None])
            fits |= column.isna() & (None in wanted.values)
        else:
            fits = column.notna()
            if wanted.low is not None:
                fits &= (column >= wanted.low).fillna(False)
            if wanted.high is not None:
                fits &= (column <= wanted.high).fillna(False)
        keep &= fits.to_numpy(dtype=bool)
    return keep


def describe(where: Condition) -> str:
    """In words."""
    return ", ".join(wanted.describe(name) for name, wanted in where.items())


def restrict(data: Dataset, where: Condition) -> Dataset:
    """The records of every part that fulfil a checked condition, as a dataset with a digest of its own.

    Raises:
        BenchError: no train record fulfils it.
    """
    if not where:
        return data
    train, validation, test = (
        part[matches(part, where)].reset_index(drop=True) for part in (data.train, data.validation, data.test)
    )
    if not len(train):
        raise BenchError(f"no train record of '{data.name}' has {describe(where)}")
    digest = hashlib.sha256(f"{data.digest} {sorted(where.items())}".encode()).hexdigest()
    return replace(data, train=train, validation=validation, test=test, digest=digest, condition=where)
