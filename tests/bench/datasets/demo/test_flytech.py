"""Generated programs run, problems hold, and a test tells right from wrong."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from bench.datasets.demo import flytech, functions
from bench.errors import BenchError


@pytest.fixture(scope="module")
def programs():
    return flytech.simulate(flytech.ROWS, flytech.SEED).program


@pytest.fixture(scope="module")
def problems():
    return flytech.extras(flytech.SEED)["problems"]


def run(program: str, name: str):
    """What `name` is after the program ran."""
    space: dict = {}
    exec(program, space)
    return space[name]


def passes(check, candidate) -> bool:
    try:
        check(candidate)
    except (AssertionError, TypeError, ValueError, AttributeError, IndexError):
        return False
    return True


def test_seed_decides_the_programs():
    assert_frame_equal(flytech.simulate(50, 1), flytech.simulate(50, 1))
    assert set(flytech.simulate(50, 1).program) != set(flytech.simulate(50, 2).program)
    assert_frame_equal(flytech.extras(1)["problems"], flytech.extras(1)["problems"])
    assert not flytech.extras(1)["problems"].equals(flytech.extras(2)["problems"])


def test_programs_are_different_little_functions_with_docstrings(programs):
    assert programs.is_unique
    assert len(programs) == flytech.ROWS
    assert programs.str.len().between(80, 400).all()
    assert (programs.str.count("\n") + 1).between(3, 12).all()
    for program in programs:
        (function,) = ast.parse(program).body
        assert isinstance(function, ast.FunctionDef)
        assert ast.get_docstring(function)


def test_programs_mean_what_the_grammar_says():
    rng = np.random.default_rng(9)
    for function in functions.draw(rng, 500, held_out=False):
        candidate = run(function.prompt + function.solution, function.name)
        for _ in range(3):
            given = function.example(rng)
            assert candidate(given) == function.meaning(given), function.prompt


def test_canonical_solutions_pass_and_broken_ones_fail(problems):
    assert len(problems) >= 60
    assert problems.task_id.is_unique
    assert set(problems.difficulty) == set(flytech.DIFFICULTY)
    for problem in problems.itertuples():
        check = run(problem.test, "check")
        assert passes(check, run(problem.prompt + problem.canonical_solution, problem.entry_point))
        assert not passes(check, run(problem.prompt + "    return None\n", problem.entry_point))


def test_solutions_of_other_problems_fail(problems):
    """The tests tell compositions apart: hardly a solution passes where another is asked for."""
    checks = [run(problem.test, "check") for problem in problems.itertuples()]
    solutions = [run(p.prompt + p.canonical_solution, p.entry_point) for p in problems.itertuples()]
    right = np.array([[passes(check, solution) for solution in solutions] for check in checks])
    assert right.diagonal().all()
    assert right[~np.eye(len(right), dtype=bool)].mean() < 0.01


def test_problems_are_held_out_but_every_piece_is_seen(programs, problems):
    names = set(programs.str.extract(r"def (\w+)")[0])
    assert not names & set(problems.entry_point)
    for _, slots in functions.FAMILIES:
        seen = functions.compositions(slots, held_out=False)
        held = functions.compositions(slots, held_out=True)
        assert held
        assert not set(seen) & set(held)
        assert all(piece in {chosen[i] for chosen in seen} for i, slot in enumerate(slots) for piece in slot)


def test_more_programs_than_there_are_end_in_an_error(monkeypatch):
    monkeypatch.setattr(functions, "FAMILIES", functions.FAMILIES[-1:])
    with pytest.raises(BenchError, match="ask for fewer rows"):
        flytech.simulate(600, 1)
