"""The Gaussian copula of the package `copulas`, run in an environment of its own.

    python copulas.py request.json

The package knows numbers only. As in the Synthetic Data Vault paper, a category becomes a random place in an
interval of 0..1 as long as its share, the most frequent one first (missing is one of the categories), and a missing
number becomes the mean beside a category that says so. That counts as the package's preparation. Marginals are beta
distributions, as in SDV's GaussianCopulaSynthesizer: the package's own choice among all its families compares every
row with every other for the kernel density, which needs more memory than 30,000 rows leave.
"""

import importlib.metadata
import json
import sys
import time
from pathlib import Path

# the folder of this file, where Python looks first, holds files with the names of packages
sys.path.pop(0)

import numpy as np
import pandas as pd
from copulas.multivariate import GaussianMultivariate
from copulas.univariate import BetaUnivariate

MISSING = "(missing)"


class Intervals:
    """A category as a place in its interval, and back."""

    def __init__(self, labels: pd.Series) -> None:
        shares = labels.value_counts(normalize=True)
        self.labels, self.ends = shares.index, np.minimum(shares.cumsum().to_numpy(), 1.0)
        self.lengths = shares.to_numpy()

    def places(self, labels: pd.Series, rng: np.random.Generator) -> np.ndarray:
        code = self.labels.get_indexer(labels)
        return self.ends[code] - self.lengths[code] * rng.random(len(labels))

    def at(self, places: np.ndarray) -> np.ndarray:
        return self.labels[np.searchsorted(self.ends[:-1], places, side="right")].to_numpy()


def gap(name: str) -> str:
    return f"{name} is missing"


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text())
    labels = request["categorical"]
    types = dict.fromkeys(labels, "object")
    frame = pd.read_csv(request["train"], dtype=types, keep_default_na=False, na_values=[""])
    np.random.seed(request["seed"])
    rng = np.random.default_rng(request["seed"])
    begin = time.perf_counter(), time.process_time()
    gaps = [name for name in frame if name not in labels and frame[name].isna().any()]
    categories = {name: frame[name].fillna(MISSING) for name in labels}
    categories |= {gap(name): pd.Series(np.where(frame[name].isna(), "yes", "no")) for name in gaps}
    intervals = {name: Intervals(column) for name, column in categories.items()}
    full = frame.drop(columns=labels)
    full = full.fillna(full.mean()).astype(float)
    full = full.assign(**{name: intervals[name].places(column, rng) for name, column in categories.items()})
    prepared = time.process_time()
    model = GaussianMultivariate(distribution=BetaUnivariate, random_state=request["seed"])
    model.fit(full)
    fitted = time.perf_counter(), time.process_time()
    made = model.sample(request["records"])
    for name, interval in intervals.items():
        made[name] = interval.at(made[name].to_numpy())
    made = made.replace(MISSING, np.nan)
    for name in gaps:
        made[name] = made[name].mask(made[gap(name)] == "yes")
    for name in request["integer"]:
        made[name] = made[name].round().astype("Int64")
    done = time.perf_counter(), time.process_time()
    out = Path(request["out"])
    out.mkdir(parents=True, exist_ok=True)
    made[frame.columns].to_csv(out / "synthetic.csv", index=False)
    cost = {
        "package": "copulas",
        "version": importlib.metadata.version("copulas"),
        "steps": 0,
        "records_per_step": 0,
        "parameters": model.correlation.size,
        "prepare_cpu_seconds": prepared - begin[1],
        "fit_wall_seconds": fitted[0] - begin[0],
        "fit_cpu_seconds": fitted[1] - begin[1],
        "sample_wall_seconds": done[0] - fitted[0],
        "sample_cpu_seconds": done[1] - fitted[1],
    }
    (out / "cost.json").write_text(json.dumps(cost, indent=1))


if __name__ == "__main__":
    main()
