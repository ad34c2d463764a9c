"""Files with one JSON object a line, plain or gzipped."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from bench.errors import BenchError


def read_jsonl(path: Path, repair: Callable[[str], str] | None = None) -> pd.DataFrame:
    """One record a line, empty lines aside; objects and lists become compact JSON text.

    Args:
        path: a `.jsonl` or `.jsonl.gz` file.
        repair: what to make of a line that is not JSON before giving up on it.

    Raises:
        BenchError: a line is not a JSON object, or the file is not UTF-8 or not a whole gzip file;
            names the line.
    """
    records = []
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for line in file:
                number += 1
                if line.strip():
                    records.append(parse(line.decode("utf-8"), repair))
    except (ValueError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BenchError(f"'{path}', line {number}: {error}; every line must be one JSON object") from error
    return pd.DataFrame(records)


def parse(line: str, repair: Callable[[str], str] | None) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        if repair is None:
            raise
        record = json.loads(repair(line))
    if not isinstance(record, dict):
        raise ValueError(f"a JSON object was expected, not {line.strip()[:40]}")
    return {name: compact(value) if isinstance(value, dict | list) else value for name, value in record.items()}


def compact(value: Any) -> str:
    """The text form of a JSON value in a column of kind json."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
