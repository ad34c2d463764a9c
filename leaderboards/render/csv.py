"""A leaderboard as comma-separated values in long form (RFC 4180): a line a dataset, generator, metric and protocol.

Spreadsheets run a cell that starts with one of `= + - @` as a formula. Text from the store that starts so gets an
apostrophe in front (OWASP, "CSV injection"); numbers stay as they are.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from leaderboards.aggregate import REFERENCE, Row, Table
from leaderboards.columns import IDEALS, Column
from leaderboards.render.text import listed, plain

FIELDS = [
    *("dataset", "variant", "family", "dataset_digest", "split", "profile", "split_seeds", "seeds"),
    *("generator", "config_hash", "sentinel", "metric", "protocol", "version", "higher_is_better", "best_value"),
    *("mean", "stderr", "cells", "imputed", "best", "reference"),
    *("fit_seconds", "sample_seconds", "records_per_second", "failed_stages"),
]
FORMULA = ("=", "+", "-", "@")


def render(tables: Sequence[Table]) -> str:
    """All tables, rows marked `best` as `rank` marked them; a value that is not known is empty."""
    return separated(FIELDS, (line for table in tables for line in lines(table)))


def separated(fields: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Rows as text, under their fields; what a row lacks or does not know is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({field: written(value) for field, value in row.items()})
    return text.getvalue()


def lines(table: Table) -> Iterator[dict[str, object]]:
    reference = next((row for row in table.rows if row.generator == REFERENCE), None)
    identity = {field: getattr(table, field) for field in FIELDS[:6]}
    identity["split_seeds"], identity["seeds"] = (
        listed(table.pairs.get_level_values(level)) for level in ("split_seed", "seed")
    )
    for row in table.rows:
        own = {
            "generator": row.name,
            "config_hash": row.config_hash,
            "sentinel": row.sentinel or "",
            "fit_seconds": row.fit_seconds,
            "sample_seconds": row.sample_seconds,
            "records_per_second": row.records_per_second,
            "failed_stages": sum(failure.cells for failure in row.failures),
        }
        # a generator without any score is still to be seen
        for column in table.columns or [None]:
            yield identity | own | ({} if column is None else score(row, column, reference))


def score(row: Row, column: Column, reference: Row | None) -> dict[str, object]:
    summary = row.summaries.get(column)
    real = None if reference is None else reference.summaries.get(column)
    return {
        "metric": column.metric,
        "protocol": column.protocol,
        "version": column.version,
        "higher_is_better": column.higher_is_better,
        "best_value": IDEALS.get(column.metric),
        "mean": None if summary is None else summary.mean,
        "stderr": None if summary is None else summary.stderr,
        "cells": 0 if summary is None else len(summary.values),
        "imputed": summary is not None and summary.imputed,
        "best": column in row.best,
        "reference": None if real is None else real.mean,
    }


def written(value: object) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return neutral(value) if isinstance(value, str) else str(value)


def neutral(text: str) -> str:
    """One line that no spreadsheet takes for a formula."""
    text = plain(text)
    return f"'{text}" if text.startswith(FORMULA) else text
