"""CTGAN or TVAE of their authors' package `ctgan`, run in an environment of its own.

    python ctgan.py request.json

The option `model` is ctgan or tvae. The package counts in epochs; their number is the least one that makes as many
steps as asked for, and the steps that were really made are reported. What the package refuses is written another
way before its clock starts: a missing label as a label of its own, a missing number as the mean beside a category
that says so. Records come back as they were.
"""

import contextlib
import importlib.metadata
import json
import math
import sys
import time
from pathlib import Path

# the folder of this file, where Python looks first, holds files with the names of packages
sys.path.pop(0)

import numpy as np
import pandas as pd
import torch
from ctgan import CTGAN, TVAE
from ctgan.data_transformer import DataTransformer

MISSING = "(missing)"


def read(request: dict) -> pd.DataFrame:
    """The train rows; a label is text, whatever it looks like."""
    labels = dict.fromkeys(request["categorical"], "object")
    return pd.read_csv(request["train"], dtype=labels, keep_default_na=False, na_values=[""])


def accepted(frame: pd.DataFrame, labels: list[str]) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Records without gaps, their categorical columns, and the numbers that have gaps."""
    full = frame.copy()
    full[labels] = full[labels].fillna(MISSING)
    gaps = [name for name in frame if name not in labels and frame[name].isna().any()]
    for name in gaps:
        full[gap(name)] = np.where(frame[name].isna(), "yes", "no")
        full[name] = frame[name].fillna(frame[name].mean())
    return full, [*labels, *map(gap, gaps)], gaps


def gap(name: str) -> str:
    return f"{name} is missing"


def given_back(made: pd.DataFrame, frame: pd.DataFrame, gaps: list[str], integers: list[str]) -> pd.DataFrame:
    """Records with their gaps, in the columns of the train rows."""
    records = made.replace(MISSING, np.nan)
    for name in gaps:
        records[name] = records[name].mask(records[gap(name)] == "yes")
    for name in integers:
        records[name] = records[name].round().astype("Int64")
    return records[frame.columns]


@contextlib.contextmanager
def timed(seconds: dict[str, float]):
    """Adds what learning and applying the transforms of the data takes."""
    originals = DataTransformer.fit, DataTransformer.transform

    def watched(original):
        def call(*arguments, **options):
            begin = time.process_time()
            try:
                return original(*arguments, **options)
            finally:
                seconds["prepare"] += time.process_time() - begin

        return call

    DataTransformer.fit, DataTransformer.transform = map(watched, originals)
    try:
        yield
    finally:
        DataTransformer.fit, DataTransformer.transform = originals


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text())
    options, seed = request["options"], request["seed"]
    frame = read(request)
    full, labels, gaps = accepted(frame, request["categorical"])
    torch.manual_seed(seed)
    np.random.seed(seed)
    batch = 500
    # TVAE also learns from the last batch of an epoch, which is smaller
    each = max(len(full) // batch, 1) if options["model"] == "ctgan" else -(-len(full) // batch)
    epochs = math.ceil(options["steps"] / each)
    model = {"ctgan": CTGAN, "tvae": TVAE}[options["model"]](epochs=epochs, batch_size=batch, enable_gpu=False)
    seconds = {"prepare": 0.0}
    begin = time.perf_counter(), time.process_time()
    with timed(seconds):
        model.fit(full, labels)
    fitted = time.perf_counter(), time.process_time()
    made = model.sample(request["records"])
    done = time.perf_counter(), time.process_time()
    out = Path(request["out"])
    out.mkdir(parents=True, exist_ok=True)
    given_back(made, frame, gaps, request["integer"]).to_csv(out / "synthetic.csv", index=False)
    kept = model._generator if options["model"] == "ctgan" else model.decoder
    cost = {
        "package": f"ctgan ({options['model']})",
        "version": importlib.metadata.version("ctgan"),
        "steps": epochs * each,
        "records_per_step": batch,
        "parameters": sum(weight.numel() for weight in kept.parameters()),
        "prepare_cpu_seconds": seconds["prepare"],
        "fit_wall_seconds": fitted[0] - begin[0],
        "fit_cpu_seconds": fitted[1] - begin[1],
        "sample_wall_seconds": done[0] - fitted[0],
        "sample_cpu_seconds": done[1] - fitted[1],
    }
    (out / "cost.json").write_text(json.dumps(cost, indent=1))


if __name__ == "__main__":
    main()
