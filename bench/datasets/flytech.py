"""Flytech: short Python programs, as a code model would be asked to write them.

The whole set has 24,813 programs; its home publishes no checksum, so it is taken as it is.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.datasets.base import DataFile, Loader, Original
from bench.datasets.jsonl import read_jsonl
from bench.errors import BenchError
from bench.records import Column, Schema

WHOLE = DataFile("flytech/python-codes-25k.jsonl", None)
EXCERPT = DataFile(
    "flytech/python-codes-25k.excerpt.jsonl", "d16fde0241f1edc59f626f630d859cd622344aea1da736441f5a52edda304b5d"
)
FENCED = r"(?s)\A\s*```(?:python|py)?[ \t]*\n(.*?)\n?```\s*\Z"


def read(folder: Path) -> Original:
    """The programs of the whole file, or of the excerpt where the whole file is not there."""
    path = folder / WHOLE.path
    frame = read_jsonl(path if path.exists() else folder / EXCERPT.path)
    if "output" not in frame:
        raise BenchError(f"'{path.parent}': the records have no field 'output', where the program is expected")
    return Original(pd.DataFrame({"program": unfenced(frame["output"])}))


def unfenced(text: pd.Series) -> pd.Series:
    """Programs without the ``` fences around them; text that is not one fenced block stays as it is."""
    return text.str.extract(FENCED, expand=False).fillna(text)


LOADER = Loader(
    name="flytech",
    family="code",
    title="flytech/python-codes-25k",
    schema=Schema((Column("program", "text", "a Python program"),)),
    url="https://huggingface.co/datasets/flytech/python-codes-25k",
    licence="MIT",
    citation="Flytech (2023). python-codes-25k. Hugging Face.",
    files=(WHOLE,),
    read=read,
    how_to_get="get the jsonl file of the dataset flytech/python-codes-25k from the Hugging Face hub",
    excerpts=(EXCERPT,),
    demo="bench.datasets.demo.flytech",
)
