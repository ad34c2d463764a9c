"""A stand-in for Python instruction data: little functions with docstrings, and problems with tests.

The problems have HumanEval's form (Chen et al. 2021, arXiv 2107.03374, appendix): a prompt to go on from, and
`check(candidate)`. Their compositions of pieces do not stand among the programs.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

from bench.datasets.demo.functions import Function, draw
from bench.errors import BenchError

ROWS = 1000
SEED = 61
PROBLEMS = 120
OF_A_COMPOSITION = 3
CASES = 6
ROUNDS = 20
DIFFICULTY = ("easy", "medium", "hard")


def simulate(rows: int, seed: int) -> pd.DataFrame:
    """`rows` different programs in the column `program`.

    Raises:
        BenchError: the grammar is too small for so many.
    """
    return simulate_pairs(rows, seed)[["program"]]


def simulate_pairs(rows: int, seed: int) -> pd.DataFrame:
    """`rows` different programs, with what each is asked to do in the column `instruction`.

    Raises:
        BenchError: the grammar is too small for so many.
    """
    rng = np.random.default_rng(seed)
    instructions: dict[str, str] = {}
    for _ in range(ROUNDS):
        functions = draw(rng, rows - len(instructions), held_out=False)
        instructions |= {
            (function.prompt + function.solution).rstrip(): f"Write a function {function.name}. {function.docstring}"
            for function in functions
        }
        if len(instructions) == rows:
            pairs = {"instruction": list(instructions.values()), "program": list(instructions)}
            return pd.DataFrame(pairs, dtype="str")
    raise BenchError(f"the grammar did not give {rows} different programs; ask for fewer rows")


def extras(seed: int) -> dict[str, pd.DataFrame]:
    """The problems: task_id, prompt, entry_point, canonical_solution, test, difficulty."""
    rng = np.random.default_rng(seed)
    problems = [
        {
            "task_id": f"demo/{i}",
            "prompt": function.prompt,
            "entry_point": function.name,
            "canonical_solution": function.solution,
            "test": check(function, rng),
            "difficulty": DIFFICULTY[function.depth],
        }
        for i, function in enumerate(choose(rng))
    ]
    return {"problems": pd.DataFrame(problems, dtype="str")}


def choose(rng: np.random.Generator) -> list[Function]:
    """`PROBLEMS` held-out functions, as many of every difficulty, each saying something else.

    Few compositions are easy, so that one may come again with other constants.
    """
    chosen: dict[str, Function] = {}
    depths: Counter[int] = Counter()
    names: Counter[str] = Counter()
    for _ in range(ROUNDS):
        for function in draw(rng, PROBLEMS, held_out=True):
            said = re.sub(rf"\b{function.argument}\b", "", function.docstring)
            full = depths[function.depth] == PROBLEMS // len(DIFFICULTY) or names[function.name] == OF_A_COMPOSITION
            if said not in chosen and not full:
                chosen[said] = function
                depths[function.depth] += 1
                names[function.name] += 1
    return list(chosen.values())


def check(function: Function, rng: np.random.Generator) -> str:
    """Assertions whose expected values come from the meaning of the function, not from its text."""
    results: dict[str, str] = {}
    while len(results) < CASES:
        given = function.example(rng)
        results[repr(given)] = repr(function.meaning(given))
    lines = (f"    assert candidate({given}) == {result}" for given, result in results.items())
    return "\n".join(["def check(candidate):", *lines, ""])
