"""Record -> text and back: one JSON object a record, keys = column names in schema order.

Source: DiffLM (arXiv 2411.03250), section 3.1: raw values, no instruction, no template. A dataset
with a single text column (code) is its own text.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import warnings
from collections.abc import Mapping, Sequence

import pandas as pd

from bench.errors import BenchError
from bench.frames import conform
from bench.records import Column, Family, Kind, Schema
from generators.texts.parameters import read_parameters, refuse_constant

DECODER = json.JSONDecoder()
SPACE = re.compile(r"[ \t\n\r]*")


def plain(schema: Schema) -> bool:
    """Whether a record is one text that stands for itself."""
    return len(schema.columns) == 1 and schema.columns[0].kind == "text"


def is_text(schema: Schema) -> bool:
    """Whether records are free text rather than rows of a table."""
    return any(column.kind in ("text", "json") for column in schema.columns)


def empty(schema: Schema) -> pd.DataFrame:
    """A canonical frame without records."""
    return conform(pd.DataFrame(columns=schema.names), schema)


def to_texts(records: pd.DataFrame, schema: Schema) -> list[str]:
    """The text of every record; labels are JSON strings, missing values null.

    Raises:
        BenchError: a record that is nothing but a text is missing, which no text can say.
    """
    if plain(schema):
        if records.iloc[:, 0].isna().any():
            row = int(records.iloc[:, 0].isna().argmax())
            raise BenchError(
                f"the text of record {row} is missing: fill the column '{schema.names[0]}' or drop the record"
            )
        return records.iloc[:, 0].tolist()
    fields = [
        [f"{json.dumps(column.name, ensure_ascii=False)}: {text}" for text in field_texts(records[column.name], column)]
        for column in schema.columns
    ]
    return ["{" + ", ".join(row) + "}" for row in zip(*fields, strict=True)]


def field_texts(values: pd.Series, column: Column) -> list[str]:
    """The JSON text of every value of one column."""
    missing = values.isna()
    if column.kind == "json":
        texts = values.astype("object")
    elif column.kind == "integer":
        texts = values.astype("str").astype("object")
    elif column.kind == "real":
        texts = values.map(lambda value: json.dumps(float(value)))
    else:
        texts = values.map(lambda value: json.dumps(value, ensure_ascii=False), na_action="ignore")
    return texts.where(~missing, "null").tolist()


def from_texts(
    texts: list[str], schema: Schema, family: Family, parameters: Sequence[str] = ()
) -> tuple[pd.DataFrame, list[str | None]]:
    """Records of the texts that are legal, in order, and for every text the reason why it is not (None where it is).

    A legal text is a JSON object with exactly the columns of the schema and values of their kinds. In the
    family code the last column is a program and must parse; in the family tool names are not blank, and
    the columns `parameters` hold legal ones.
    """
    rows, reasons = [], []
    for text in texts:
        try:
            row = [text] if plain(schema) else from_json(text, schema)
            if family == "code":
                check_program(str(row[-1]))
            if family == "tool":
                check_tool(dict(zip(schema.names, row, strict=True)), parameters)
        except BenchError as error:
            reasons.append(str(error))
        else:
            rows.append(row)
            reasons.append(None)
    return conform(pd.DataFrame(rows, columns=schema.names, dtype="object"), schema), reasons


def from_json(text: str, schema: Schema) -> list[object]:
    """The values of one record in the order of the schema, as `conform` takes them without loss.

    Raises:
        BenchError: the reason why the text is no legal record.
    """
    try:
        found = members(text)
    except (ValueError, RecursionError) as error:
        raise BenchError("not JSON") from error
    if [name for name, _, _ in found] != schema.names:
        raise BenchError("not exactly the columns of the schema")
    values: list[object] = []
    for column, (_, value, spelled) in zip(schema.columns, found, strict=True):
        if value is not None and not of_kind(value, column.kind):
            raise BenchError(f"a value of '{column.name}' is not of its kind")
        values.append(spelled if column.kind == "json" and value is not None else value)
    return values


def members(text: str) -> list[tuple[str, object, str]]:
    """Key, value and the value's own text of every member of a JSON object.

    Raises:
        ValueError, RecursionError: the text is no JSON, or nested too deeply.
    """
    value = json.loads(text, parse_constant=refuse_constant)
    if not isinstance(value, dict):
        return []
    found = []
    place = skip(text, skip(text, 0) + 1)
    while text[place] != "}":
        key, place = DECODER.raw_decode(text, place)
        begin = skip(text, skip(text, place) + 1)
        one, end = DECODER.raw_decode(text, begin)
        found.append((key, one, text[begin:end]))
        place = skip(text, end)
        place = skip(text, place + 1) if text[place] == "," else place
    return found


def skip(text: str, place: int) -> int:
    """Where the space that begins at `place` ends."""
    return SPACE.match(text, place).end()


def of_kind(value: object, kind: Kind) -> bool:
    """Whether a parsed JSON value may stand in a column of that kind."""
    if kind == "json":
        return True
    if kind == "integer":
        return type(value) is int and abs(value) < 2**63
    if kind == "real":
        return type(value) in (int, float) and abs(value) <= sys.float_info.max
    return isinstance(value, str)


def check_program(program: str) -> None:
    """Raise BenchError where Python cannot parse the program, or where there is none."""
    if not program.strip():
        raise BenchError("empty text")
    try:
        with warnings.catch_warnings():
            # a doubtful escape in sampled text is not worth a line on the user's screen
            warnings.simplefilter("ignore", SyntaxWarning)
            ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BenchError("does not parse") from error


def check_tool(record: Mapping[str, object], parameters: Sequence[str]) -> None:
    """Raise BenchError where a tool has a blank name, or where one of its columns `parameters` is not legal."""
    for name, value in record.items():
        if name in parameters:
            read_parameters(str(value))
        elif name.endswith("name") and isinstance(value, str) and not value.strip():
            raise BenchError(f"blank '{name}'")
