"""A user's own file, as a dataset or as synthetic records: csv, parquet or JSON objects.

A csv file is UTF-8 (gzipped or not), separated by commas, with a header. All fields are read as
text, so that no type is guessed twice: `bench.frames` decides the kinds. A field counts as missing
where it is one of `MISSING` (quoted or not, whatever the spaces around it); in a column of kind text
or json only an empty field does, since a program may well say None.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import cast

import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from bench.datasets.jsonl import ARRAYS, LINES, read_jsonl
from bench.datasets.own import load_own
from bench.datasets.split import split
from bench.errors import BenchError
from bench.frames import conform, infer_schema, repairs
from bench.records import Dataset, Kind, Schema, Source, Task

MISSING = frozenset(["", "NA", "N/A", "n/a", "<NA>", "NaN", "nan", "NULL", "null", "None", "?"])
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
TABLES = (".csv", ".csv.gz", ".parquet")
OBJECTS = (*LINES, *ARRAYS)


def is_path(name: str) -> bool:
    """Whether a dataset name is meant as a path."""
    return name.endswith(TABLES + OBJECTS) or "/" in name or "\\" in name


def load_file(
    path: Path,
    *,
    target: str | None = None,
    task: Task | None = None,
    kinds: Mapping[str, Kind] | None = None,
    protocol: str = "harness",
    split_seed: int = 0,
) -> Dataset:
    """A user's table, programs or tools as a dataset.

    Args:
        path: `.csv`, `.csv.gz`, `.parquet`, `.json` or `.jsonl` (also `.gz`), or a folder of tools.
        target: the column to predict; None where there is none.
        task: classification or regression; guessed from the target where it is not given.
        kinds: column name -> kind, where the guess would be wrong.
        protocol: how to split.
        split_seed: chooses the records of each part.

    Raises:
        BenchError: the file cannot be used; says why and where.
    """
    kinds = kinds or {}
    may_be_own = path.is_dir() or (path.name.endswith(OBJECTS) and existing(path))
    if may_be_own and not (target or task or kinds) and (own := load_own(path, protocol, split_seed)) is not None:
        return own
    raw = read_any(path, verbatim=[name for name, kind in kinds.items() if kind in ("text", "json")])
    raw = raw.reset_index([name for name in raw.index.names if name is not None and name not in raw])
    try:
        schema = infer_schema(raw, target, task, kinds)
        frame = conform(raw, schema)
        check_target(frame, target)
        parts = split(frame, schema, protocol, split_seed)
    except BenchError as error:
        raise BenchError(f"'{path}': {error}{hint([str(name) for name in raw])}") from error
    state = hashlib.sha256(path.read_bytes())
    state.update(json.dumps(schema.to_dict(), sort_keys=True).encode())
    name = path.name.partition(".")[0] or path.name
    source = Source("file", title=path.name, url=str(path))
    return Dataset(name, "tabular", schema, *parts, protocol, split_seed, source, state.hexdigest())


def check_target(frame: pd.DataFrame, target: str | None) -> None:
    """A user's records without a target are not dropped in silence."""
    if target is not None and (gaps := frame[target].isna()).any():
        raise BenchError(
            f"target '{target}' is missing in {gaps.sum()} of {len(frame)} rows "
            f"(first in row {int(gaps.argmax())}); fill these rows or remove them"
        )


def read_records(path: Path, schema: Schema) -> pd.DataFrame:
    """Synthetic records of any tool (csv, parquet, jsonl) in the form of `schema`.

    Raises:
        BenchError: the file cannot be read, or its records are not of that schema.
    """
    return read_repaired(path, schema)[0]


def read_repaired(path: Path, schema: Schema) -> tuple[pd.DataFrame, list[str]]:
    """As `read_records`, with what had to be repaired, in words; every repair is lossless.

    Raises:
        BenchError: the file cannot be read, or its records are not of that schema.
    """
    verbatim = [column.name for column in schema.columns if column.kind in ("text", "json")]
    lines = path.name.endswith(OBJECTS)
    frame, said = with_known_names(read_any(path, verbatim), schema)
    try:
        records = conform(frame, schema)
    except BenchError as error:
        raise BenchError(f"'{path}': {error}{hint([str(name) for name in frame])}") from error
    return records, said + repairs(frame, schema, typed=lines or path.suffix == ".parquet")


def with_known_names(frame: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, list[str]]:
    """The frame with what hides columns of the schema undone: an index that is one, spaces around a name."""
    said = []
    hidden = [name for name in frame.index.names if name in schema.names and name not in frame.columns]
    if hidden:
        frame = frame.reset_index(hidden)
        said.append(f"the index taken for a column: {', '.join(map(str, hidden))}")
    spaced = {
        name: name.strip()
        for name in map(str, frame.columns)
        if name not in schema.names and name.strip() in schema.names and name.strip() not in frame.columns
    }
    if spaced and len(set(spaced.values())) == len(spaced):
        frame = frame.rename(columns=spaced)
        said.append(f"spaces around the names of columns removed: {', '.join(spaced.values())}")
    return frame, said


def read_table(path: Path, verbatim: Collection[str] = ()) -> pd.DataFrame:
    """A csv file (all columns text) or a parquet file (its own types), with at least one row.

    Args:
        path: `.csv`, `.csv.gz` or `.parquet`.
        verbatim: columns in which only an empty field is missing.

    Raises:
        BenchError: missing, empty, broken, of another format; a column twice or without a name.
    """
    if not path.name.endswith(TABLES):
        raise BenchError(f"'{path}' is not a table that can be read; known endings: {', '.join(TABLES + OBJECTS)}")
    table = read_parquet(existing(path)) if path.suffix == ".parquet" else read_csv(existing(path))
    check_names(table.column_names, path)
    if table.num_rows == 0 or table.num_columns == 0:
        raise BenchError(f"'{path}' has no rows")
    frame = cast(pd.DataFrame, table.to_pandas())
    frame = frame.set_axis([str(name) for name in frame], axis=1)
    # beside a gap pandas makes floats of integers, which are exact up to 2**53 only
    for name in table.column_names:
        values = table.column(name)
        if name in frame and values.null_count and pa.types.is_int64(values.type):
            frame[name] = values.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get).array
    if path.suffix != ".parquet":
        for name in frame:
            words = frozenset([""]) if name in verbatim else MISSING
            frame[name] = frame[name].mask(frame[name].str.strip().isin(words))
    return frame


def existing(path: Path) -> Path:
    if not path.is_file():
        raise BenchError(f"file '{path}' is not there; check the path")
    return path


def read_any(path: Path, verbatim: Collection[str]) -> pd.DataFrame:
    """A table of any form."""
    if not path.name.endswith(OBJECTS):
        return read_table(path, verbatim)
    frame = read_jsonl(existing(path))
    check_names([str(name) for name in frame], path)
    if len(frame) == 0:
        raise BenchError(f"'{path}' has no records")
    return frame


def check_names(names: list[str], path: Path) -> None:
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise BenchError(f"'{path}': column {position} has no name; name it, or write the file without its index")
        if name in names[: position - 1]:
            raise BenchError(f"'{path}': column '{name}' stands more than once; give each column a name of its own")


def read_parquet(path: Path) -> pa.Table:
    try:
        return parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise BenchError(f"'{path}' is not a parquet file that can be read: {error}") from error


def read_csv(path: Path) -> pa.Table:
    text = decode(path)
    if not text.strip():
        raise BenchError(f"'{path}' is empty")
    # a quote that is never closed would swallow the rest of the file as one field
    if text.count('"') % 2:
        check_quotes(text, path)
    # one thread, so that an error names its row
    reading = arrow_csv.ReadOptions(use_threads=False)
    parsing = arrow_csv.ParseOptions(newlines_in_values=True)
    raw = text.encode()
    try:
        header = arrow_csv.open_csv(io.BytesIO(raw), reading, parsing).schema.names
        converting = arrow_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()))
        return arrow_csv.read_csv(io.BytesIO(raw), reading, parsing, converting)
    except pa.ArrowInvalid as error:
        names = text.lstrip().splitlines()[0].split(",")
        raise BenchError(f"'{path}': {str(error).splitlines()[0]}{hint(names)}") from error


def decode(path: Path) -> str:
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "latin1"
        raise BenchError(
            f"'{path}' is not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start} (line {line}); "
            f"save it as UTF-8, for example with: iconv -f {encoding} -t utf-8"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise BenchError(f"'{path}' cannot be read: {error}") from error


def hint(names: Sequence[str]) -> str:
    """What may be behind an error where the header is a single name that holds another separator."""
    if len(names) == 1:
        for separator, name in SEPARATORS.items():
            if separator in names[0]:
                return f"; the file seems to be separated by {name}: write it with commas, or as parquet"
    return ""


def check_quotes(text: str, path: Path) -> None:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    last = 0
    try:
        for _ in reader:
            last = reader.line_num
    except csv.Error as error:
        raise BenchError(f"'{path}': {error} in the record that starts at line {last + 1}") from error
