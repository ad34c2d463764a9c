"""One warm sandbox for all tests of a file: starting workers costs more than running a program."""

import pytest

from evaluators.code.sandbox import Limits, Sandbox, Task

LIMITS = Limits(wall_seconds=20, cpu_seconds=1, memory_bytes=256 * 2**20, file_bytes=2**20, output_bytes=2000)

TEST = "def check(candidate):\n    assert candidate(20) == 400\n    assert candidate(30) == 900\n"
HONEST = Task("def f(x):\n    return x * x\n", TEST, "f")
FALSE = "def f(x):\n    return None\n"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(LIMITS, workers=2) as sandbox:
        yield sandbox


@pytest.fixture
def run(sandbox):
    return lambda task: sandbox.run([task])[0]
