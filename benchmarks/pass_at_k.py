"""What pass@k of the compact model is, and what it costs: trained on real programs, on shuffled ones, and on nothing.

    python -m benchmarks.pass_at_k [--seeds 0 1] [--set width=64 train_tokens=300000]
    python -m benchmarks.pass_at_k --file programs.jsonl --field output

The data are the stand-in for Flytech, or the programs in one field of a jsonl file (80 % of them are train). The
problems are the embedded ones, of which programs of other origin teach little. CPU seconds are those of this process
and of the sandbox; set `OMP_NUM_THREADS=1` to compare.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

import bench
from bench.config import parse_overrides
from bench.datasets.jsonl import read_jsonl
from bench.records import Column, Dataset, Schema, Source
from evaluators.base import Score
from evaluators.code import pass_at_k
from evaluators.code.pass_at_k import PassAtK
from generators.marginals import Marginals

TRAIN_SHARE = 0.8


def programs_of(path: Path, field: str) -> Dataset:
    """The programs of a jsonl file as a dataset without validation records."""
    frame = pd.DataFrame({"program": read_jsonl(path)[field].astype("str")})
    order = np.random.default_rng(0).permutation(len(frame))
    cut = int(TRAIN_SHARE * len(frame))
    train, test = (frame.iloc[part].reset_index(drop=True) for part in (order[:cut], order[cut:]))
    schema = Schema((Column("program", "text"),))
    return Dataset(path.stem, "code", schema, train, test.iloc[:0], test, "harness", 0, Source("file"), str(path))


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def row(arm: str, scores: dict[str, Score], suffix: str, seconds: float) -> str:
    one = scores[f"pass_at_1{suffix}_percent"]
    values = [
        f"{score.value:.1f} ± {score.stderr:.1f}" for name, score in scores.items() if ("_base" in name) == bool(suffix)
    ]
    levels = " / ".join(f"{value:.0f}" for value in one.details["by_difficulty"].values())
    outcomes = ", ".join(f"{count} {status}" for status, count in one.details["outcomes"].items())
    names = "/".join(one.details["by_difficulty"])
    return f"| {arm} | {' | '.join(values)} | {levels} ({names}) | {outcomes} | {seconds:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--field", default="output")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--set", nargs="*", default=[], help="options of pass_at_k")
    given = parser.parse_args()
    data = programs_of(given.file, given.field) if given.file else bench.load("flytech")
    evaluator = PassAtK(**parse_overrides(given.set))
    ks = [k for k in pass_at_k.KS if k <= evaluator.config.samples]
    print(f"{data.name}: {len(data.train)} train programs, {evaluator.config.train_tokens:,} tokens")
    print("| arm, seed | " + " | ".join(f"pass@{k} %" for k in ks) + " | by difficulty | outcomes | CPU s |")
    for seed in given.seeds:
        shuffled = Marginals().fit(data, seed=seed).sample(len(data.train), seed=seed).records
        for arm, records in (("real", data.train), ("shuffled", shuffled)):
            before = cpu_seconds()
            scores = {score.metric: score for score in evaluator.evaluate(data, records, seed=seed)}
            spent = cpu_seconds() - before
            # the base is computed with the first arm of a seed
            label = f"{arm}, {seed}" + (" (with the base)" if arm == "real" else "")
            print(row(label, scores, "", spent), flush=True)
        print(row(f"base, {seed}", scores, "_base", 0), flush=True)


if __name__ == "__main__":
    main()
