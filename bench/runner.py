"""A run: plan, execute, store. Only this process writes to the store, after each cell and at the end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pandas as pd

from bench import provenance, shards, store
from bench.config import RunSpec
from bench.errors import BenchError
from bench.execute import CellResult, Watcher, executor
from bench.launch import process_count, process_index
from bench.plan import Cell, plan, plan_file, plan_fit
from bench.stages import forget_data, load_model, now, perform

if TYPE_CHECKING:
    from generators.base import Generator


@dataclass(frozen=True)
class RunResult:
    """A run that has ended, and the folder that holds it.

    Args:
        run_id: its name in the store.
        results: the results folder.
        cells: what became of its cells.
    """

    run_id: str
    results: Path
    cells: tuple[CellResult, ...]

    @property
    def failed(self) -> list[CellResult]:
        return [cell for cell in self.cells if cell.failed]

    @property
    def scores(self) -> pd.DataFrame:
        """One row a score, with the cell that it belongs to and its holdout reference."""
        return self._read("leaderboard_scores")

    @property
    def stages(self) -> pd.DataFrame:
        """One row a stage: status, error, seconds, memory."""
        return self._read("leaderboard_stages")

    def _read(self, view: str) -> pd.DataFrame:
        with store.connect(self.results / shards.DATABASE, read_only=True) as connection:
            return connection.execute(f"SELECT * FROM {view} WHERE run_id = ?", [self.run_id]).df()


def run(
    spec: RunSpec,
    results: Path,
    *,
    command: str,
    force: bool = False,
    synthetic: Path | None = None,
    watcher: Watcher | None = None,
) -> RunResult:
    """Run everything that a spec asks for.

    Args:
        spec: what to run.
        results: folder for stages, runs and the store; finished stages in it are not computed again.
        command: how the run was called, for the record.
        force: compute finished stages again.
        synthetic: score this file of records in place of what generators sample.
        watcher: is told how far the run is.

    Raises:
        BenchError: bad names or options, data that cannot be loaded, or a results folder or store that
            cannot be written; finished stages are kept.
    """
    if process_count() > 1:
        raise BenchError("several processes were launched together; only 'bench generate' shares its work among them")
    execute = executor(spec.executor, spec.jobs)
    forget_data()
    # before anything is written: what cannot be planned or recorded leaves no folder behind
    cells = plan(spec) if synthetic is None else plan_file(spec, synthetic)
    run_id = f"{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:4]}"
    record = shards.to_json(run_record(run_id, cells, spec, command))
    shards.prepare(results)
    # also stores what an earlier run could not
    update_store(results)
    watcher = watcher or Watcher()
    watcher.planned(cells)
    folder = shards.runs_folder(results) / run_id
    shards.write_text(folder / "run.json", record + "\n")
    done: list[CellResult] = []
    for result in execute(cells, shards.stages_folder(results), force=force, jobs=spec.jobs, watcher=watcher):
        done.append(result)
        shards.write_json(folder / f"{result.cell.cell_id}.json", cell_record(result))
        # whoever looks into the store at this moment does not stop the run: the shard waits for the next try
        with suppress(BenchError):
            update_store(results)
    update_store(results)
    return RunResult(run_id, results, tuple(done))


def fitted(spec: RunSpec, results: Path, *, force: bool, watcher: Watcher) -> tuple[Generator, int]:
    """The fitted generator of a spec with one generator and one dataset, and its number of train records.

    It comes from the stages of the results folder, or is fitted and kept there; there a sampling may keep its
    state, too, whose removal is the caller's. Processes that were launched together fit as one; the first of
    them keeps the model.

    Raises:
        BenchError: the fit failed, or the spec cannot be run.
    """
    forget_data()
    fit, sample = plan_fit(spec)
    shards.prepare(results)
    stages = shards.stages_folder(results)
    result = None if force else shards.read_stage(stages, fit.key)
    kept = result is not None or process_index() == 0
    place = stages if kept else shards.private_stages(stages, process_index())
    if force:
        shards.discard(shards.checkpoint_folder(place, fit.key))
    if result is None:
        result = perform(fit, place, watcher.progress)
    if not result.done:
        if not kept and result.phase == "raised":  # otherwise it holds what the next try goes on from
            shards.discard(place)
        raise BenchError(f"fitting failed ({result.phase}): {result.error}")
    model = load_model(sample, place)
    model.checkpoint = shards.checkpoint_folder(place, sample.key)
    if not kept:
        shards.discard(place)
    return model, int(result.details["train_records"])


def update_store(results: Path) -> None:
    with store.connect(results / shards.DATABASE) as connection:
        store.ingest(connection, results)


def run_record(run_id: str, cells: Sequence[Cell], spec: RunSpec, command: str) -> dict[str, Any]:
    plug_ins = {job.plug_in for cell in cells for job in cell.stages if job.plug_in is not None}
    versions = {"difflm-bench": version("difflm-bench")}
    for plug_in in plug_ins:
        versions |= provenance.library_versions(plug_in.entry.module)
    return {
        "run_id": run_id,
        "started_at": now(),
        "profile": spec.profile,
        "spec": spec.model_dump(mode="json"),
        "command": command,
        "host": provenance.host(),
        "versions": versions,
        "git_commit": provenance.git_commit(),
        "cells": len(cells),
    }


def cell_record(result: CellResult) -> dict[str, Any]:
    cell = {field.name: getattr(result.cell, field.name) for field in fields(Cell) if field.name != "stages"}
    return {"cell": cell, "stages": [asdict(stage) for stage in result.stages]}
