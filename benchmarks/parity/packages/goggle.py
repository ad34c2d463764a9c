"""GOGGLE of synthcity, its authors' group's package, fitted and sampled in the package's own environment.

    python goggle.py request.json

Two things are arranged from outside. `torch_sparse`, which only another decoder needs and which has to be compiled,
is replaced by an empty module. The package counts passes, so the optimisers count steps here and end the fit at the
number that was asked for; what is learnt until then is kept. As its plugin does, labels are numbered in the order of
the alphabet first; the package then takes columns of at most ten values for categories. Missing labels become a
label, missing numbers the median: it takes neither.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
import types
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MISSING = "missing"


class Enough(Exception):
    """So many steps were made."""


def import_package() -> Any:
    stub = types.ModuleType("torch_sparse")
    stub.SparseTensor, stub.masked_select_nnz, stub.matmul = type("SparseTensor", (), {}), None, None
    sys.modules["torch_sparse"] = stub
    from synthcity.plugins.core.models import tabular_goggle  # noqa: PLC0415

    return tabular_goggle


def count_steps(model: Any, most: int) -> dict[str, float]:
    """Let the optimisers of a model raise after `most` steps together; what is counted, and the first one's time."""
    counted = {"steps": 0, "first": 0.0}

    def counting(step: Any) -> Any:
        def one(*arguments: Any, **options: Any) -> Any:
            if not counted["steps"]:
                counted["first"] = time.process_time()
            if counted["steps"] >= most:
                raise Enough
            counted["steps"] += 1
            return step(*arguments, **options)

        return one

    for optimiser in (model.optimiser_gl, model.optimiser_ga):
        optimiser.step = counting(optimiser.step)
    return counted


def main(request: dict[str, Any]) -> None:
    out = Path(request["out"])
    out.mkdir(parents=True, exist_ok=True)
    options = dict(request["options"])
    most = int(options.pop("steps"))
    train = pd.read_csv(
        request["train"], dtype=dict.fromkeys(request["categorical"], str), keep_default_na=False, na_values=[""]
    )
    package = import_package()
    import torch  # noqa: PLC0415
    from synthcity.utils.reproducibility import enable_reproducible_results  # noqa: PLC0415

    torch.set_num_threads(1)
    enable_reproducible_results(request["seed"])
    wall, cpu = time.perf_counter(), time.process_time()
    known = {}
    for name in train.columns:
        labels = name in request["categorical"]
        train[name] = train[name].fillna(MISSING if labels else train[name].median())
        if labels:
            known[name] = sorted(train[name].unique())
            train[name] = pd.Categorical(train[name], known[name]).codes.astype("int64")
    # rows are taken in their order in every pass
    train = train.sample(frac=1, random_state=request["seed"]).reset_index(drop=True)
    model = package.TabularGoggle(
        train, n_iter=10**6, encoder_max_clusters=10, device="cpu", random_state=request["seed"], **options
    )
    counted = count_steps(model, most)
    with contextlib.suppress(Enough):
        model.fit(train)
    fit = time.perf_counter() - wall, time.process_time() - cpu
    prepare = counted["first"] - cpu
    wall, cpu = time.perf_counter(), time.process_time()
    left, parts = request["records"], []
    while left:
        # its graphs of all records together would not fit into memory
        size = min(left, 1000)
        parts.append(model.generate(size))
        left -= size
    drawn = time.perf_counter() - wall, time.process_time() - cpu
    synthetic = pd.concat(parts, ignore_index=True)
    for name in train.columns:
        if name in request["categorical"]:
            codes = synthetic[name].round().clip(0, len(known[name]) - 1).astype("int64")
            synthetic[name] = np.array(known[name], dtype=object)[codes]
            synthetic[name] = synthetic[name].replace(MISSING, np.nan)
        elif name in request["integer"]:
            synthetic[name] = synthetic[name].round().astype("int64")
    synthetic[list(train.columns)].to_csv(out / "synthetic.csv", index=False)
    weights = [weight.numel() for weight in model.model.parameters()]
    cost = {
        "package": "synthcity",
        "version": "0.2.12",
        "steps": counted["steps"],
        "records_per_step": model.batch_size,
        "parameters": sum(weights),
        "fit_wall_seconds": fit[0],
        "fit_cpu_seconds": fit[1],
        "prepare_cpu_seconds": prepare,
        "sample_wall_seconds": drawn[0],
        "sample_cpu_seconds": drawn[1],
    }
    (out / "cost.json").write_text(json.dumps(cost, indent=1))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
