"""Files of JSON objects, plain or gzipped: one a line, or all in one array."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from bench.errors import BenchError

LINES = (".jsonl", ".jsonl.gz")
ARRAYS = (".json", ".json.gz")
TOO_DEEP = "objects or lists are nested too deeply"
Object = dict[str, Any]


def read_jsonl(path: Path, repair: Callable[[str], str] | None = None) -> pd.DataFrame:
    """One record a line, empty lines aside; objects and lists become compact JSON text, integers stay exact.

    Args:
        path: a `.jsonl` or `.jsonl.gz` file.
        repair: what to make of a line that is not JSON before giving up on it.

    Raises:
        BenchError: a line is not a JSON object, or the file is not UTF-8 or not a whole gzip file;
            names the line.
    """
    records = []
    for place, record in read_objects(path, repair):
        try:
            records.append(flat(record))
        except RecursionError as error:
            raise refused(path, place, TOO_DEEP) from error
    frame = pd.DataFrame(records)
    # beside a gap pandas makes floats of integers, which are exact up to 2**53 only
    for name in map(str, frame.select_dtypes("float64")):
        values = [record.get(name) for record in records]
        if frame[name].notna().any() and all(value is None or fits(value) for value in values):
            frame[name] = pd.array(values, dtype="Int64")
    return frame


def fits(value: Any) -> bool:
    """Whether a value is an integer of 64 bits."""
    return type(value) is int and -(2**63) <= value < 2**63


def read_objects(path: Path, repair: Callable[[str], str] | None = None) -> list[tuple[str, Object]]:
    """Every object with its place in the file (`line 3`, or `record 3` of an array).

    Args:
        path: a file with one object a line, empty lines aside, or (`.json`) also one array of objects.
        repair: what to make of a line that is not JSON before giving up on it.

    Raises:
        BenchError: it is something else; names the place.
    """
    place = "at its start"
    found = []
    try:
        if path.name.endswith(ARRAYS) and (text := whole(path)).lstrip().startswith("["):
            values = json.loads(text)
            escaped = "\\ud" in text.lower()
            for number, value in enumerate(values, start=1):
                place = f"record {number}"
                found.append((place, checked(value, escaped)))
            return found
        for number, line in enumerate(lines(path), start=1):
            place = f"line {number}"
            if line.strip():
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                found.append((place, checked(parse(text, repair), "\\ud" in text.lower())))
            place = f"after line {number}"
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}" if error.lineno > 1 else place
        raise refused(path, where, f"{error.msg} (column {error.colno})") from error
    except RecursionError as error:
        raise refused(path, place, TOO_DEEP) from error
    except (ValueError, EOFError, OSError, zlib.error) as error:
        raise refused(path, place, str(error)) from error
    return found


def refused(path: Path, place: str, why: str) -> BenchError:
    form = "one JSON array of objects, or one object a line" if path.name.endswith(ARRAYS) else "one JSON object a line"
    return BenchError(f"'{path}', {place}: {why}; the file must hold {form}")


def lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        yield from file


def whole(path: Path) -> str:
    return b"".join(lines(path)).decode("utf-8-sig")


def parse(text: str, repair: Callable[[str], str] | None) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        if repair is None:
            raise
        return json.loads(repair(text))


def checked(record: Any, escaped: bool) -> Object:
    """The record.

    Args:
        record: what a line or an element of an array is.
        escaped: whether its text has escapes of surrogates, which costs a closer look.

    Raises:
        ValueError: it is no object, or holds half of a surrogate pair, which no text may.
    """
    if not isinstance(record, dict):
        raise ValueError(f"a JSON object was expected, not {json.dumps(record)[:40]}")
    if escaped:
        compact(record).encode("utf-8")
    return record


def flat(record: Object) -> Object:
    return {name: compact(value) if isinstance(value, dict | list) else value for name, value in record.items()}


def compact(value: Any) -> str:
    """The text form of a JSON value in a column of kind json."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
