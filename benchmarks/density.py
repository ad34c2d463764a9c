"""How fast shapes, trends, three-way marginals and detection are, beside SDMetrics.

    python -m benchmarks.density [--rows 32561] [--sdmetrics sdmetrics-old/bin/python sdmetrics-new/bin/python]

The table has the shape of Adult (`benchmarks/evaluators.py`). `--sdmetrics` names the Pythons of environments
that have it (`benchmarks/parity/shapes_and_trends.py` says how to make them); its shapes and trends are then
timed on the same rows, one after the other. Ours are timed with both binnings and with their standard errors,
which theirs do not have. Seconds are the best of three, wall and CPU; set `OMP_NUM_THREADS=1` to compare.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bench.records import Dataset
from benchmarks.evaluators import REPEATS, adult_shaped
from evaluators.jackknife import assign_groups
from evaluators.tabular import correlation
from evaluators.tabular.codes import category_codes, numbers
from evaluators.tabular.constraints import Constraints
from evaluators.tabular.correlation import Correlation
from evaluators.tabular.density import Density
from evaluators.tabular.detection import Detection
from evaluators.tabular.three_way import three_way_errors
from evaluators.tabular.validity import TabularValidity

RULES = "".join(f'[[rule]]\nleft = "integer {i}"\noperator = "<="\nright = "integer {i + 1}"\n' for i in range(5))


def shapes_and_trends(data: Dataset, synthetic: pd.DataFrame) -> None:
    """What SDMetrics' report computes, under both protocols."""
    Density().evaluate(data, synthetic)
    group, schema = assign_groups(len(synthetic), 0), data.schema
    real, ours = ({name: numbers(part[name]) for name in schema.numeric} for part in (data.train, synthetic))
    categories = {name: category_codes(data.train[name], synthetic[name]) for name in schema.categorical}
    for cut in (correlation.harness_bins, correlation.sdmetrics_bins):
        cuts = {name: cut(real[name], ours[name]) for name in schema.numeric}
        correlation.contingency_errors(schema, categories | cuts, group)
        correlation.linear_errors(real, ours, group, undefined=True)


def three_way(data: Dataset, synthetic: pd.DataFrame) -> None:
    group, schema = assign_groups(len(synthetic), 0), data.schema
    codes = {}
    for name in schema.names:
        pair = data.train[name], synthetic[name]
        numeric = name in schema.numeric
        codes[name] = correlation.harness_bins(*map(numbers, pair)) if numeric else category_codes(*pair)
    three_way_errors(codes, group, 0)


def best(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Least wall and CPU seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    wall, processor = (min(column) for column in zip(*times, strict=True))
    return wall, processor


def sdmetrics(python: str, data: Dataset, synthetic: pd.DataFrame) -> dict[str, float]:
    """Seconds of SDMetrics in the environment of that Python."""
    script = Path(__file__).parent / "parity" / "shapes_and_trends.py"
    with tempfile.TemporaryDirectory() as folder:
        data.train.to_csv(Path(folder, "real.csv"), index=False)
        synthetic.to_csv(Path(folder, "synthetic.csv"), index=False)
        kinds = {c.name: "numerical" if c.numeric else "categorical" for c in data.schema.columns}
        Path(folder, "ours.json").write_text(json.dumps({"kinds": kinds}), encoding="utf-8")
        done = subprocess.run(
            [python, str(script), "time", "--folder", folder], capture_output=True, text=True, check=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=32561)
    parser.add_argument("--sdmetrics", nargs="*", default=[])
    options = parser.parse_args()
    data, synthetic = adult_shaped(options.rows)
    work: dict[str, tuple[Callable[[], object], int]] = {
        "shapes + trends": (lambda: shapes_and_trends(data, synthetic), REPEATS),
        "three-way": (lambda: three_way(data, synthetic), REPEATS),
    }
    for evaluator in (Density(), Correlation(), TabularValidity(), Constraints(rules=RULES), Detection()):
        name = type(evaluator).__name__
        work[name] = (lambda one=evaluator: one.evaluate(data, synthetic), 1 if name == "Detection" else REPEATS)
    print(f"{options.rows} real and as many synthetic rows, {len(data.schema.columns)} columns\n")
    print(f"{'':<24}{'wall s':>9}{'CPU s':>9}{'CPU x ours':>12}")
    spent = {name: best(one, repeats) for name, (one, repeats) in work.items()}
    for name, (wall, processor) in spent.items():
        print(f"{name:<24}{wall:>9.2f}{processor:>9.2f}")
    for python in options.sdmetrics:
        theirs = sdmetrics(python, data, synthetic)
        ratio = theirs["cpu_seconds"] / spent["shapes + trends"][1]
        name = f"SDMetrics {theirs['version']}"
        print(f"{name:<24}{theirs['wall_seconds']:>9.2f}{theirs['cpu_seconds']:>9.2f}{ratio:>12.1f}")


if __name__ == "__main__":
    main()
