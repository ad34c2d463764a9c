"""How many short programs a second the sandbox runs, each with a test in HumanEval's form, and what one costs.

    python -m benchmarks.sandbox [--programs 600] [--workers 2]

Wall time depends on what else the machine does; CPU seconds hardly do. The last column is CPU time against that of
starting a fresh `python -I -S` for every program with its test in the same process, which protects from nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable

from evaluators.code.sandbox import LAYERS, Sandbox, Task

PROGRAM = "def second_largest(values):\n    return sorted(set(values))[-2]\n"
TEST = "def check(candidate):\n" + "".join(f"    assert candidate([3, 1, {n}, {n}]) == 3\n" for n in range(4, 10))


def spent() -> float:
    """CPU seconds of this process and of all the children that it has waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def in_sandbox(programs: int, workers: int, layers: tuple[str, ...]) -> float:
    """Wall seconds, without those of the start."""
    with Sandbox(workers=workers, layers=layers) as sandbox:
        start = time.perf_counter()
        outcomes = sandbox.run([Task(PROGRAM, TEST, "second_largest")] * programs)
        wall = time.perf_counter() - start
    wrong = [outcome for outcome in outcomes if outcome.status != "passed"]
    assert not wrong, wrong[0]
    return wall


def in_fresh_processes(programs: int) -> float:
    source = f"{PROGRAM}\n{TEST}\ncheck(second_largest)\n"
    start = time.perf_counter()
    for _ in range(programs):
        subprocess.run([sys.executable, "-I", "-S", "-c", source], check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", type=int, default=600)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    n = options.programs
    runs: dict[str, Callable[[], float]] = {
        "a fresh process each": lambda: in_fresh_processes(n),
        "every layer": lambda: in_sandbox(n, options.workers, LAYERS),
        "without namespaces": lambda: in_sandbox(n, options.workers, ("landlock", "seccomp", "user")),
        "limits only": lambda: in_sandbox(n, options.workers, ()),
    }
    print(f"{n} programs, {options.workers} workers, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(f"{'':<24}{'programs/s':>12}{'CPU ms each':>13}{'CPU x fresh':>13}")
    first = 0.0
    for name, run in runs.items():
        before = spent()
        wall = run()
        each = 1000 * (spent() - before) / n
        first = first or each
        print(f"{name:<24}{n / wall:>12.0f}{each:>13.2f}{each / first:>13.2f}")


if __name__ == "__main__":
    main()
