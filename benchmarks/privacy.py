"""How long privacy and coverage take, part by part, and how much memory they need, in one run.

    python -m benchmarks.privacy [--rows 32561]
    python -m benchmarks.privacy --wide [--rows 1000000] [--queries 512]

The table has the shape of Adult (`benchmarks.evaluators`). `--wide` searches the two nearest of
`--rows` rows of 25 numbers and 25 categories for some queries: memory is what counts there.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from bench.progress import Task
from bench.records import Column, Schema
from benchmarks.evaluators import adult_shaped
from evaluators.tabular.closeness import PROTOCOLS, Sides, closeness
from evaluators.tabular.coverage import Coverage
from evaluators.tabular.membership import membership
from evaluators.tabular.nearest import nearest
from evaluators.tabular.points import TABSYN, encode
from evaluators.tabular.privacy import Privacy


def report(name: str, work: Callable[[], object]) -> None:
    """Run once and print wall and CPU seconds; peak memory is that of the process so far."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    gibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name:<34}{wall:>10.1f}{cpu:>10.1f}{gibibytes:>10.2f}", flush=True)


def whole(rows: int) -> None:
    data, synthetic = adult_shaped(rows)
    schema, train, test = data.schema, data.train, data.test
    sides = Sides(*encode(schema, train, train, test, synthetic), rows, rows)
    report("two nearest, synthetic to train", lambda: nearest(sides.synthetic, sides.train, TABSYN, 2, Task()))
    for protocol in PROTOCOLS:
        report(f"DCR and NNDR, {protocol}", lambda p=protocol: closeness(sides, len(schema.columns), p, Task()))
    report("membership", lambda: membership(sides.train, sides.holdout, sides.synthetic, rows, 0, Task()))
    report("privacy, all", lambda: Privacy().evaluate(data, synthetic))
    report("coverage, all", lambda: Coverage().evaluate(data, synthetic))


def wide(rows: int, queries: int) -> None:
    rng = np.random.default_rng(0)
    frame = {f"number {i}": rng.normal(size=rows) for i in range(25)}
    frame |= {f"category {i}": pd.Series(rng.integers(10, size=rows)).astype("str") for i in range(25)}
    schema = Schema(tuple(Column(name, "real" if name.startswith("n") else "categorical") for name in frame))
    train = pd.DataFrame(frame)
    del frame
    report("encode", lambda: encode(schema, train, train.iloc[:queries], train))
    asked, reference = encode(schema, train, train.iloc[:queries], train)
    report(f"two nearest of {queries} queries", lambda: nearest(asked, reference, TABSYN, 2, Task()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int)
    parser.add_argument("--wide", action="store_true")
    parser.add_argument("--queries", type=int, default=512)
    options = parser.parse_args()
    rows = options.rows or (1_000_000 if options.wide else 32_561)
    print(f"{rows} rows\n{'':<34}{'seconds':>10}{'CPU s':>10}{'peak GiB':>10}")
    if options.wide:
        wide(rows, options.queries)
    else:
        whole(rows)


if __name__ == "__main__":
    main()
