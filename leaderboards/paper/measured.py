"""What this store has measured on the original data, one line for each config, profile, split and protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd

from bench.errors import BenchError, unknown_name
from leaderboards.aggregate import Row, Summary, Table, read, tables
from leaderboards.paper.model import Column
from leaderboards.paper.pages import Page
from leaderboards.render.text import failure_line, plain

DEMO, ORIGINAL = "demo", "original"
SCORED = "SELECT DISTINCT cell_id, dataset, variant, metric FROM leaderboard_scores"
# a conditioned run holds other records, and a sample of another size is another experiment
CIRCUMSTANCES = """
    SELECT DISTINCT s.generator, s.config_hash, s.profile, s.split, s.dataset_digest,
           coalesce(r.spec ->> '$.where', '[]') <> '[]' AS restricted, r.spec ->> '$.settings.records' AS records,
           coalesce(r.spec ->> '$.settings.evaluators.pass_at_k.model', 'compact') AS language_model
    FROM leaderboard_stages s JOIN leaderboard_runs r USING (run_id)
"""
CONFIGS = "SELECT generator, config_hash, any_value(config) FROM leaderboard_cells GROUP BY ALL"


@dataclass(frozen=True)
class Key:
    """What all numbers of a measured line have in common.

    Args:
        version: how many other records of the same name come before; 0 for the usual ones.
        restricted: whether a condition leaves records out.
        records: how many were sampled; empty for as many as there are train rows.
        language_model: of the evaluator `pass_at_k`; empty on a page without it.
    """

    generator: str
    config_hash: str
    profile: str
    split: str
    protocol: str
    version: int
    restricted: bool
    records: str
    language_model: str


@dataclass
class Measured:
    """The numbers of a line."""

    key: Key
    config: str
    summaries: dict[Column, Summary] = field(default_factory=dict)

    @property
    def pairs(self) -> pd.Index[Any]:
        found = [summary.values.index for summary in self.summaries.values()]
        return found[0].append(found[1:]).unique()


@dataclass(frozen=True)
class Found:
    """All that was read: lines, failures in words with their generators, and how many demo cells were left out."""

    lines: list[Measured]
    failures: list[tuple[str, str]]
    demo_cells: int


def measured(connection: duckdb.DuckDBPyConnection, page: Page, run_id: str | None) -> Found:
    """The measured lines of a page: current cells, or those of one run.

    Raises:
        BenchError: the run is not known.
    """
    check_run(connection, run_id)
    scored = read(connection, SCORED, run_id)
    scored = scored[scored["dataset"].isin(page.datasets) & scored["metric"].isin(page.metrics)]
    demo = scored.loc[scored["variant"] == DEMO, "cell_id"].nunique()
    if scored.empty:
        return Found([], [], 0)
    every = tables(connection, run_id, list(scored["metric"].unique()))
    found = [table for table in every if table.dataset in page.datasets and table.variant == ORIGINAL]
    configs = {(generator, config): text for generator, config, text in connection.execute(CONFIGS).fetchall()}
    around = circumstances(connection, run_id, "pass_at_k" in page.evaluators)
    order = versions(found, {key[-1] for key, (restricted, *_) in around.items() if restricted})
    lines: dict[Key, Measured] = {}
    for table in found:
        for row in table.rows:
            place = (row.generator, row.config_hash, table.profile, table.split)
            special = around.get((*place, table.dataset_digest), (False, "", ""))
            for column, summary in row.summaries.items():
                shown = Column(table.dataset, column.metric)
                if shown in page.columns:
                    key = Key(*place, column.protocol, order[table.dataset, table.dataset_digest], *special)
                    line = lines.setdefault(key, Measured(key, configs.get(place[:2], "{}")))
                    line.summaries[shown] = summary
    return Found(list(lines.values()), failures(found, page), demo)


def check_run(connection: duckdb.DuckDBPyConnection, run_id: str | None) -> None:
    if run_id is None:
        return
    known = [run for (run,) in connection.execute("SELECT DISTINCT run_id FROM leaderboard_stages").fetchall()]
    if not known:
        raise BenchError(f"run '{run_id}' is not known; the store holds none")
    if run_id not in known:
        raise unknown_name("run", run_id, known)


def circumstances(
    connection: duckdb.DuckDBPyConnection, run_id: str | None, language_models: bool
) -> dict[tuple[str, ...], tuple[bool, str, str]]:
    """Generator, config, profile, split and data -> restricted, records, language model."""
    frame = read(connection, CIRCUMSTANCES, run_id)
    keys = ["generator", "config_hash", "profile", "split", "dataset_digest"]
    return {
        tuple(map(str, key)): (
            bool(own["restricted"].any()),
            listed(own["records"]),
            listed(own["language_model"]) * language_models,
        )
        for key, own in frame.groupby(keys)
    }


def listed(values: pd.Series) -> str:
    return ", ".join(sorted({str(value) for value in values.dropna()}))


def versions(found: list[Table], restricted: Set[str]) -> dict[tuple[str, str], int]:
    """Dataset and digest -> place among the digests of the dataset, the one with most cells first.

    Restricted records are counted on their own: however many there are, they are not the usual ones.
    """
    cells: Counter[tuple[str, str]] = Counter()
    for table in found:
        cells[table.dataset, table.dataset_digest] += len(table.pairs) * len(table.rows)
    places: dict[tuple[str, str], int] = {}
    seen: Counter[tuple[str, bool]] = Counter()
    for dataset, digest in sorted(cells, key=lambda key: (-cells[key], key)):
        kind = dataset, digest in restricted
        places[dataset, digest] = seen[kind]
        seen[kind] += 1
    return places


def failures(found: list[Table], page: Page) -> list[tuple[str, str]]:
    """Failed stages that cost the page a number."""
    stages = {"fit", "sample", *page.evaluators}
    rows: list[tuple[Table, Row]] = [(table, row) for table in found for row in table.rows]
    return [
        (row.generator, plain(f"{table.dataset}, profile {table.profile}: {failure_line(failure)}"))
        for table, row in rows
        for failure in row.failures
        if failure.stage in stages and page.shows(row.generator)
    ]
