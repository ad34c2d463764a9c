"""A small store with hand-made rows."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

import bench

SCHEMA = Path(bench.__file__).parent / "store" / "schema.sql"


class Store:
    """Writes cells, stages and scores as the runner would, with short defaults.

    Rows wait for whoever asks for `connection`, as one statement for many is fast and many statements are not.
    """

    def __init__(self) -> None:
        self.database = duckdb.connect()
        self.database.execute(SCHEMA.read_text())
        self.waiting: dict[str, dict[tuple, list]] = {table: {} for table in ("cells", "run_cells", "stages", "scores")}

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        for table, rows in self.waiting.items():
            if rows:
                marks = ", ".join(f"({', '.join('?' * len(row))})" for row in rows.values())
                values = [value for row in rows.values() for value in row]
                self.database.execute(f"INSERT OR REPLACE INTO {table} VALUES {marks}", values)
                rows.clear()
        return self.database

    def cell(
        self,
        generator: str,
        scores: dict[str, float | None] | None = None,
        *,
        seed: int = 0,
        split_seed: int = 0,
        dataset: str = "adult",
        family: str = "tabular",
        variant: str = "demo",
        profile: str = "demo",
        config: str = "c",
        options: str = "{}",
        split: str = "harness",
        digest: str = "",
        run: str = "run1",
        stderr: float | None = None,
        failed: tuple[str, str, str] | None = None,
        fit_seconds: float = 2.0,
        sample_seconds: float = 4.0,
        returned: int = 1000,
        protocol: str = "harness",
        version: int = 1,
        higher: bool | None = None,
        code: str = "",
        day: int = 1,
        details: dict[str, object] | None = None,
    ) -> str:
        key = f"{dataset}-{variant}-{profile}-{generator}-{config}-{split}-{split_seed}-{seed}{code}{digest}"
        self.waiting["cells"][key,] = [
            *(key, dataset, variant, family, digest or f"{dataset}{variant}digest", split, split_seed),
            *(generator, options, config, seed, profile),
        ]
        self.waiting["run_cells"][run, key] = [run, key]
        self.stage(key, "fit", fit_seconds, failed, day=day)
        self.stage(key, "sample", sample_seconds, failed, f'{{"returned": {returned}}}', day=day)
        self.stage(key, "density", 1.0, failed, day=day)
        for metric, value in (scores or {}).items():
            upward = higher if higher is not None else not metric.endswith(("error_percent", "rmse"))
            self.waiting["scores"][key, metric, protocol] = [
                *(f"{key}-density", key, "density", metric, protocol, version, value, stderr, upward, 100, False),
                json.dumps((details or {}).get(metric, {})),
            ]
        return key

    def stage(
        self,
        cell: str,
        stage: str,
        seconds: float,
        failed: tuple[str, str, str] | None = None,
        details: str = "{}",
        *,
        day: int = 1,
    ) -> None:
        status, phase, error = "done", None, None
        if failed is not None and stage == failed[0]:
            status, phase, error = "failed", failed[1], failed[2]
        self.waiting["stages"][cell, stage] = [
            *(f"{cell}-{stage}", cell, stage, status, phase, error, f"2026-01-{day:02}", seconds, seconds),
            *(None, "cpu", details),
        ]


@pytest.fixture(scope="session")
def new_store() -> type[Store]:
    return Store


@pytest.fixture
def store() -> Store:
    return Store()
