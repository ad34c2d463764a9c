"""What every evaluator of tables costs with its default options, in one run.

    python -m benchmarks.evaluators [--data-dir DIR] [--rows 32561] [--evaluator NAME ...]

With --data-dir on the original Adult, where a tenth of the values of every column of the synthetic rows
stands in another row; without it on a table of Adult's shape: 6 integer and 9 categorical columns, the
last one the target. The last line is the sum without machine-learning efficiency.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

import bench
from bench.choose import choose
from bench.frames import conform
from bench.records import Column, Dataset, Schema, Source
from bench.registry import plug_ins

CATEGORIES = (9, 16, 7, 15, 6, 5, 2, 42)
REPEATS = 3
MOVED = 0.1


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


def adult_shaped(rows: int) -> tuple[Dataset, pd.DataFrame]:
    """A dataset of Adult's shape, half as many test rows as train rows, and synthetic rows of its distribution."""
    integers = [Column(f"integer {i}", "integer") for i in range(6)]
    categories = [Column(f"category {i}", "categorical") for i in range(len(CATEGORIES))]
    schema = Schema((*integers, *categories, Column("target", "categorical")), "target", "classification")
    train, synthetic, test = (table(size, seed, schema) for seed, size in enumerate((rows, rows, rows // 2)))
    data = Dataset("benchmark", "tabular", schema, train, train.iloc[:0], test, "harness", 0, Source("demo"), "")
    return data, synthetic


def shaken(train: pd.DataFrame) -> pd.DataFrame:
    """The rows with a tenth of the values of every column exchanged among them."""
    rng = np.random.default_rng(0)
    moved = train.copy()
    for name in train:
        rows = np.flatnonzero(rng.random(len(train)) < MOVED)
        moved.loc[rows, name] = train[name].array.take(rng.permutation(rows))
    return moved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=32561)
    parser.add_argument("--data-dir")
    parser.add_argument("--evaluator", nargs="*")
    options = parser.parse_args()
    if options.data_dir:
        data = bench.load("adult", variant="original", data_dir=options.data_dir)
        synthetic = shaken(data.train)
    else:
        data, synthetic = adult_shaped(options.rows)
    print(f"{len(data.train)} real and {len(synthetic)} synthetic rows, {len(data.schema.columns)} columns\n")
    print(f"{'evaluator':<12}{'wall s':>10}{'CPU s':>10}")
    sums = np.zeros(2)
    for name, chosen in choose("evaluators", options.evaluator or plug_ins("evaluators"), {}).items():
        if data.family not in chosen.families:
            continue
        start = np.array([time.perf_counter(), time.process_time()])
        chosen.make().evaluate(data, synthetic)
        spent = np.array([time.perf_counter(), time.process_time()]) - start
        sums += 0 if name == "mle" else spent
        print(f"{name:<12}{spent[0]:>10.2f}{spent[1]:>10.2f}", flush=True)
    print(f"{'without mle':<12}{sums[0]:>10.2f}{sums[1]:>10.2f}")


if __name__ == "__main__":
    main()
