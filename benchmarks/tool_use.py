"""What a language model learns from tools: real ones, token-shuffled ones, none.

    python -m benchmarks.tool_use [--variant original] [--seeds 1] [--bfcl FILE] [--set NAME=VALUE ...]

Prints every share of `evaluators.tool.tool_use` in percent with its standard error, beside the untrained base and
chance, and the CPU seconds of an arm. `--set` changes options of the evaluator (`train_tokens=1200000`). The originals
are read from BENCH_DATA_DIR. Set OMP_NUM_THREADS=1 to compare seconds.
"""

from __future__ import annotations

import argparse
import ast
import time

import numpy as np

from bench.datasets import load
from bench.records import Dataset
from evaluators.base import Score
from evaluators.tool.tool_use import ToolUse
from generators.marginals import Marginals

SHARES = ("selection_accuracy", "held_out_selection_accuracy", "call_accuracy")
CHANCES = ("selection_chance_percent", "held_out_selection_chance_percent")


def run(data: Dataset, arm: str, evaluator: ToolUse, seed: int) -> tuple[dict[str, Score], float]:
    """The scores of an arm by name, and its CPU seconds."""
    records = data.train
    if arm == "shuffled":
        shuffled = Marginals()
        shuffled.fit(data, seed=seed)
        records = shuffled.sample(len(data.train), seed=seed).records
    start = time.process_time()
    scores = evaluator.evaluate(data, records, seed=seed)
    return {score.metric: score for score in scores}, time.process_time() - start


def cell(scores: list[Score]) -> str:
    """Mean over seeds and the mean standard error of drawing the queries."""
    values = [score.value for score in scores]
    return f"{np.mean(values):6.1f} ± {np.mean([score.stderr for score in scores]):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--variant", choices=["demo", "original"], default="demo")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--bfcl", default="")
    parser.add_argument("--set", nargs="*", default=[])
    options = parser.parse_args()
    chosen = {name: ast.literal_eval(value) for name, value in (pair.split("=", 1) for pair in options.set)}
    data = load("toolbench", variant=options.variant)
    evaluator = ToolUse(bfcl=options.bfcl, **chosen)
    found: dict[str, list[dict[str, Score]]] = {"real": [], "shuffled": []}
    for seed in range(options.seeds):
        for arm, rows in found.items():
            scores, seconds = run(data, arm, evaluator, seed)
            rows.append(scores)
            print(f"{arm}, seed {seed}: {seconds:.0f} CPU s", flush=True)
    shares = [*SHARES, *sorted({m.removesuffix("_percent") for m in found["real"][0] if m.startswith("bfcl_")})]
    shares = [share for share in shares if not share.endswith("_base")]
    print(f"\n{'':<34}" + "".join(f"{name:>16}" for name in ("real", "shuffled", "base")))
    for share in shares:
        row = [cell([scores[f"{share}_percent"] for scores in rows]) for rows in found.values()]
        row.append(cell([scores[f"{share}_base_percent"] for scores in found["real"]]))
        print(f"{share:<34}" + "".join(f"{text:>16}" for text in row))
    for name in CHANCES:
        print(f"{name:<34}{found['real'][0][name].value:>16.1f}")
    for arm, rows in found.items():
        print(f"{arm}: {rows[0]['selection_accuracy_percent'].details.get('groups')}")
        print(f"{arm}: {rows[0]['call_accuracy_percent'].details.get('wrong')}")


if __name__ == "__main__":
    main()
