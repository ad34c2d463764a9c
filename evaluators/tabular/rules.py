"""Rules that every record of a table must keep, as a user writes them in a TOML file.

[[rule]]                        # a functional dependency, learnt from the train rows
column = "education-num"
follows = "education"           # or several: ["make", "model"]

[[rule]]                        # <, <=, ==, !=, >=, > between columns, or with a number
left = "start"
operator = "<="
right = "end"

[[rule]]                        # columns that add up to a column or a number
sum = ["net", "tax"]
equals = "gross"
tolerance = 0.01

[[rule]]                        # where all of these hold, all of those must
when = { relationship = ["Husband", "Wife"] }
then = { marital-status = ["Married-civ-spouse", "Married-AF-spouse"] }
"""

from __future__ import annotations

import operator
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.errors import BenchError, unknown_name
from bench.frames import labels
from bench.records import Schema
from evaluators.shares import record_numbers
from evaluators.tabular.codes import numbers

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
# Sums of decimal fractions are not exact: 0.1 + 0.2 is not 0.3.
ROUNDING = 1e-9
Number = int | float
Values = Mapping[str, tuple[Any, ...]]


class Rule(Protocol):
    """One rule; `keys` are those of its table, the optional ones apart."""

    keys: ClassVar[tuple[str, ...]]
    optional: ClassVar[tuple[str, ...]]

    @property
    def columns(self) -> list[str]:
        """The columns that it speaks of; a row that misses a value in one of them is not judged."""

    @property
    def text(self) -> str:
        """How it is called in the details of a score."""

    def check(self, schema: Schema) -> None:
        """Raise a BenchError where a column is not of the kind that the rule needs; all are known."""

    def broken(self, records: pd.DataFrame, train: pd.DataFrame) -> NDArray[np.bool_]:
        """Which records break it, shape (rows,); whatever it is where a value is missing."""


@dataclass(frozen=True)
class Follows:
    """The value of `column` goes with those of `follows` in some train row."""

    column: str
    follows: tuple[str, ...]
    keys: ClassVar[tuple[str, ...]] = ("column", "follows")
    optional: ClassVar[tuple[str, ...]] = ()

    @property
    def columns(self) -> list[str]:
        return [*self.follows, self.column]

    @property
    def text(self) -> str:
        return f"{self.column} follows {', '.join(self.follows)}"

    def check(self, schema: Schema) -> None:
        if self.column in self.follows:
            raise BenchError(f"column '{self.column}' follows itself")

    def broken(self, records: pd.DataFrame, train: pd.DataFrame) -> NDArray[np.bool_]:
        known, ours = record_numbers(train[self.columns], records[self.columns])
        return ~np.isin(ours, known)


@dataclass(frozen=True)
class Comparison:
    """`left` stands in a relation to another column or to a number."""

    left: str
    operator: str
    right: str | Number
    keys: ClassVar[tuple[str, ...]] = ("left", "operator", "right")
    optional: ClassVar[tuple[str, ...]] = ()

    @property
    def columns(self) -> list[str]:
        return [self.left, *([self.right] if isinstance(self.right, str) else [])]

    @property
    def text(self) -> str:
        return f"{self.left} {self.operator} {self.right}"

    def check(self, schema: Schema) -> None:
        kinds = {schema[name].numeric for name in self.columns} | ({True} if len(self.columns) == 1 else set())
        if kinds != {True} and (kinds != {False} or self.operator not in ("==", "!=")):
            raise BenchError(f"'{self.text}' compares what are not both numbers")

    def broken(self, records: pd.DataFrame, train: pd.DataFrame) -> NDArray[np.bool_]:
        sides: list[Any] = [comparable(records[name]) for name in self.columns]
        if len(sides) == 1:
            sides.append(self.right)
        return ~np.asarray(OPERATORS[self.operator](*sides), dtype=bool)


@dataclass(frozen=True)
class Sum:
    """Columns add up to another column or to a number."""

    sum: tuple[str, ...]
    equals: str | Number
    tolerance: Number = 0.0
    keys: ClassVar[tuple[str, ...]] = ("sum", "equals")
    optional: ClassVar[tuple[str, ...]] = ("tolerance",)

    @property
    def columns(self) -> list[str]:
        return [*self.sum, *([self.equals] if isinstance(self.equals, str) else [])]

    @property
    def text(self) -> str:
        return f"{' + '.join(self.sum)} == {self.equals}" + (f" +- {self.tolerance}" if self.tolerance else "")

    def check(self, schema: Schema) -> None:
        for name in self.columns:
            if not schema[name].numeric:
                raise BenchError(f"column '{name}' is not numeric and cannot be added")

    def broken(self, records: pd.DataFrame, train: pd.DataFrame) -> NDArray[np.bool_]:
        terms = np.column_stack([numbers(records[name]) for name in self.sum])
        equals = numbers(records[self.equals]) if isinstance(self.equals, str) else float(self.equals)
        allowed = self.tolerance + ROUNDING * np.abs(terms).sum(axis=1)
        return np.abs(terms.sum(axis=1) - equals) > allowed


@dataclass(frozen=True)
class Implication:
    """Where every column of `when` has one of its values, so has every column of `then`."""

    when: Values
    then: Values
    keys: ClassVar[tuple[str, ...]] = ("when", "then")
    optional: ClassVar[tuple[str, ...]] = ()

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys([*self.when, *self.then]))

    @property
    def text(self) -> str:
        sides = (
            " and ".join(f"{name} in {', '.join(map(str, values))}" for name, values in side.items())
            for side in (self.when, self.then)
        )
        return "if {} then {}".format(*sides)

    def check(self, schema: Schema) -> None:
        for name, value in [(name, v) for side in (self.when, self.then) for name, vs in side.items() for v in vs]:
            if schema[name].numeric and not is_number(value):
                raise BenchError(f"column '{name}' is numeric, and '{value}' is not a number")

    def broken(self, records: pd.DataFrame, train: pd.DataFrame) -> NDArray[np.bool_]:
        return holds(records, self.when) & ~holds(records, self.then)


def holds(records: pd.DataFrame, side: Values) -> NDArray[np.bool_]:
    result = np.ones(len(records), dtype=bool)
    for name, values in side.items():
        column = records[name]
        if pd.api.types.is_numeric_dtype(column):
            result &= np.isin(numbers(column), np.array(values, dtype=np.float64))
        else:
            result &= column.isin(labels(pd.Series(list(map(str, values))))).to_numpy(dtype=bool)
    return result


def comparable(column: pd.Series) -> NDArray[Any]:
    """Floats with NaN, or objects with an empty text where a label is missing."""
    return numbers(column) if pd.api.types.is_numeric_dtype(column) else column.fillna("").to_numpy(dtype=object)


def is_number(value: object) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool)


KINDS: tuple[type[Any], ...] = (Follows, Comparison, Sum, Implication)


def parse(text: str) -> list[Rule]:
    """The rules of a TOML text.

    Raises:
        BenchError: it is no TOML, has no rule, or one that cannot be understood; gives the rule's number.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BenchError(f"the rules are no TOML: {error}") from error
    other = [name for name in tables if name != "rule"]
    if other:
        raise BenchError(f"'{other[0]}' is no rule; every rule is a table that starts with [[rule]]")
    rules = tables.get("rule")
    if not isinstance(rules, list) or not rules or not all(isinstance(rule, dict) for rule in rules):
        raise BenchError("there are no rules; write each as a table that starts with [[rule]]")
    found = []
    for number, table in enumerate(rules, start=1):
        try:
            found.append(build(table))
        except BenchError as error:
            raise BenchError(f"rule {number}: {error}") from error
    return found


def build(table: Mapping[str, Any]) -> Rule:
    for kind in KINDS:
        if set(kind.keys) <= table.keys() <= {*kind.keys, *kind.optional}:
            return kind(**{key: value_of(key, value) for key, value in table.items()})
    forms = "; ".join(", ".join([*kind.keys, *(f"({key})" for key in kind.optional)]) for kind in KINDS)
    raise BenchError(f"its keys are {', '.join(table) or 'none'}, and must be one of: {forms}")


def value_of(key: str, value: Any) -> Any:
    """A value of the type that its key needs."""
    needs: tuple[bool, str]
    if key in ("follows", "sum"):
        value = (value,) if isinstance(value, str) else value
        good = isinstance(value, list | tuple) and len(value) > 0 and all(isinstance(name, str) for name in value)
        needs = good, "the name of a column or a list of them"
        value = tuple(value) if good else value
    elif key in ("when", "then"):
        good = isinstance(value, dict) and len(value) > 0
        sides = {name: tuple(v) if isinstance(v, list) else (v,) for name, v in value.items()} if good else {}
        good = good and all(vs and all(isinstance(v, str | Number) for v in vs) for vs in sides.values())
        needs = good, "a table of columns with lists of labels or numbers"
        value = sides if good else value
    elif key == "operator":
        needs = isinstance(value, str) and value in OPERATORS, f"one of {' '.join(OPERATORS)}"
    elif key == "tolerance":
        needs = is_number(value) and value >= 0, "a number that is not negative"
    elif key in ("right", "equals"):
        needs = isinstance(value, str) or is_number(value), "the name of a column or a number"
    else:
        needs = isinstance(value, str), "the name of a column"
    if not needs[0]:
        raise BenchError(f"'{key}' must be {needs[1]}, not {value!r}")
    return value


def check(rules: list[Rule], schema: Schema) -> None:
    """Refuse rules that do not fit the table.

    Raises:
        BenchError: an unknown column (with the nearest known one) or one of the wrong kind; gives the rule's number.
    """
    for number, rule in enumerate(rules, start=1):
        for name in rule.columns:
            if name not in schema.names:
                raise BenchError(f"rule {number}: {unknown_name('column', name, schema.names)}")
        try:
            rule.check(schema)
        except BenchError as error:
            raise BenchError(f"rule {number}: {error}") from error
