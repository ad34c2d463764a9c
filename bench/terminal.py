"""How far a run is, on the standard error: bars on a terminal, one plain line a finished stage elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.progress import Task as Bar
from rich.text import Text

from bench.execute import Watcher
from bench.launch import process_index
from bench.plan import Cell
from bench.progress import Progress, Task
from bench.shards import StageResult
from bench.stages import StageJob


class RateColumn(ProgressColumn):
    """Units a second."""

    def render(self, task: Bar) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.1f} {task.fields['unit']}/s" if speed else "", style="progress.data.speed")


class BarTask(Task):
    """One bar; it goes away with its block."""

    def __init__(self, bars: Bars, description: str, total: int, unit: str) -> None:
        self._bars = bars
        self._id = bars.add_task(escape(description), total=total, unit=unit, metrics="")

    def advance(self, steps: int = 1, **metrics: float) -> None:
        self._bars.advance(self._id, steps)
        if metrics:
            self._bars.update(self._id, metrics=" ".join(f"{name} {value:.4g}" for name, value in metrics.items()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.remove_task(self._id)


class BarProgress(Progress):
    """Draws a bar for each task."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    def task(self, description: str, total: int, unit: str = "steps") -> Task:
        return BarTask(self._bars, description, total, unit)


class Screen(Watcher):
    """A bar over all stages, those of the generator at work below it, and a line for each finished stage."""

    def __init__(self, bars: Bars) -> None:
        self.progress = BarProgress(bars)
        self._bars = bars
        self._overall = bars.add_task("", total=None, unit="stages", metrics="")

    def planned(self, cells: Sequence[Cell]) -> None:
        self._bars.update(self._overall, total=sum(len(cell.stages) for cell in cells))

    def started(self, cell: Cell, job: StageJob) -> None:
        self._bars.update(self._overall, description=escape(f"{cell.title}: {job.stage}"))

    def finished(self, cell: Cell, result: StageResult, *, computed: bool) -> None:
        self._bars.advance(self._overall)
        if computed:
            self._bars.console.print(line(cell, result), markup=False, highlight=False, soft_wrap=True)


def line(cell: Cell, result: StageResult) -> str:
    """A finished stage in one line."""
    outcome = "done" if result.done else f"failed ({result.phase}): {result.error}"
    return f"{cell.title}: {result.stage} {outcome}, {result.wall_seconds:.1f} s"


@contextmanager
def screen() -> Iterator[Screen]:
    """A watcher that draws as long as the block runs."""
    console = Console(file=sys.stderr, quiet=process_index() > 0)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[metrics]}"),
    )
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:
        yield Screen(bars)
