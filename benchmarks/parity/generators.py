"""Our generators beside their authors' packages: the same train rows, the same number of optimiser steps and of
records a step, one thread each, scored by the same evaluators on the same test rows.

    python -m benchmarks.parity.generators run --pair ctgan,tvae --dataset adult,default,beijing --data-dir data
    python -m benchmarks.parity.generators table

`run` makes an environment for a package (`packages/NAME.txt`, and what asks for releases of others that it does not
need in `packages/NAME.no-deps.txt`), fits the package there (`packages/NAME.py`, which
imports nothing of ours) and ours here, one after the other, draws as many records as train has and scores both. What
has been done stays in the folder and is not done again. `table` prints what lies there, means over the seeds.
CPU seconds are those of the process that fits; a training step's speed leaves out what precedes the first step.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

import bench
from bench.choose import chosen
from bench.frames import conform
from bench.progress import Progress, Task
from bench.records import Dataset

PACKAGES = Path(__file__).parent / "packages"
METRICS = {
    ("column_shape_error_percent", "harness"): "shape error %",
    ("pair_trend_error_percent", "harness"): "trend error %",
    ("xgboost_auc", "harness"): "XGBoost AUC",
    ("xgboost_rmse_log", "harness"): "XGBoost log RMSE",
}
LEAST_RECORDS = 200
EVALUATORS: dict[str, dict[str, Any]] = {"density": {}, "correlation": {}, "mle": {"trials": 3}}


@dataclass(frozen=True)
class Pair:
    """One of our generators and a package.

    Args:
        package: script and requirements of that name in `packages`.
        generator: registered name of ours.
        options: of ours.
        theirs: of the script.
    """

    package: str
    generator: str
    options: dict[str, Any]
    theirs: dict[str, Any] = field(default_factory=dict)


# a network of the size that fits the budget on both sides
SMALL_DDPM = {"steps": 1500, "batch": 1024, "timesteps": 100, "learning_rate": 2e-3}
SMALL_TABSYN = {"steps": 1000, "batch": 256, "diffusion_steps": 2000, "diffusion_batch": 512, "width": 256}
SMALL_GPT = {"steps": 400, "batch": 16, "width": 64, "layers": 2, "heads": 2, "learning_rate": 3e-3}

PAIRS: dict[str, Pair] = {
    "copula": Pair("copulas", "copula", {}),
    "ctgan": Pair("ctgan", "ctgan", {"steps": 1000}, {"model": "ctgan", "steps": 1000}),
    "tvae": Pair("ctgan", "tvae", {"steps": 2000}, {"model": "tvae", "steps": 2000}),
    "tabddpm": Pair(
        "synthcity_ddpm", "tabddpm", SMALL_DDPM | {"layers": [256] * 3}, SMALL_DDPM | {"layers": 3, "width": 256}
    ),
    "codi": Pair("katabatic_codi", "codi", {"steps": 640, "batch": 1024}, {"steps": 640, "batch": 1024}),
    "goggle": Pair("goggle", "goggle", {"steps": 600}, {"steps": 600}),
    "tabsyn": Pair(
        "tabsyn",
        "tabsyn",
        {
            **SMALL_TABSYN,
            **{"schedule": "budget", "network": "residual", "ema_decay": 0.99},
            **{"learning_rate": 5e-3, "diffusion_learning_rate": 2e-3, "least_beta": 1e-3},
        },
        SMALL_TABSYN,
    ),
    "great": Pair(
        "great",
        "great",
        SMALL_GPT | {"temperature": 1.0, "top_k": 0},
        SMALL_GPT | {"vocabulary": 1000, "sampling_seconds": 60},
    ),
}


class Watch(Progress):
    """Notes the CPU seconds at which the first piece of counted work starts."""

    def __init__(self) -> None:
        self.first: float | None = None

    def task(self, description: str, total: int, unit: str = "steps") -> Task:
        self.first = time.process_time() if self.first is None else self.first
        return Task()


def load(dataset: str, data_dir: str | None) -> Dataset:
    return bench.load(dataset, variant="original", data_dir=data_dir)


def write_request(pair: Pair, data: Dataset, seed: int, folder: Path) -> Path:
    """What the package is asked for, with the train rows beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    data.train.to_csv(folder / "train.csv", index=False)
    request = {
        "train": str(folder.resolve() / "train.csv"),
        "categorical": data.schema.categorical,
        "integer": [column.name for column in data.schema.columns if column.kind == "integer"],
        "target": data.schema.target,
        "task": data.schema.task,
        "records": len(data.train),
        "seed": seed,
        "options": pair.theirs,
        "out": str(folder.resolve() / "theirs"),
    }
    (folder / "request.json").write_text(json.dumps(request, indent=1), encoding="utf-8")
    return folder / "request.json"


def environment(package: str, folder: Path) -> Path:
    """The Python of a package's own environment, made where there is none."""
    python = folder.resolve() / package / "bin" / "python"
    ready = python.parent.parent / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parent.parent)], check=True)
        for name, options in ((f"{package}.txt", []), (f"{package}.no-deps.txt", ["--no-deps"])):
            if (PACKAGES / name).exists():
                command = [str(python), "-m", "pip", "install", "--quiet", *options, "-r", str(PACKAGES / name)]
                subprocess.run(command, check=True)
        ready.touch()
    return python


def fit_theirs(python: Path, script: Path, request: Path) -> None:
    out = request.parent / "theirs"
    out.mkdir(exist_ok=True)
    with (out / "log").open("w", encoding="utf-8") as log:
        subprocess.run([str(python), str(script), str(request)], check=True, stdout=log, stderr=log)


def fit_ours(pair: Pair, data: Dataset, seed: int, out: Path) -> None:
    """Our records, and what they cost; in a process of its own."""
    out.mkdir(exist_ok=True)
    generator = chosen("generators", pair.generator, pair.options).make()
    watch = Watch()
    begin = time.perf_counter(), time.process_time()
    generator.fit(data, seed=seed, progress=watch)
    fitted = time.perf_counter(), time.process_time()
    sample = generator.sample(len(data.train), seed=seed)
    done = time.perf_counter(), time.process_time()
    sample.records.to_csv(out / "synthetic.csv", index=False)
    cost = {
        "package": "difflm-bench",
        "prepare_cpu_seconds": (watch.first or fitted[1]) - begin[1],
        "fit_wall_seconds": fitted[0] - begin[0],
        "fit_cpu_seconds": fitted[1] - begin[1],
        "sample_wall_seconds": done[0] - fitted[0],
        "sample_cpu_seconds": done[1] - fitted[1],
        "attempts": sample.attempts,
    }
    (out / "cost.json").write_text(json.dumps(cost, indent=1), encoding="utf-8")


def score(data: Dataset, folder: Path) -> None:
    """Scores of the records of one side."""
    records = pd.read_csv(
        folder / "synthetic.csv",
        dtype=dict.fromkeys(data.schema.categorical, "object"),
        keep_default_na=False,
        na_values=[""],
    )
    write_scores(data, records[data.schema.names], folder)


def write_scores(data: Dataset, records: pd.DataFrame, folder: Path) -> None:
    """Scores of records, without those of a reference; none where there are too few to say anything."""
    folder.mkdir(parents=True, exist_ok=True)
    enough = len(records) >= LEAST_RECORDS
    scores = [
        {"metric": score.metric, "protocol": score.protocol, "value": score.value, "stderr": score.stderr}
        for name, options in (EVALUATORS if enough else {}).items()
        for score in chosen("evaluators", name, options).make().evaluate(data, conform(records, data.schema), seed=0)
    ]
    (folder / "scores.json").write_text(json.dumps(scores, indent=1), encoding="utf-8")


def run_pair(name: str, dataset: str, seed: int, options: argparse.Namespace) -> None:
    pair, data = PAIRS[name], load(dataset, options.data_dir)
    folder = options.folder / dataset / name / f"seed-{seed}"
    request = write_request(pair, data, seed, folder)
    if not (folder / "theirs" / "cost.json").exists():
        fit_theirs(environment(pair.package, options.folder / "environments"), PACKAGES / f"{pair.package}.py", request)
    if not (folder / "ours" / "cost.json").exists():
        command = [sys.executable, "-m", "benchmarks.parity.generators", "ours", "--pair", name, "--dataset", dataset]
        command += ["--seed", str(seed), "--folder", str(options.folder)]
        command += ["--data-dir", options.data_dir] if options.data_dir else []
        subprocess.run(command, check=True)
    real = options.folder / dataset / "real" / "seed-0" / "real"
    if not (real / "scores.json").exists():
        write_scores(data, data.train, real)
    for side in ("theirs", "ours"):
        if not (folder / side / "scores.json").exists():
            score(data, folder / side)
        print(f"{name}, {dataset}, seed {seed}, {side}: done", flush=True)


def rows(folder: Path) -> Iterator[dict[str, Any]]:
    """One row a side and seed of what was run, and one of the real train rows of every table."""
    for path in sorted(folder.glob("*/*/seed-*/*/scores.json")):
        dataset, pair, _, side = path.relative_to(folder).parts[:4]
        row: dict[str, Any] = {"dataset": dataset, "pair": pair, "side": side}
        if side != "real":
            row |= cost_of(path.parent, PAIRS[pair], theirs=path.parent.parent / "theirs")
        for entry in json.loads(path.read_text(encoding="utf-8")):
            column = METRICS.get((entry["metric"], entry["protocol"]))
            if column is not None:
                row[column] = entry["value"]
        yield row


def cost_of(side: Path, pair: Pair, theirs: Path) -> dict[str, Any]:
    """What one side of a pair took. A package may count passes, and make a few steps more than were asked for."""
    cost, package = (json.loads((folder / "cost.json").read_text(encoding="utf-8")) for folder in (side, theirs))
    records = len(pd.read_csv(side / "synthetic.csv"))
    made = pair.options if side != theirs else package
    steps = made.get("steps", 0) + made.get("diffusion_steps", 0)
    prepared = cost.get("prepare_cpu_seconds", 0.0)
    return {
        "side": "ours" if side != theirs else f"{package['package']} {package['version']}",
        "steps": steps or float("nan"),
        "records a step": package["records_per_step"],
        "prepare CPU s": prepared,
        "fit CPU s": cost["fit_cpu_seconds"],
        "steps a CPU s": (steps or float("nan")) / (cost["fit_cpu_seconds"] - prepared),
        "records": records,
        "records a CPU s": records / cost["sample_cpu_seconds"],
    }


def table(folder: Path) -> str:
    """Means over the seeds, as Markdown."""
    frame = pd.DataFrame(rows(folder))
    if frame.empty:
        return f"nothing was run in '{folder}' yet"
    frame = frame.sort_values("dataset", kind="stable")
    keys = ["dataset", "pair", "side"]
    groups = frame.groupby(keys, sort=False)
    means = groups.mean()
    means.insert(0, "seeds", groups.size())
    lines = ["| " + " | ".join([*keys, *means.columns]) + " |", "|" + "---|" * (len(keys) + len(means.columns))]
    for key, mean in means.iterrows():
        lines.append("| " + " | ".join([*key, *map(shown, mean)]) + " |")
    return "\n".join(lines)


def shown(value: float) -> str:
    """Four digits of a number, "-" for none."""
    return "-" if pd.isna(value) else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["run", "ours", "table"])
    parser.add_argument("--pair", default=",".join(PAIRS))
    parser.add_argument("--dataset", default="adult,default,beijing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-dir")
    parser.add_argument("--folder", type=Path, default=Path("parity"))
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    if options.what == "table":
        print(table(options.folder))
        return
    if options.what == "ours":
        folder = options.folder / options.dataset / options.pair / f"seed-{options.seed}" / "ours"
        fit_ours(PAIRS[options.pair], load(options.dataset, options.data_dir), options.seed, folder)
        return
    for name in options.pair.split(","):
        for dataset in options.dataset.split(","):
            run_pair(name, dataset, options.seed, options)


if __name__ == "__main__":
    main()
