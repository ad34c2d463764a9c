"""Distances to closest record against SDMetrics itself, which needs an environment of its own.

    python -m benchmarks.parity.dcr write FOLDER [--rows 400]
    /path/to/other/python benchmarks/parity/dcr.py compare FOLDER

The first command runs where the harness is installed, with the original Adult files in
`BENCH_DATA_DIR`: it draws train, held-out and synthetic rows (half of them train rows, half with
every column drawn by itself; two per cent of the ages missing), computes our distances, and how long
all train rows against all train rows take. The second runs where sdmetrics is installed
(`pip install sdmetrics`, 0.20 or later), computes its distances of the same rows, and exits with 1
where one differs by more than 1e-6. The baseline score is compared on the random rows that ours drew,
as SDMetrics draws without a seed. Its seconds are extrapolated by the number of pairs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

TOLERANCE = 1e-6
SIDES = ("train", "holdout", "synthetic", "random")


def write(folder: Path, rows: int) -> None:
    from bench.datasets import load  # noqa: PLC0415 - the other environment has none of these
    from bench.progress import Task  # noqa: PLC0415
    from evaluators.tabular.closeness import Sides, closeness  # noqa: PLC0415
    from evaluators.tabular.nearest import nearest  # noqa: PLC0415
    from evaluators.tabular.points import SDMETRICS, encode  # noqa: PLC0415
    from evaluators.tabular.protection import (  # noqa: PLC0415
        baseline_protection,
        overfitting_protection,
        random_rows,
    )

    data = load("adult", variant="original", data_dir=data_dir())
    schema = data.schema
    rng = np.random.default_rng(0)
    train, holdout = (frame.iloc[rng.permutation(len(frame))[:rows]] for frame in (data.train, data.test))
    synthetic = train.reset_index(drop=True)
    for name in schema.names:
        synthetic.loc[: rows // 2, name] = (
            data.train[name].iloc[rng.integers(len(data.train), size=rows // 2 + 1)].array
        )
    train, holdout, synthetic = (
        frame.assign(age=frame["age"].mask(rng.random(rows) < 0.02)).reset_index(drop=True)
        for frame in (train, holdout, synthetic)
    )
    sides = Sides(*encode(schema, train, train, holdout, synthetic), rows, rows)
    _, found = closeness(sides, len(schema.columns), "sdmetrics", Task())
    overfitting = overfitting_protection(schema, holdout, synthetic, found, Task())
    baseline = baseline_protection(schema, train, sides, found, 0)
    points, reference = encode(schema, holdout, synthetic, holdout)
    to_holdout = nearest(points, reference, SDMETRICS, 1, Task())[0][:, 0] / len(schema.columns)

    whole, same = encode(schema, data.train, data.train, data.train)
    start = time.perf_counter()
    nearest(whole, same, SDMETRICS, 2, Task())
    seconds = time.perf_counter() - start

    folder.mkdir(parents=True, exist_ok=True)
    frames = (train, holdout, synthetic, random_rows(schema, train, baseline.details["random_rows"], 0))
    for side, frame in zip(SIDES, frames, strict=True):
        frame.to_csv(folder / f"{side}.csv", index=False)
    ours = pd.DataFrame({"train": found.train[:, 0], "holdout": to_holdout})
    ours.to_csv(folder / "distances.csv", index=False, float_format="%.17g")
    facts = {
        "numeric": schema.numeric,
        "overfitting": overfitting.value,
        "baseline": baseline.value,
        "all_rows": len(data.train),
        "seconds_all_rows": seconds,
    }
    (folder / "ours.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
    print(f"{rows} rows a side in {folder}; {len(data.train)} x {len(data.train)} rows take {seconds:.1f} s here")


def data_dir() -> Path:
    import os  # noqa: PLC0415

    if "BENCH_DATA_DIR" not in os.environ:
        sys.exit("BENCH_DATA_DIR is not set; it names the folder of the original files")
    return Path(os.environ["BENCH_DATA_DIR"])


def compare(folder: Path) -> int:
    import sdmetrics  # noqa: PLC0415 - not installed where the harness is
    from sdmetrics.single_table import DCROverfittingProtection  # noqa: PLC0415
    from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr  # noqa: PLC0415

    facts = json.loads((folder / "ours.json").read_text(encoding="utf-8"))
    frames = {side: pd.read_csv(folder / f"{side}.csv", keep_default_na=False, na_values=[""]) for side in SIDES}
    kinds = {name: "numerical" if name in facts["numeric"] else "categorical" for name in frames["train"]}
    table = {"columns": {name: {"sdtype": kind} for name, kind in kinds.items()}}
    start = time.perf_counter()
    theirs = {
        side: calculate_dcr(frames["synthetic"].copy(), frames[side].copy(), table) for side in ("train", "holdout")
    }
    seconds = (time.perf_counter() - start) / 2
    random = calculate_dcr(frames["random"].copy(), frames["train"].copy(), table)
    breakdown = DCROverfittingProtection.compute_breakdown(
        frames["train"], frames["synthetic"], frames["holdout"], {"tables": {"adult": table}}, "adult"
    )
    ours = pd.read_csv(folder / "distances.csv")
    rows = {
        f"largest difference of {len(ours)} distances to {side}": float((ours[side] - theirs[side]).abs().max())
        for side in ("train", "holdout")
    }
    rows["difference of DCROverfittingProtection"] = abs(breakdown["score"] - facts["overfitting"])
    baseline = min(float(theirs["train"].median() / random.median()), 1.0)
    rows["difference of DCRBaselineProtection"] = abs(baseline - facts["baseline"])
    print(f"sdmetrics {sdmetrics.__version__}")
    for name, difference in rows.items():
        print(f"{name:<45}{difference:>12.2e}")
    pairs = len(frames["synthetic"]) * len(frames["train"])
    expected = seconds * facts["all_rows"] ** 2 / pairs
    print(f"{'seconds of sdmetrics, ' + format(pairs, ',') + ' pairs':<45}{seconds:>12.2f}")
    print(f"{'the same for all train rows, extrapolated':<45}{expected:>12.0f}")
    print(f"{'seconds of ours for them, measured':<45}{facts['seconds_all_rows']:>12.1f}")
    print(f"{'ratio':<45}{expected / facts['seconds_all_rows']:>12.0f}")
    return int(max(rows.values()) > TOLERANCE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("work", choices=["write", "compare"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=400)
    options = parser.parse_args()
    if options.work == "compare":
        return compare(options.folder)
    write(options.folder, options.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
