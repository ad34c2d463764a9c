"""The text of a code record that a language model is trained on."""

from __future__ import annotations

import pandas as pd

from bench.errors import BenchError
from bench.records import Schema


def program_texts(schema: Schema, records: pd.DataFrame) -> list[str]:
    """The last text column is the program; those before it, such as an instruction, become comments above it.

    So every record is one legal program, and a prompt of a function's head and docstring goes on as programs do.
    Records without a program are left out.

    Raises:
        BenchError: no column is text.
    """
    names = [column.name for column in schema.columns if column.kind == "text"]
    if not names:
        raise BenchError("no column of the schema is text; a program is expected in the last text column")

    texts = []
    for row in records[names].itertuples(index=False, name=None):
        *words, program = row
        if isinstance(program, str) and program.strip():
            spoken = [word for word in words if isinstance(word, str) and word.strip()]
            lines = [f"# {line}".rstrip() for word in spoken for line in word.splitlines()]
            texts.append("\n".join([*lines, program.rstrip("\n")]) + "\n")
    return texts
