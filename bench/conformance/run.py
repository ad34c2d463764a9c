"""All checks on all tables."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.conformance.checks import CHECKS, Subject
from bench.conformance.tables import KINDS, Case, odd_tables, random_table
from bench.errors import BenchError

if TYPE_CHECKING:
    from generators.base import Generator

RANDOM_TABLES = 10


@dataclass(frozen=True)
class Finding:
    """What one check said of one table; `problem` is None where the promise was kept."""

    table: str
    check: str
    problem: str | None


def conformance(
    make: Callable[[], Generator], *, seed: int = 0, random_tables: int = RANDOM_TABLES
) -> Iterator[Finding]:
    """Check a generator, table by table.

    A fit that refuses a table with a BenchError keeps the contract, and the other checks are left out.

    Args:
        make: a generator that is not fitted, with small settings: it is fitted about five times a table.
        seed: of the tables.
        random_tables: how many beside those with a name.
    """
    for case in [*odd_tables(seed), *random_cases(seed, random_tables)]:
        yield from check_table(make, case)


def random_cases(seed: int, count: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    for number in range(count):
        kinds = [KINDS[int(place)] for place in rng.integers(len(KINDS), size=rng.integers(1, 9))]
        yield random_table(kinds, int(rng.integers(2, 200)), number, float(rng.choice([0.0, 0.1, 0.9])))


def check_table(make: Callable[[], Generator], case: Case) -> Iterator[Finding]:
    """What every check says of one table."""
    try:
        subject = Subject.of(make, case)
    except BenchError as error:
        yield Finding(case.name, "fit", None if str(error).strip() else "refused without a reason")
        return
    except Exception as error:
        yield Finding(case.name, "fit", describe(error))
        return
    yield Finding(case.name, "fit", None)
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            check(subject)
        except Exception as error:
            yield Finding(case.name, name, describe(error))
        else:
            yield Finding(case.name, name, None)


def describe(error: Exception) -> str:
    """An error in one line, with the place where it was raised unless a check raised it."""
    message = " ".join(str(error).split())
    if isinstance(error, AssertionError) and message:
        return message
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {message} ({Path(where.filename).name}, line {where.lineno})"
