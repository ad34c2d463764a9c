"""The texts that a language model is trained on."""

from __future__ import annotations

import ast

import pandas as pd
import pytest

from bench.errors import BenchError
from bench.frames import conform
from bench.records import Column, Schema
from evaluators.code.program_texts import program_texts

SCHEMA = Schema((Column("instruction", "text"), Column("input", "text"), Column("program", "text")))


def test_instructions_are_comments_above_the_program():
    frame = pd.DataFrame(
        {
            "instruction": ["Add two\nnumbers", None, "Nothing", ""],
            "input": ["", "1", "x", None],
            "program": ["x = 1\n\n", "y = 2", None, "  \n"],
        }
    )
    texts = program_texts(SCHEMA, conform(frame, SCHEMA))
    assert texts == ["# Add two\n# numbers\nx = 1\n", "# 1\ny = 2\n"]
    for text in texts:
        ast.parse(text)


def test_no_text_is_an_error():
    schema = Schema((Column("size", "real"),))
    with pytest.raises(BenchError, match="no column of the schema is text"):
        program_texts(schema, pd.DataFrame({"size": [1.0]}))
