"""Validity of synthetic programs: they parse, are unique, are no copies, and have the right lengths.

Nothing is executed: a program is parsed into its syntax tree and no further.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.records import Schema
from evaluators.texts import TextValidity

# A syntax tree takes about a hundred times the memory of its text.
LONGEST_PROGRAM = 200_000


@dataclass(frozen=True)
class CodeValidityConfig:
    """Nothing to choose."""


class CodeValidity(TextValidity):
    """`parse_percent`: share of records whose program, the last text column, is legal Python."""

    Config = CodeValidityConfig
    families = frozenset({"code"})
    validity_metric = "parse_percent"

    def is_valid(self, schema: Schema, records: pd.DataFrame) -> NDArray[np.bool_]:
        texts = [column.name for column in schema.columns if column.kind == "text"]
        if not texts:
            raise BenchError("no column of the schema is text; a program is expected in the last text column")
        programs = records[texts[-1]]
        return np.array([isinstance(program, str) and parses(program) for program in programs], dtype=bool)


def parses(program: str) -> bool:
    """Whether a text is a Python program of at least one and at most `LONGEST_PROGRAM` characters."""
    if not program.strip() or len(program) > LONGEST_PROGRAM:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as an invalid escape in a string, which is legal
            ast.parse(program)
    # beside SyntaxError: null bytes and lone surrogates, and nesting beyond the parser's own limits
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
