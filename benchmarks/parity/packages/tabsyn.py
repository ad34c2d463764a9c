"""TabSyn as katabatic 1.1.0 has it: a re-implementation, the only one on PyPI that runs by itself on a CPU.

Called as `python tabsyn.py request.json` in an environment of its own, see `tabsyn.txt`. It differs from the authors'
code: numbers are standardised instead of quantile-transformed, blocks normalise after the layers, beta falls by its
factor in every pass, and the latents are not scaled. Batches come pass by pass, so the steps are rounded to passes.
Missing numbers, which it does not know, are filled with the mean, and whole columns are rounded afterwards.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

os.environ.setdefault("TQDM_DISABLE", "1")
from katabatic.models.tabsyn.utils import TabSynConfig, sample_tabsyn, train_tabsyn


def passes(steps: int, batch: int, rows: int) -> int:
    """Passes over the rows that have about so many steps."""
    return max(1, round(steps / -(-rows // batch)))


def main(request: dict) -> None:
    options, out = request["options"], Path(request["out"])
    categorical, target, task = request["categorical"], request["target"], request["task"]
    train = pd.read_csv(request["train"], dtype={name: "str" for name in categorical})
    batch, diffusion_batch = options.get("batch", 4096), options.get("diffusion_batch", 4096)
    config = TabSynConfig(
        decoder_epochs=passes(options["steps"], batch, len(train)),
        decoder_batch_size=batch,
        diffusion_epochs=passes(options["diffusion_steps"], diffusion_batch, len(train)),
        diffusion_batch_size=diffusion_batch,
        diffusion_steps=50,
        diffusion_hidden_dim=options.get("width", 1024),
        patience=10**9,
        seed=request["seed"],
        device="cpu",
    )
    start, start_cpu = time.perf_counter(), time.process_time()
    if target is None:
        target, task = categorical[0], "binary"
    regression = task == "regression"
    places = [name for name in train.columns if name not in categorical and name != target]
    choices = [name for name in categorical if name != target]
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        np.save(here / "y_train.npy", train[target].to_numpy(float if regression else object))
        if places:
            np.save(here / "X_num_train.npy", train[places].fillna(train[places].mean()).to_numpy(float))
        if choices:
            np.save(here / "X_cat_train.npy", train[choices].fillna("").to_numpy(object))
        (here / "info.json").write_text(json.dumps({"task_type": "regression" if regression else "binclass"}))
        prepared = time.process_time()
        state = train_tabsyn(data_dir=folder, cfg=config)
    fitted, fitted_cpu = time.perf_counter(), time.process_time()
    drawn = sample_tabsyn(state, n_samples=request["records"])
    numbers, labels = ([target, *places], choices) if regression else (places, [target, *choices])
    drawn.columns = [*numbers, *labels]
    for name in numbers:
        drawn[name] = drawn[name].astype(float)
        if name in request["integer"]:
            drawn[name] = drawn[name].round()
    sampled, sampled_cpu = time.perf_counter(), time.process_time()
    out.mkdir(parents=True, exist_ok=True)
    drawn[list(train.columns)].to_csv(out / "synthetic.csv", index=False)
    networks = [state.tokenizer_state, state.encoder_state, state.decoder_state, state.denoise_fn.state_dict()]
    cost = {
        "package": "katabatic",
        "version": version("katabatic"),
        "steps": config.decoder_epochs * -(-len(train) // batch),
        "diffusion_steps": config.diffusion_epochs * -(-len(train) // diffusion_batch),
        "records_per_step": batch,
        "diffusion_records_per_step": diffusion_batch,
        "parameters": sum(weight.numel() for network in networks for weight in network.values()),
        "fit_wall_seconds": fitted - start,
        "fit_cpu_seconds": fitted_cpu - start_cpu,
        "prepare_cpu_seconds": prepared - start_cpu,
        "sample_wall_seconds": sampled - fitted,
        "sample_cpu_seconds": sampled_cpu - fitted_cpu,
    }
    (out / "cost.json").write_text(json.dumps(cost, indent=1))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
