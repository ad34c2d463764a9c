"""What machine-learning efficiency costs, in one run: python -m benchmarks.mle [--data-dir DIR]

Adult, real train rows in place of synthetic ones: the protocol `harness` with one worker and with two
and their ratio, then the parts on their own. With --data-dir the original file, without it the demo's.
Beside another busy process the ratio of CPU seconds to wall seconds says what a free machine would do.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import bench
from bench.records import Dataset
from evaluators.tabular.encode import fit_encoding
from evaluators.tabular.linear import Linear
from evaluators.tabular.mle import MachineLearningEfficiency
from evaluators.tabular.models import CatBoost, Problem, XGBoost


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def evaluation(data: Dataset, **options: object) -> Callable[[], object]:
    return lambda: MachineLearningEfficiency(**options).evaluate(data, data.train)


def one_fit(data: Dataset, learner: XGBoost | CatBoost | Linear) -> Callable[[], object]:
    encoding = fit_encoding(data.train, data.schema)
    examples = encoding.examples(data.train)
    problem = Problem(encoding.categorical, len(encoding.classes), 1, 0)
    return lambda: learner.fit(problem, learner.defaults, 200, examples, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir")
    folder = parser.parse_args().data_dir
    data = bench.load("adult", variant="original" if folder else "demo", data_dir=folder)
    work = {
        "harness, 1 worker": evaluation(data, workers=1),
        "harness, 2 workers": evaluation(data, workers=2),
        "tabsyn, 2 workers": evaluation(data, workers=2, protocols=("tabsyn",)),
        "one fit, xgboost": one_fit(data, XGBoost()),
        "one fit, catboost": one_fit(data, CatBoost()),
        "one fit, linear": one_fit(data, Linear()),
    }
    print(f"Adult, {data.source.variant}: {len(data.train)} train and {len(data.test)} test rows\n")
    print(f"{'':<20}{'seconds':>10}{'CPU seconds':>14}")
    wall = {}
    for name, one in work.items():
        wall[name], cpu = spent(one)
        print(f"{name:<20}{wall[name]:>10.2f}{cpu:>14.2f}", flush=True)
    print(f"\none worker takes {wall['harness, 1 worker'] / wall['harness, 2 workers']:.2f} times as long as two")


if __name__ == "__main__":
    main()
