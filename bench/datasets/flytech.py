"""Flytech: short Python programs, as a code model would be asked to write them.

The whole set has 24,813 programs; its home publishes no checksum, so it is taken as it is. DiffLM
holds out 5,000 of them, 3,000 for validation and 2,000 for test (arXiv 2411.03250).
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from bench.datasets.base import DataFile, Loader, Original
from bench.datasets.jsonl import Object, read_objects
from bench.errors import BenchError
from bench.records import Column, Schema

HUB = "flytech/python-codes-25k"
WHOLE = DataFile("flytech/python-codes-25k.jsonl", None, hub=HUB, member="python-codes-25k.jsonl")
OTHER_FORMS = tuple(DataFile(f"flytech/python-codes-25k.{ending}", None) for ending in ("json", "jsonl.gz", "json.gz"))
EXCERPT = DataFile(
    "flytech/python-codes-25k.excerpt.jsonl", "d16fde0241f1edc59f626f630d859cd622344aea1da736441f5a52edda304b5d"
)
PROGRAM = Column("program", "text", "a Python program")
INSTRUCTION = Column("instruction", "text", "what the program is asked to do")
FENCE = re.compile(r"^ {0,3}```[ \t]*([\w+#.-]*)[ \t\r]*$\n?", re.MULTILINE)
PYTHON = {"", "python", "python3", "py"}


def read(columns: Sequence[str], folder: Path) -> Original:
    """The records of the first form of the file that is there."""
    forms = [folder / file.path for file in (WHOLE, *OTHER_FORMS, EXCERPT)]
    path = next(path for path in forms if path.exists())
    frame, notes = pairs(path, read_objects(path), columns)
    return Original(frame, notes=notes)


def pairs(
    path: Path, objects: Sequence[tuple[str, Object]], columns: Sequence[str], source: str = "output"
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Instruction and output as columns, and what was left out.

    A program that is blank is left out. An input that the program works on is part of the instruction.

    Args:
        path: for messages.
        objects: with the fields instruction, input (may be missing) and output, and their places.
        columns: `program`, or `instruction` and `program`.
        source: the field that holds the program.

    Raises:
        BenchError: a field is missing or is not a text; names the place.
    """
    rows, blank, without_fences = [], 0, 0
    for place, record in objects:
        program = unfenced(field(path, place, record, source))
        without_fences += program != record[source]
        if not program.strip():
            blank += 1
            continue
        row = {"program": program}
        if "instruction" in columns:
            given = record.get("input") or ""
            if not isinstance(given, str):
                raise BenchError(f"'{path}', {place}: the field 'input' must be a text")
            row["instruction"] = "\n".join(filter(None, [field(path, place, record, "instruction"), given]))
        rows.append(row)
    if not rows:
        raise BenchError(f"'{path}' has no programs")
    notes = [f"{blank} records without a program left out"] if blank else []
    notes += [f"fences, and the prose around them, taken off {without_fences} programs"] if without_fences else []
    return pd.DataFrame(rows, columns=list(columns), dtype="str"), tuple(notes)


def field(path: Path, place: str, record: Object, name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        what = "is missing" if value is None else f"must be a text, not {type(value).__name__}"
        raise BenchError(f"'{path}', {place}: the field '{name}' {what}")
    return value


def unfenced(text: str) -> str:
    """The program of an answer in Markdown.

    It is what stands between ``` fences, several blocks below each other with an empty line between them, without
    the prose around them. Blocks in another language are no part of it; text without a fence, or with nothing but
    blocks in other languages, stays as it is, and so does a program whose strings hold fences. A fence that is
    never closed ends with the text.
    """
    fences = list(FENCE.finditer(text))
    if fences and is_python(text):
        return text
    blocks = []
    while fences:
        opening = fences.pop(0)
        # a fence with a language opens a block, so it cannot close one
        while fences and fences[0][1]:
            fences.pop(0)
        closing = fences.pop(0).start() if fences else len(text)
        if opening[1].lower() in PYTHON:
            blocks.append(text[opening.end() : closing].removesuffix("\n").removesuffix("\r"))
    return "\n\n".join(blocks) if blocks else text


def is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as an invalid escape in a string, which is legal
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def loader(name: str, title: str, *columns: Column, demo: str, in_all: bool) -> Loader:
    return Loader(
        name=name,
        family="code",
        title=title,
        schema=Schema(columns),
        url=f"https://huggingface.co/datasets/{HUB}",
        licence="MIT",
        citation="Flytech (2023). python-codes-25k. Hugging Face.",
        files=(WHOLE,),
        read=partial(read, [column.name for column in columns]),
        alternatives=OTHER_FORMS,
        excerpts=(EXCERPT,),
        demo=demo,
        difflm_parts=(19813, 3000, 2000),
        in_all=in_all,
    )


LOADER = loader("flytech", HUB, PROGRAM, demo="bench.datasets.demo.flytech", in_all=True)
INSTRUCTIONS = loader(
    "flytech_instructions",
    f"{HUB} with its instructions",
    INSTRUCTION,
    PROGRAM,
    demo="bench.datasets.demo.flytech_instructions",
    in_all=False,
)
