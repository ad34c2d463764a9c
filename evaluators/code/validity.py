"""Validity of synthetic programs: whether they parse, compile, run, are new, and look like real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.errors import BenchError
from bench.near_duplicates import THRESHOLD, record_texts, similarity_to_nearest
from bench.progress import SILENT, Progress
from bench.records import Dataset, Schema
from evaluators.base import Score
from evaluators.code.execution import run_score
from evaluators.code.shapes import shape_scores
from evaluators.code.syntax import all_syntax
from evaluators.shares import share_score
from evaluators.texts import TextValidity


@dataclass(frozen=True)
class CodeValidityConfig:
    """What to spend.

    Args:
        executed: at most so many programs are run for `run_percent`; 0 runs none.
    """

    executed: int = 200

    def __post_init__(self) -> None:
        if self.executed < 0:
            raise BenchError(f"executed={self.executed} is less than 0; give the number of programs to run")


class CodeValidity(TextValidity):
    """Of the program of each record, which is the last text column, beside what `TextValidity` says of the record.

    `parse_percent`: legal Python by the grammar. `compile_percent`: also by the rules beyond it. `run_percent`: runs
    to its end in the sandbox (`evaluators.code.execution`). `near_copy_percent`: the record's token shingles have a
    Jaccard similarity of at least `bench.near_duplicates.THRESHOLD` with those of a train record.
    `ast_node_error_percent`, `statements_shape_error_percent`, `nesting_shape_error_percent`: distances of those
    programs that parse from held-out test programs (`evaluators.code.shapes`).
    """

    Config = CodeValidityConfig
    families = frozenset({"code"})
    validity_metric = "parse_percent"

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        sources = programs(data.schema, synthetic)
        generated = all_syntax(sources)
        return [
            *self.scores(data, synthetic, np.array([one.parses for one in generated], dtype=bool), seed),
            share_score("compile_percent", np.array([one.compiles for one in generated], dtype=bool), True),
            run_score(sources, self.config.executed, seed, progress),
            near_copy_score(data, synthetic),
            *shape_scores(all_syntax(programs(data.schema, data.test)), generated, seed),
        ]


def programs(schema: Schema, records: pd.DataFrame) -> list[object]:
    """The program of every record; what is missing is no text.

    Raises:
        BenchError: the schema has no text column.
    """
    texts = [column.name for column in schema.columns if column.kind == "text"]
    if not texts:
        raise BenchError("no column of the schema is text; a program is expected in the last text column")
    return [value if isinstance(value, str) else None for value in records[texts[-1]]]


def near_copy_score(data: Dataset, synthetic: pd.DataFrame) -> Score:
    texts, train = (record_texts(records, data.schema) for records in (synthetic, data.train))
    nearest = similarity_to_nearest(texts, train) if texts and train else np.zeros(len(texts))
    return share_score("near_copy_percent", nearest >= THRESHOLD, False, {"threshold": THRESHOLD})
