"""CoDi of katabatic on a request: `python katabatic_codi.py request.json`, in the environment of katabatic_codi.txt.

The package has the only CoDi of PyPI: written anew, with the schedule and the defaults of the authors, but with
clean categories as the condition of the numbers and a contrastive loss of the other sign. Which columns are
categorical is taken from the request, where the package would guess. A missing number is replaced by the median of
the column, as the package does not take any; a missing category is a label. The package counts passes: as many are
made as come closest to the steps asked for, at least one.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from katabatic.experimental.models.codi import CODI

VERSION = "1.1.0"
MISSING = "nan"


def main(request: dict) -> None:
    options, categorical = request["options"], request["categorical"]
    frame = pd.read_csv(request["train"], dtype=dict.fromkeys(categorical, str), na_values=[""], keep_default_na=False)

    start_wall, start_cpu = time.perf_counter(), time.process_time()
    continuous = [name for name in frame if name not in categorical]
    numbers, information = pd.DataFrame(index=frame.index), {}
    for name in continuous:
        column = frame[name].astype(float).fillna(frame[name].median())
        low, high = column.min(), column.max()
        numbers[name] = 2 * (column - low) / (high - low) - 1 if high > low else 0.0 * column
        information[name] = {"type": "continuous", "min": low, "max": high}
    codes = pd.DataFrame(index=frame.index)
    labels = {}
    for name in categorical:
        codes[name], labels[name] = pd.factorize(frame[name].fillna(MISSING), sort=True)
        information[name] = {"type": "categorical", "size": len(labels[name])}
    batch = min(options["batch"], len(frame))
    a_pass = -(-len(frame) // batch)
    passes = max(1, round(options["steps"] / a_pass))
    model = CODI(epochs=passes, batch_size=batch, random_state=request["seed"], device="cpu")
    model.schema_ = {
        "continuous_columns": continuous,
        "categorical_columns": categorical,
        "column_info": information,
        "column_order": list(frame.columns),
    }
    model.has_continuous_, model.has_categorical_ = bool(continuous), bool(categorical)
    model.num_classes_ = np.array([len(labels[name]) for name in categorical] or [1])
    dummy = np.zeros((len(frame), 1), dtype=np.float32)
    data_numbers = numbers.to_numpy(np.float32) if continuous else dummy
    data_codes = codes.to_numpy(np.float32) if categorical else dummy
    prepare_cpu = time.process_time() - start_cpu
    model._build_models(data_numbers.shape[1], int(model.num_classes_.sum()))
    model._fit(data_numbers, data_codes)
    fit_wall, fit_cpu = time.perf_counter() - start_wall, time.process_time() - start_cpu

    start_wall, start_cpu = time.perf_counter(), time.process_time()
    drawn = model.sample(request["records"], return_encoded=True)
    synthetic = pd.DataFrame(index=drawn.index)
    for name in frame.columns:
        if name in categorical:
            values = labels[name][drawn[name].to_numpy().astype(int)]
            synthetic[name] = pd.Series(values).where(values != MISSING)
        else:
            low, high = information[name]["min"], information[name]["max"]
            synthetic[name] = (drawn[name] + 1) * (high - low) / 2 + low
    for name in request["integer"]:
        synthetic[name] = synthetic[name].round().astype(int)
    sample_wall, sample_cpu = time.perf_counter() - start_wall, time.process_time() - start_cpu

    out = Path(request["out"])
    out.mkdir(parents=True, exist_ok=True)
    synthetic.to_csv(out / "synthetic.csv", index=False)
    networks = (model.model_con_, model.model_dis_)
    cost = {
        "package": "katabatic",
        "version": VERSION,
        "steps": passes * a_pass,
        "records_per_step": batch,
        "parameters": sum(weight.numel() for network in networks for weight in network.parameters()),
        "prepare_cpu_seconds": prepare_cpu,
        "fit_wall_seconds": fit_wall,
        "fit_cpu_seconds": fit_cpu,
        "sample_wall_seconds": sample_wall,
        "sample_cpu_seconds": sample_cpu,
    }
    (out / "cost.json").write_text(json.dumps(cost, indent=1))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
