"""Validity of synthetic tool definitions: legal parameters, names, copies, and distributions of how they are built."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.near_duplicates import record_texts, similarity_to_nearest
from bench.progress import SILENT, Progress
from bench.records import Dataset, Schema
from evaluators.base import Score
from evaluators.shares import share_score
from evaluators.texts import TextValidity
from evaluators.tool.categories import category_scores
from evaluators.tool.distributions import distribution_scores
from evaluators.tool.names import unique_name_score
from evaluators.tool.schemas import Findings, examine

PARTS = 5


@dataclass(frozen=True)
class ToolValidityConfig:
    """Nothing to choose."""


class ToolValidity(TextValidity):
    """Shares of records, and distances from the held-out real tools.

    `valid_percent`: every JSON column describes parameters legally, and no `*name` column is blank. What legal
    means has shares of its own: `json_parse_percent`, `schema_legal_percent` (the metaschema of JSON Schema draft
    2020-12), `required_in_properties_percent`, `legal_types_percent`; a record that cannot be parsed fails them all.
    `unique_name_percent`: see `names.py`. `near_copy_percent`: records that are near duplicates of a train record,
    exact copies included (`bench.near_duplicates`). `*_error_percent`: see `distributions.py`; `category_*`: see
    `categories.py`.
    """

    Config = ToolValidityConfig
    families = frozenset({"tool"})
    validity_metric = "valid_percent"

    def is_valid(self, schema: Schema, records: pd.DataFrame) -> NDArray[np.bool_]:
        return has_names(schema, records) & flags(findings(schema, records), "valid", len(records))

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        with progress.task("tool validity", PARTS, "parts") as task:
            scores = super().evaluate(data, synthetic, seed=seed)
            task.advance()
            found, n = findings(data.schema, synthetic), len(synthetic)
            scores += [
                share_score("json_parse_percent", flags(found, "parses", n), True),
                share_score("schema_legal_percent", flags(found, "legal", n), True),
                share_score("required_in_properties_percent", flags(found, "required", n), True),
                share_score("legal_types_percent", flags(found, "types", n), True),
                unique_name_score(synthetic),
            ]
            task.advance()
            ours, real = (record_texts(records, data.schema) for records in (synthetic, data.train))
            scores.append(share_score("near_copy_percent", similarity_to_nearest(ours, real) > 0, False))
            task.advance()
            scores += distribution_scores(data, synthetic, seed)
            task.advance()
            scores += category_scores(data, synthetic, seed)
            task.advance()
        return scores


def has_names(schema: Schema, records: pd.DataFrame) -> NDArray[np.bool_]:
    named = np.ones(len(records), dtype=bool)
    for column in schema.columns:
        if column.kind != "json" and column.name.endswith("name"):
            named &= records[column.name].fillna("").str.strip().ne("").to_numpy(dtype=bool)
    return named


def findings(schema: Schema, records: pd.DataFrame) -> list[list[Findings]]:
    """What is found in every JSON column; (columns, records)."""
    return [[examine(text) for text in records[column.name]] for column in schema.columns if column.kind == "json"]


def flags(found: list[list[Findings]], name: str, records: int) -> NDArray[np.bool_]:
    """Records of which something is true in every JSON column; shape (records,)."""
    true = [[getattr(one, name) for one in column] for column in found]
    return np.array(true, dtype=bool).reshape(len(true), records).all(axis=0)
