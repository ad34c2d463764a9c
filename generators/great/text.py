"""A row as text, and back: `Column is value, Column is value`, in any order of the columns.

Source: GReaT (Borisov et al. 2023, arXiv 2210.06280), section 3.1, definition 1. The text of the authors' package
cannot always be read back: a label may hold `, ` or ` is `, and the label None is written as a missing value is. Here
whatever could be misread is written as a JSON string, in quotation marks, so that every row is read back exactly.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from bench.frames import DTYPES
from bench.records import Column, Schema

IS, SEPARATOR, MISSING = " is ", ", ", "None"
REAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[+-]?[0-9]+)?")
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
STRING = r'"(?:[^"\\]|\\.)*"'
FIELD = re.compile(rf"({STRING}|.*?){IS}({STRING}|.*?)(?:({SEPARATOR})|\Z)", re.DOTALL)
Value = str | int | float | None


class Illegal(ValueError):
    """Why a text is no row of the table: one of a few reasons, so that they can be counted."""


def term(text: str) -> str:
    """A column's name or a label as it is written: itself, or a JSON string where it could be misread."""
    misread = (
        text in ("", MISSING)
        or text.startswith('"')
        or not text.isprintable()
        or text != text.strip()
        or SEPARATOR in f"{text} "
        or IS in f"{text} "
    )
    return json.dumps(text, ensure_ascii=False) if misread else text


def number(value: float, digits: int = 0) -> str:
    """A number as it is written: as many digits as tell it from all others, or so many significant ones."""
    if isinstance(value, float) and digits and math.isfinite(rounded := float(f"{value:.{digits}g}")):
        value = rounded
    return str(value).removesuffix(".0")


def read_number(text: str, column: Column) -> int | float:
    """What `number` wrote.

    Raises:
        Illegal: it is no number of the column's kind.
    """
    if column.kind == "integer":
        if INTEGER.fullmatch(text) and -(2**63) <= (whole := int(text)) < 2**63:
            return whole
    elif REAL.fullmatch(text) and math.isfinite(value := float(text)):
        return value
    raise Illegal("a number that is none")


class RowText:
    """Rows of one table <-> texts.

    Args:
        schema: of the table.
        labels: of every column that is not numeric, those of train.
        gaps: columns in which train misses values.
        empty: columns in which it misses all of them.
        digits: significant digits of real numbers; 0 for all.

    Attributes:
        names: of the columns, as they are written.
    """

    def __init__(
        self,
        schema: Schema,
        labels: Mapping[str, Sequence[str]],
        gaps: Sequence[str],
        empty: Sequence[str] = (),
        digits: int = 0,
    ) -> None:
        self.schema, self.labels, self.gaps, self.empty, self.digits = schema, labels, gaps, empty, digits
        self.names = [term(name) for name in schema.names]
        self._place = {name: place for place, name in enumerate(self.names)}
        self._known: list[dict[str, Value]] = [
            {term(label): label for label in labels.get(name, ())} | ({MISSING: None} if name in gaps else {})
            for name in schema.names
        ]

    @classmethod
    def learn(cls, train: pd.DataFrame, schema: Schema, digits: int = 0) -> RowText:
        """From canonical train records."""
        labels = {c.name: sorted(train[c.name].dropna().unique()) for c in schema.columns if not c.numeric}
        missing = train.isna()
        gaps, empty = ([name for name in schema.names if found[name]] for found in (missing.any(), missing.all()))
        return cls(schema, labels, gaps, empty, digits)

    def said(self, place: int) -> list[str]:
        """The texts of the labels of the column at that place, and of a missing value where it has any."""
        return list(self._known[place])

    def value(self, place: int, value: Any) -> str:
        """The text of a value of the column at that place."""
        if pd.isna(value):
            return MISSING
        if not self.schema.columns[place].numeric:
            return term(value)
        return number(int(value) if self.schema.columns[place].kind == "integer" else float(value), self.digits)

    def encode(self, values: Sequence[Any], order: Sequence[int]) -> str:
        """The text of a row, its columns in that order.

        Args:
            values: of the columns in the order of the schema.
            order: places of the columns.
        """
        return SEPARATOR.join(f"{self.names[place]}{IS}{self.value(place, values[place])}" for place in order)

    def decode(self, text: str) -> list[Value]:
        """The values of a row in the order of the schema, of exactly what `encode` may have written.

        Raises:
            Illegal: the text is no row of the table.
        """
        values: list[Value] = [None] * len(self.names)
        seen = set()
        for name, said in fields(text):
            place = self._place.get(name)
            if place is None:
                raise Illegal("not a column of the table")
            if place in seen:
                raise Illegal("a column stands twice")
            seen.add(place)
            values[place] = self.read(place, said)
        if len(seen) < len(values):
            raise Illegal("a column is missing")
        return values

    def read(self, place: int, said: str) -> Value:
        """The value of a column that a text stands for.

        Raises:
            Illegal: none of the column's.
        """
        column, known = self.schema.columns[place], self._known[place]
        if said in known:
            return known[said]
        if said == MISSING:
            raise Illegal("missing where train never is")
        if not column.numeric:
            raise Illegal("a label that train never had")
        return read_number(said, column)

    def column(self, place: int, values: Sequence[Value]) -> pd.Series:
        """Values of the column at that place, canonical."""
        column = self.schema.columns[place]
        if column.kind == "real":
            values = [math.nan if value is None else value for value in values]
        return pd.Series(pd.array(values, dtype=DTYPES[column.kind]), name=column.name)

    def frame(self, rows: Sequence[Sequence[Value]]) -> pd.DataFrame:
        """The canonical records of decoded rows."""
        names = self.schema.names
        return pd.DataFrame(
            {name: self.column(place, [row[place] for row in rows]) for place, name in enumerate(names)}
        )

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs beside the schema, as JSON-able values."""
        return {"labels": dict(self.labels), "gaps": self.gaps, "empty": self.empty, "digits": self.digits}

    @classmethod
    def restore(cls, state: Mapping[str, Any], schema: Schema) -> RowText:
        return cls(schema, **state)


def fields(text: str) -> Iterator[tuple[str, str]]:
    """What stands before and behind every ` is ` of a row's text.

    Raises:
        Illegal: the text is not made of such fields.
    """
    if '"' not in text:
        # most texts, five times as fast
        for field in text.split(SEPARATOR):
            name, is_there, said = field.partition(IS)
            if not is_there:
                raise Illegal("not of the form 'column is value'")
            yield name, said
        return
    place, separated = 0, True
    while separated:
        found = FIELD.match(text, place)
        if found is None:
            raise Illegal("not of the form 'column is value'")
        yield found[1], found[2]
        place, separated = found.end(), found[3] is not None
