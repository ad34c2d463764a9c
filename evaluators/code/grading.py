"""Whether sampled programs solve their problems: every different one runs once in the sandbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from evaluators.code.sandbox import Outcome, Sandbox, Task
from evaluators.code.syntax import syntax

UNPARSABLE = Outcome("error", "SyntaxError: the program does not parse", "")


@dataclass(frozen=True)
class Graded:
    """How the samples of a problem set fared.

    Args:
        correct: samples that passed, shape (problems,).
        samples: samples of every problem.
        outcomes: status -> number of samples, over all problems.
        distinct: different programs among them.
    """

    correct: NDArray[np.int64]
    samples: int
    outcomes: dict[str, int]
    distinct: int


def grade(
    problems: pd.DataFrame, programs: Sequence[Sequence[str]], sandbox: Sandbox, progress: Progress = SILENT
) -> Graded:
    """Run `programs[i]`, equally many for every problem, against the test of problem `i`."""
    keys = [(i, program) for i, several in enumerate(programs) for program in several]
    different = list(dict.fromkeys(keys))
    # what does not even parse needs no process
    legal = [key for key in different if syntax(key[1]).parses]
    rows = list(problems.itertuples())
    tasks = [Task(program, rows[i].test, rows[i].entry_point) for i, program in legal]
    known = dict(zip(legal, sandbox.run(tasks, progress), strict=True))
    outcomes = [known.get(key, UNPARSABLE) for key in keys]
    passed = np.array([outcome.status == "passed" for outcome in outcomes], dtype=np.int64)
    samples = len(programs[0]) if programs else 0
    counts = Counter(outcome.status for outcome in outcomes)
    return Graded(
        passed.reshape(len(programs), samples).sum(axis=1), samples, dict(sorted(counts.items())), len(different)
    )


def unsolvable(problems: pd.DataFrame, sandbox: Sandbox, progress: Progress = SILENT) -> dict[str, str]:
    """Problems whose own solution does not pass their test, each with how it ended; those without one are trusted."""
    given = problems[problems.canonical_solution != ""]
    tasks = [Task(row.prompt + row.canonical_solution, row.test, row.entry_point) for row in given.itertuples()]
    return {
        task_id: f"{outcome.status}: {outcome.detail}"
        for task_id, outcome in zip(given.task_id, sandbox.run(tasks, progress), strict=True)
        if outcome.status != "passed"
    }
