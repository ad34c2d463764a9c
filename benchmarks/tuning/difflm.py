"""How the compact DiffLM was tuned: variants of its options on validation records, never on test.

    python -m benchmarks.tuning.difflm --data-dir DIR --out variants.jsonl --dataset magic --variant bins=32,epochs=5

Every `--variant` is a comma-separated list of options that differ from the preset (an empty text is
the preset itself). A line is written for each dataset, variant and seed; lines that are there already
are not computed again, so that an interrupted search goes on. The validation part takes the place of
the test part (Adult has none: a fifth of its train rows does), and a small part of train chooses the
weights. The table that is printed at the end has the mean over seeds, with the standard error of the
mean over the samples that were drawn.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import bench
from bench.config import parse_value
from bench.records import Dataset
from evaluators.tabular.correlation import Correlation
from evaluators.tabular.density import Density
from evaluators.tabular.detection import Detection
from evaluators.tabular.mle import MachineLearningEfficiency
from evaluators.tabular.privacy import Privacy
from generators.difflm import DiffLM

HELD_OUT = 0.2
MEASURED = {
    "column_shape_error_percent": "shape %",
    "pair_trend_error_percent": "trend %",
    "xgboost_auc": "AUC",
    "catboost_auc": "CatBoost AUC",
    "xgboost_rmse_log": "RMSE of log",
    "catboost_rmse_log": "CatBoost RMSE of log",
    "c2st_xgboost_auc": "C2ST",
    "dcr_share_percent": "DCR share %",
}


def without_test(data: Dataset, seed: int = 0) -> Dataset:
    """The dataset with validation records in the place of the test records."""
    train, held_out = data.train, data.validation
    if not len(held_out):
        order = np.random.default_rng(seed).permutation(len(train))
        cut = int(HELD_OUT * len(train))
        train, held_out = (train.iloc[rows].reset_index(drop=True) for rows in (order[cut:], order[:cut]))
    return replace(data, train=train, validation=train.iloc[:0], test=held_out)


def measure(data: Dataset, records: pd.DataFrame, trials: int) -> dict[str, float]:
    """The scores of the table, by metric."""
    evaluators = (Density(), Correlation(), Detection(), Privacy(), MachineLearningEfficiency(trials=trials))
    return {
        score.metric: score.value
        for evaluator in evaluators
        for score in evaluator.evaluate(data, records, seed=0)
        if score.metric in MEASURED and score.protocol in ("harness", "tabsyn")
    }


def run(data: Dataset, options: dict[str, object], seed: int, samples: int, trials: int) -> dict[str, object]:
    """Fit one variant; its scores are means over `samples` samples of the size of train."""
    begin = time.process_time()
    generator = DiffLM(**options).fit(data, seed=seed)
    fitted = time.process_time()
    drawn = [generator.sample(len(data.train), seed=number).records for number in range(samples)]
    sampled = time.process_time()
    scores = pd.DataFrame([measure(data, records, trials) for records in drawn])
    checks = [(check.step, check.reconstruction + check.kl) for check in generator.history.checks]
    return {
        "bounds": checks,
        "scores": scores.mean().to_dict(),
        "errors": (scores.std() / samples**0.5).fillna(0.0).to_dict(),
        "fit_cpu_seconds": fitted - begin,
        "sample_cpu_seconds": (sampled - fitted) / samples,
    }


def parse_variant(text: str) -> dict[str, object]:
    pairs = (part.split("=", 1) for part in text.split(",") if part)
    return {name: parse_value(value) for name, value in pairs}


def show(lines: list[dict]) -> None:
    """The table in Markdown."""
    columns = [name for name in MEASURED if any(name in line["scores"] for line in lines)]
    print("| dataset | variant | seed | " + " | ".join(MEASURED[name] for name in columns) + " | fit s | sample s |")
    print("|" + "---|" * (len(columns) + 5))
    for line in lines:
        cells = [
            f"{line['scores'][name]:.4g} ± {line['errors'][name]:.2g} ({line['real'][name]:.4g})"
            if name in line["scores"]
            else ""
            for name in columns
        ]
        seconds = (f"{line['fit_cpu_seconds']:.0f}", f"{line['sample_cpu_seconds']:.0f}")
        print(
            f"| {line['dataset']} | {line['variant'] or 'preset'} | {line['seed']} | " + " | ".join((*cells, *seconds)),
            "|",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, help="folder of the original files; the demo tables without it")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines: one a dataset, variant and seed")
    parser.add_argument("--dataset", action="append", required=True)
    parser.add_argument("--variant", action="append", default=[])
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    lines = [json.loads(line) for line in arguments.out.read_text().splitlines()] if arguments.out.exists() else []
    real: dict[str, dict[str, float]] = {}
    done = {(line["dataset"], line["variant"], line["seed"]) for line in lines}
    for name in arguments.dataset:
        variant = "original" if arguments.data_dir else "demo"
        data = without_test(bench.load(name, variant=variant, data_dir=arguments.data_dir))
        for text in arguments.variant or [""]:
            for seed in arguments.seed or [0]:
                if (name, text, seed) in done:
                    continue
                if name not in real:
                    real[name] = measure(data, data.train, arguments.trials)
                result = run(data, parse_variant(text), seed, arguments.samples, arguments.trials)
                lines.append({"dataset": name, "variant": text, "seed": seed, "real": real[name], **result})
                with arguments.out.open("a") as file:
                    file.write(json.dumps(lines[-1]) + "\n")
    show(lines)


if __name__ == "__main__":
    main()
