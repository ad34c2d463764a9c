"""A small store with hand-made rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import bench

SCHEMA = Path(bench.__file__).parent / "store" / "schema.sql"


class Store:
    """Writes cells, stages and scores as the runner would, with short defaults."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(SCHEMA.read_text())

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
    ) -> str:
        key = f"{dataset}-{variant}-{profile}-{generator}-{config}-{split}-{split_seed}-{seed}{code}{digest}"
        add = self.connection.execute
        add(
            "INSERT OR IGNORE INTO cells VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                key,
                dataset,
                variant,
                family,
                digest or f"{dataset}{variant}digest",
                split,
                split_seed,
                generator,
                options,
                config,
                seed,
                profile,
            ],
        )
        add("INSERT OR IGNORE INTO run_cells VALUES (?,?)", [run, key])
        self.stage(key, "fit", fit_seconds, failed, day=day)
        self.stage(key, "sample", sample_seconds, failed, f'{{"returned": {returned}}}', day=day)
        self.stage(key, "density", 1.0, failed, day=day)
        for metric, value in (scores or {}).items():
            upward = higher if higher is not None else not metric.endswith(("error_percent", "rmse"))
            add(
                "INSERT OR REPLACE INTO scores VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                [f"{key}-density", key, "density", metric, protocol, version, value, stderr, upward, 100, False, "{}"],
            )
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
        self.connection.execute(
            "INSERT OR REPLACE INTO stages VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                f"{cell}-{stage}",
                cell,
                stage,
                status,
                phase,
                error,
                f"2026-01-{day:02}",
                seconds,
                seconds,
                None,
                "cpu",
                details,
            ],
        )


@pytest.fixture(scope="session")
def new_store() -> type[Store]:
    return Store


@pytest.fixture
def store() -> Store:
    return Store()
