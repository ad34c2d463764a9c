"""A small store of two runs, to be damaged by tests."""

from __future__ import annotations

import json

import numpy as np
import pytest

from leaderboards.gate import Snapshot, snapshot

SHAPE, AUC = "column_shape_error_percent", "xgboost_auc"
COLUMNS = ("age", "job")


class Runs:
    """Runs in the store of `tests/leaderboards/conftest.py`, with columns and settings."""

    def __init__(self, store) -> None:
        self.store = store

    @property
    def connection(self):
        return self.store.connection

    def run(self, name: str, *, day: int = 1, profile: str = "demo", planned: int | None = None, **settings) -> None:
        spec = {"where": settings.pop("where", []), "settings": {"records": None, "evaluators": {}, **settings}}
        self.connection.execute(
            "INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?)",
            [
                name,
                f"2026-01-{day:02}",
                profile,
                json.dumps(spec),
                "bench run",
                "{}",
                '{"python": "3"}',
                "abc",
                planned,
            ],
        )

    def cell(self, run: str, seed: int, scores: dict[str, float | None], columns=None, **options) -> str:
        """A cell of its own for this run, with the errors of single columns in the details."""
        details = {} if columns is None else {SHAPE: {"columns": columns}}
        generator = options.pop("generator", "smote")
        return self.store.cell(generator, scores, seed=seed, run=run, code=run, details=details, **options)

    def fill(
        self, run: str, seeds=range(5), *, worse: float = 0.0, noise: float = 0.1, start: int = 0, **options
    ) -> None:
        """Cells whose shape error is 5 + worse and whose AUC is 0.9, with noise that hangs on `start` and the seed."""
        for seed in seeds:
            errors = 5 + worse + noise * np.random.default_rng([start, seed]).normal(size=len(COLUMNS))
            scores = {SHAPE: float(errors.mean()), AUC: 0.9}
            self.cell(run, seed, scores, dict(zip(COLUMNS, errors.tolist(), strict=True)), **options)

    def snapshot(self, run: str) -> Snapshot:
        return snapshot(self.connection, run)


@pytest.fixture
def runs(store) -> Runs:
    return Runs(store)


@pytest.fixture
def two(runs) -> Runs:
    """A run `old` and a run `new` of other noise, both sound."""
    for place, name in enumerate(("old", "new")):
        runs.run(name, day=place + 1)
        runs.fill(name, start=place)
    return runs
