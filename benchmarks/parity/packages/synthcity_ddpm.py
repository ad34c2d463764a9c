"""TabDDPM of synthcity on a request: `python synthcity_ddpm.py request.json`, in the environment of synthcity_ddpm.txt.

Its `ddpm` plugin is the authors' code behind another interface. The script calls the model and the encoder of the
plugin directly: the plugin takes every column of more than ten values for a number, and its package imports libraries
for images, time series and graphs, which are replaced by stand-ins here (they need a release of torch of their own).
A missing number is replaced by the median of the column, as the plugin does not take any; a missing category is a
label. The package counts passes: as many are made as come closest to the steps asked for, at least one.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

STAND_INS = {"torchvision", "monai", "tsai", "fastai", "fastcore", "requests", "psutil", "shap", "pycox", "xgbse"}
STAND_INS |= {"pgmpy", "pykeops", "geomloss", "torchtuples", "arfpy", "igraph", "decaf", "nflows", "fflows", "redis"}
VERSION = "0.2.12"


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds every module of the libraries that tabular diffusion does not need."""

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in STAND_INS:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return mock.MagicMock(name=spec.name)

    def exec_module(self, module):
        return None


def coded(frame: pd.DataFrame, categorical: list[str]) -> tuple[pd.DataFrame, dict[str, pd.Index]]:
    """Codes and numbers without gaps, and the labels of the codes."""
    labels, train = {}, frame.copy()
    for name in frame.columns:
        if name in categorical:
            train[name], labels[name] = pd.factorize(frame[name].fillna(""), sort=True)
        else:
            train[name] = frame[name].astype(float).fillna(frame[name].median())
    return train, labels


def main(request: dict) -> None:
    sys.meta_path.insert(0, StandIns())
    import torch  # noqa: PLC0415
    from synthcity.plugins.core.models import tabular_ddpm  # noqa: PLC0415
    from synthcity.plugins.core.models.tabular_encoder import TabularEncoder  # noqa: PLC0415

    options, seed, target = request["options"], request["seed"], request["target"]
    classification = request["task"] == "classification"
    frame = pd.read_csv(
        request["train"], dtype=dict.fromkeys(request["categorical"], str), na_values=[""], keep_default_na=False
    )
    np.random.seed(seed)
    torch.manual_seed(seed)

    start_wall, start_cpu = time.perf_counter(), time.process_time()
    train, labels = coded(frame, request["categorical"])
    condition = train.pop(target) if classification else None
    diffused = [name for name in request["categorical"] if name in train]
    encoder = TabularEncoder(
        continuous_encoder="quantile", cont_encoder_params={"random_state": seed}, categorical_encoder="none",
        cat_encoder_params={}, max_clusters=10,
    )  # fmt: skip
    numbers = [name for name in train if name not in diffused]
    if numbers:
        encoded = encoder.fit_transform(train[numbers], discrete_columns=[])
        encoded_names = list(encoded.columns)
        encoded[diffused] = train[diffused].to_numpy()
    else:
        encoded, encoded_names = train, []
    prepare_cpu = time.process_time() - start_cpu
    tabular_ddpm.discrete_columns = lambda frame, **_: [(name, len(labels[name])) for name in diffused]
    batch = min(options["batch"], len(frame))
    passes = max(1, round(options["steps"] / -(-len(frame) // batch)))
    model = tabular_ddpm.TabDDPM(
        n_iter=passes,
        lr=options["learning_rate"],
        weight_decay=options.get("weight_decay", 0.0),
        batch_size=batch,
        num_timesteps=options["timesteps"],
        is_classification=classification,
        dim_embed=options.get("embedding", 128),
        model_params={"n_layers_hidden": options["layers"], "n_units_hidden": options["width"], "dropout": 0.0},
        log_interval=100,
    )
    model.fit(encoded, condition)
    fit_wall, fit_cpu = time.perf_counter() - start_wall, time.process_time() - start_cpu

    start_wall, start_cpu = time.perf_counter(), time.process_time()
    classes = None
    if classification:
        shares = np.bincount(condition) / len(condition)
        classes = np.random.choice(len(shares), request["records"], p=shares)
    drawn = model.generate(request["records"], cond=classes)
    synthetic = pd.DataFrame(index=range(request["records"]))
    if numbers:
        restored = encoder.inverse_transform(drawn[encoded_names])
        for name in numbers:
            # as the plugin does, from the schema of train
            synthetic[name] = restored[name].clip(train[name].min(), train[name].max()).to_numpy()
    for name in diffused:
        synthetic[name] = labels[name][drawn[name].to_numpy().astype(int)]
    if classification:
        synthetic[target] = labels[target][classes]
    for name in request["integer"]:
        synthetic[name] = synthetic[name].round().astype(int)
    sample_wall, sample_cpu = time.perf_counter() - start_wall, time.process_time() - start_cpu

    out = Path(request["out"])
    out.mkdir(parents=True, exist_ok=True)
    synthetic[list(frame.columns)].to_csv(out / "synthetic.csv", index=False)
    cost = {
        "package": "synthcity",
        "version": VERSION,
        "steps": passes * -(-len(frame) // batch),
        "records_per_step": batch,
        "parameters": sum(weight.numel() for weight in model.diffusion.parameters()),
        "prepare_cpu_seconds": prepare_cpu,
        "fit_wall_seconds": fit_wall,
        "fit_cpu_seconds": fit_cpu,
        "sample_wall_seconds": sample_wall,
        "sample_cpu_seconds": sample_cpu,
    }
    (out / "cost.json").write_text(json.dumps(cost, indent=1))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
