"""What a stage took in all its tries: kept beside the state that a stopped stage goes on from."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from bench import limits, shards
from bench.progress import Progress, Task

FILE = "spent.json"
# A process that is killed cannot say what it took, so it says so this often while it works.
KEEP_SECONDS = 10.0


@dataclass(frozen=True)
class Spent:
    """Seconds of all tries, what a stop threw away included; memory of the largest of them."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0


class Tally(Progress):
    """Counts from its creation on, and on top of what earlier tries left in a folder.

    As a `Progress` it passes on what a stage reports, and takes the opportunity to keep the count there.
    """

    def __init__(self, folder: Path, shown: Progress) -> None:
        """Begin to count.

        Args:
            folder: the stage's checkpoint folder; where the stage does not make it, nothing is kept.
            shown: what is told how far the stage is.
        """
        self._folder = folder
        self._shown = shown
        self._earlier = read(folder)
        self._meter = limits.Meter()
        self._kept = time.monotonic()

    def spent(self) -> Spent:
        return Spent(
            self._earlier.wall_seconds + self._meter.wall_seconds(),
            self._earlier.cpu_seconds + self._meter.cpu_seconds(),
            max(self._earlier.peak_memory_bytes, limits.peak_memory_bytes()),
        )

    def task(self, description: str, total: int, unit: str = "steps") -> Task:
        return Counted(self._shown.task(description, total, unit), self)

    def keep(self) -> None:
        """Write what was spent, if it is time to and there is something to go on from."""
        if time.monotonic() - self._kept >= KEEP_SECONDS and self._folder.exists():
            self._kept = time.monotonic()
            shards.write_json(self._folder / FILE, asdict(self.spent()))


class Counted(Task):
    """A task of a `Tally`."""

    def __init__(self, shown: Task, tally: Tally) -> None:
        self._shown = shown
        self._tally = tally

    def advance(self, steps: int = 1, **metrics: float) -> None:
        self._shown.advance(steps, **metrics)
        self._tally.keep()

    def __enter__(self) -> Task:
        self._shown.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shown.__exit__(kind, error, trace)


def read(folder: Path) -> Spent:
    """What earlier tries took; nothing where they left nothing that can be read."""
    try:
        return Spent(**json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Spent()
