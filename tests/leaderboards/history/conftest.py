"""A store whose runs follow one another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

SHAPE = "column_shape_error_percent"
START = datetime(2026, 1, 1, 12)


class Runs:
    """Writes runs one after the other, each with cells of its own unless told otherwise."""

    def __init__(self, store) -> None:
        self.store = store
        self.count = 0

    def add(
        self,
        values: Mapping[int, float | str | None] = {},
        *,
        generator: str = "smote",
        commit: str | None = None,
        command: str = "bench run",
        repeats: int | None = None,
        settings: Mapping[str, object] = {},
        metric: str = SHAPE,
        same_run: bool = False,
        **cell,
    ) -> str:
        """A run with one cell a seed; a text in place of a value is the stage that failed.

        With `repeats` it finds the stages of that earlier run finished.
        """
        self.count += not same_run
        run_id = f"run{self.count:03}"
        spec = json.dumps({"settings": settings})
        self.store.connection.execute(
            "INSERT OR IGNORE INTO runs VALUES (?, ?, 'demo', ?, ?, '{}', '{}', ?, 1)",
            [run_id, START + timedelta(days=self.count), spec, command, commit],
        )
        for seed, value in values.items():
            failed = (value, "raised", "no") if isinstance(value, str) else None
            self.store.cell(
                generator,
                {} if failed else {metric: value},
                seed=seed,
                run=run_id,
                failed=failed,
                code=f"-{repeats or self.count}",
                day=repeats or self.count,
                **cell,
            )
        return run_id


@pytest.fixture
def runs(store):
    return Runs(store)
