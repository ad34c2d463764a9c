"""How many synthetic programs run to their end in the sandbox, and what stops the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.progress import Progress
from evaluators.base import Score
from evaluators.code.sandbox import Limits, Outcome, Sandbox, Task
from evaluators.code.sandbox.pool import cores
from evaluators.shares import share_score

# Tighter than those of a test: a program that waits for something waits for ever.
LIMITS = Limits(wall_seconds=5.0, cpu_seconds=1)
SHOWN = 20


def run_score(programs: Sequence[object], executed: int, seed: int, progress: Progress) -> Score:
    """`run_percent`: share of programs that run to their end with the standard library and nothing to read.

    Args:
        programs: sources; what is no text does not run.
        executed: at most so many are run, drawn by the seed. Equal ones are run once.
        seed: of the draw.
        progress: where the runs are counted.

    Returns:
        The score; its details say what ended the others.
    """
    if len(programs) and executed < 1:
        reason = "executed=0, so none of the records was run"
        return Score("run_percent", np.nan, np.nan, True, "harness", 1, 0, {"reason": reason})
    order = np.random.default_rng(seed).permutation(len(programs))[:executed]
    chosen = [programs[i] for i in np.sort(order)]
    texts = list(dict.fromkeys(program for program in chosen if isinstance(program, str)))
    outcomes: dict[object, Outcome] = {}
    isolation = ""
    if texts:
        with Sandbox(LIMITS, workers=min(cores(), len(texts))) as sandbox:
            isolation = sandbox.isolation
            outcomes = dict(zip(texts, sandbox.run([Task(text) for text in texts], progress), strict=True))
    ends = [end(outcomes[program]) if program in outcomes else "missing" for program in chosen]
    score = share_score("run_percent", np.array([one == "" for one in ends], dtype=bool), True)
    counts = Counter(one for one in ends if one)
    return replace(score, details={**score.details, "ends": dict(counts.most_common(SHOWN)), "isolation": isolation})


def end(outcome: Outcome) -> str:
    """What ended a program before its time: an exception's type, or the status; empty where nothing did."""
    if outcome.status == "passed":
        return ""
    name = outcome.detail.partition(":")[0]
    return name if outcome.status == "error" and name.isidentifier() else outcome.status
