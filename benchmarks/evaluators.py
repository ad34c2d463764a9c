"""How fast the evaluators are: rows a second and the cost of each beside density, in one run.

    python -m benchmarks.evaluators [--rows 32561] [--trials 12]

The table has the shape of Adult: 6 integer and 9 categorical columns, the last one the target.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from bench.frames import conform
from bench.records import Column, Dataset, Schema, Source
from evaluators.base import Evaluator
from evaluators.tabular.correlation import Correlation
from evaluators.tabular.density import Density
from evaluators.tabular.mle import MachineLearningEfficiency
from evaluators.tabular.validity import TabularValidity

CATEGORIES = (9, 16, 7, 15, 6, 5, 2, 42)
REPEATS = 3


def table(rows: int, seed: int, schema: Schema) -> pd.DataFrame:
    """Columns that hang on two hidden numbers, with gaps in some of them."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(rows, 2))
    columns: dict[str, object] = {}
    for index, name in enumerate(schema.numeric):
        number = np.exp(1 + index / 2 + 0.5 * hidden[:, index % 2] + 0.5 * rng.normal(size=rows))
        columns[name] = np.round(number).astype(int)
    for index, (name, size) in enumerate(zip(schema.categorical, CATEGORIES, strict=False)):
        level = np.abs(hidden[:, index % 2] + 0.5 * rng.normal(size=rows)) * size / 3
        columns[name] = pd.Series(np.minimum(level.astype(int), size - 1)).astype("str").mask(rng.random(rows) < 0.02)
    columns["target"] = np.where(hidden.sum(axis=1) + rng.normal(size=rows) > 1, "yes", "no")
    return conform(pd.DataFrame(columns), schema)


def seconds(work: Evaluator, data: Dataset, synthetic: pd.DataFrame, repeats: int) -> float:
    """Best of `repeats` evaluations."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work.evaluate(data, synthetic)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=32561)
    parser.add_argument("--trials", type=int, default=12)
    options = parser.parse_args()
    integers = [Column(f"integer {i}", "integer") for i in range(6)]
    categories = [Column(f"category {i}", "categorical") for i in range(len(CATEGORIES))]
    schema = Schema((*integers, *categories, Column("target", "categorical")), "target", "classification")
    train, synthetic, test = (table(options.rows, seed, schema) for seed in range(3))
    data = Dataset("benchmark", "tabular", schema, train, train.iloc[:0], test, "harness", 0, Source("demo"), "")
    work = {
        "density": (Density(), REPEATS),
        "correlation": (Correlation(), REPEATS),
        "validity": (TabularValidity(), REPEATS),
        "mle": (MachineLearningEfficiency(trials=options.trials), 1),
    }
    spent = {name: seconds(evaluator, data, synthetic, repeats) for name, (evaluator, repeats) in work.items()}
    print(f"{options.rows} real and synthetic rows, {len(schema.columns)} columns, {options.trials} trials\n")
    print(f"{'evaluator':<12}{'seconds':>10}{'rows/s':>12}{'x density':>11}")
    for name, time_spent in spent.items():
        print(f"{name:<12}{time_spent:>10.3f}{options.rows / time_spent:>12,.0f}{time_spent / spent['density']:>11.1f}")


if __name__ == "__main__":
    main()
