"""Which programs count as correct, and that every different one runs once."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluators.code.grading import grade, unsolvable
from evaluators.code.problems import COLUMNS
from evaluators.code.sandbox import Limits, Sandbox

PROMPT = "def twice(x):\n"
TEST = "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(-1) == -2\n"
PROBLEMS = pd.DataFrame(
    [
        ("a", PROMPT, "twice", "    return x + x\n", TEST, ""),
        ("b", PROMPT, "twice", "    return x * x\n", TEST, ""),
        ("never", PROMPT, "twice", "    return 2 * x\n", "def check(candidate):\n    while True: pass\n", ""),
        ("unsolved", PROMPT, "twice", "", TEST, ""),
    ],
    columns=list(COLUMNS),
)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(Limits(cpu_seconds=1), workers=2) as running:
        yield running


def test_programs_are_counted(sandbox):
    bodies = ["    return 2 * x\n", "    return x\n", "    return y\n", "    return (\n", "    while True: pass\n"]
    wrong = ["    import os; os._exit(0)\n", "    return type('E', (), {'__eq__': lambda s, o: True})()\n"]
    programs = [[PROMPT + body for body in [*bodies, *wrong, bodies[0]]]]
    graded = grade(PROBLEMS[:1], programs, sandbox)
    assert graded.correct.tolist() == [2]
    assert graded.samples == 8
    assert graded.distinct == 7
    assert graded.outcomes["passed"] == 2
    assert graded.outcomes["timeout"] == 1
    assert sum(graded.outcomes.values()) == 8


def test_equal_programs_run_once():
    class Counting:
        def run(self, tasks, progress):
            self.tasks = tasks
            return []

    counting = Counting()
    programs = [["x = ("] * 3, ["y = ["] * 3]
    assert grade(PROBLEMS[:2], programs, counting).outcomes == {"error": 6}
    assert counting.tasks == []


def test_problems_that_their_own_solution_does_not_solve(sandbox):
    found = unsolvable(PROBLEMS, sandbox)
    assert list(found) == ["b", "never"]
    assert found["b"].startswith("failed")
    assert found["never"].startswith("timeout")


def test_no_problems(sandbox):
    graded = grade(PROBLEMS[:0], [], sandbox)
    assert graded.correct.shape == (0,)
