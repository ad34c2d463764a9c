"""Runs cells one after another in this process.

Cheap, and the only executor that draws the bars of a generator. A crash of the interpreter or the
kernel's out-of-memory killer ends the run; what was finished stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.execute import CellResult, Watcher, steps
from bench.plan import Cell
from bench.stages import perform


def run(cells: Iterable[Cell], stages: Path, *, force: bool, jobs: int, watcher: Watcher) -> Iterator[CellResult]:
    for cell in cells:
        yield run_cell(cell, stages, force=force, watcher=watcher)


def run_cell(cell: Cell, stages: Path, *, force: bool = False, watcher: Watcher) -> CellResult:
    """One cell from its first stage to its last."""
    todo = steps(cell, stages, force=force, watcher=watcher)
    try:
        job = next(todo)
        while True:
            job = todo.send(perform(job, stages, watcher.progress))
    except StopIteration as stop:
        result: CellResult = stop.value
        return result
