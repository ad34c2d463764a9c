"""Parity of column shapes and pair trends with SDMetrics, which runs in an environment of its own.

The first half runs here. It damages a resample of the train rows of every table, writes both, and our scores:

    python -m benchmarks.parity.shapes_and_trends write --data-dir data --folder parity

The other half runs under the Python of an environment that has SDMetrics (which must never be installed beside
the harness: its licence, and its pandas) and imports nothing of ours:

    python -m venv sdmetrics-old && sdmetrics-old/bin/pip install "sdmetrics==0.11.1" "pandas<3"
    python -m venv sdmetrics-new && sdmetrics-new/bin/pip install sdmetrics
    sdmetrics-old/bin/python benchmarks/parity/shapes_and_trends.py compare --folder parity
    sdmetrics-new/bin/python benchmarks/parity/shapes_and_trends.py compare --folder parity

`compare` prints our means, the largest difference of the score of any column and of any pair, and the seconds of
SDMetrics for its shapes and trends; it fails where a difference is above 1e-9 (shapes) or 1e-6 (trends). Our shape
under `harness` is compared with SDMetrics' on missing categories that are filled with a label. The newest SDMetrics
is asked with both of its thresholds at 0; it can also cut both sides at the edges of the real column, which is our
`harness`. Its report would draw 50,000 rows from a larger table; none of these is larger. `time` prints the seconds
of SDMetrics on the rows of one folder (`benchmarks/density.py` asks for them).
"""

from __future__ import annotations

import argparse
import inspect
import itertools
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

TABLES = ("adult", "default", "shoppers", "magic", "beijing")
SHAPE, TREND = "column_shape_error_percent", "pair_trend_error_percent"
SHAPE_LIMIT, TREND_LIMIT = 1e-9, 1e-6


def damaged(frame: pd.DataFrame, numeric: list[str], seed: int) -> pd.DataFrame:
    """A bootstrap of the rows in which every column is partly shuffled, numbers are stretched and values are lost."""
    rng = np.random.default_rng(seed)
    rows = frame.iloc[rng.integers(len(frame), size=len(frame))].reset_index(drop=True)
    for place, name in enumerate(frame.columns):
        moved = np.flatnonzero(rng.random(len(rows)) < 0.4)
        order = np.arange(len(rows))
        order[moved] = rng.permutation(moved)
        column = rows[name].iloc[order].reset_index(drop=True)
        if name in numeric:
            stretched = column.astype("float64") * np.where(rng.random(len(rows)) < 0.2, 1.5, 1.0)
            column = stretched.round().astype("Int64") if column.dtype == "Int64" else stretched
        if place % 3 == 0:
            column = column.mask(rng.random(len(rows)) < 0.03)
        rows[name] = column
    return rows


def write(folder: Path, data_dir: str | None, seed: int) -> None:
    """Both sides of every table as csv, with what we make of them."""
    from bench.datasets import load  # noqa: PLC0415 - the other half runs where the harness is not installed
    from evaluators.tabular.correlation import Correlation  # noqa: PLC0415
    from evaluators.tabular.density import Density  # noqa: PLC0415

    for table in TABLES:
        data = load(table, variant="original", data_dir=data_dir)
        synthetic = damaged(data.train, data.schema.numeric, seed)
        target = folder / table
        target.mkdir(parents=True, exist_ok=True)
        data.train.to_csv(target / "real.csv", index=False)
        synthetic.to_csv(target / "synthetic.csv", index=False)
        start = time.perf_counter()
        scores = [*Density().evaluate(data, synthetic), *Correlation().evaluate(data, synthetic)]
        ours = {
            "kinds": {c.name: "numerical" if c.numeric else "categorical" for c in data.schema.columns},
            "seconds": time.perf_counter() - start,
            SHAPE: {s.protocol: {"mean": s.value, **s.details} for s in scores if s.metric == SHAPE},
            TREND: {s.protocol: {"mean": s.value, **s.details} for s in scores if s.metric == TREND},
        }
        (target / "ours.json").write_text(json.dumps(ours), encoding="utf-8")
        print(f"{table}: {len(data.train)} rows, {len(data.schema.columns)} columns")


def compare(folder: Path) -> bool:
    """Print one line a table; whether all agree."""
    from importlib.metadata import version  # noqa: PLC0415

    installed = version("sdmetrics")
    print(f"SDMetrics {installed}, pandas {pd.__version__}\n")
    print("| table | rows | protocol | shape error % | largest difference | trend error % | largest difference | s |")
    print("|---|---|---|---|---|---|---|---|")
    good = True
    for table in TABLES:
        ours = json.loads((folder / table / "ours.json").read_text(encoding="utf-8"))
        kinds = ours["kinds"]
        labels = [name for name, kind in kinds.items() if kind == "categorical"]
        real, synthetic = read(folder / table, kinds)
        start = time.perf_counter()
        shapes, trends = column_shapes(real, synthetic, kinds), pair_trends(real, synthetic, kinds)
        seconds = time.perf_counter() - start
        filled = (frame.fillna(dict.fromkeys(labels, "(missing)")) for frame in (real, synthetic))
        found = {
            "sdmetrics-0.11": (shapes, trends),
            "harness": (column_shapes(*filled, kinds), shared_edges(real, synthetic, kinds, trends)),
        }
        for protocol, (theirs, pairs) in found.items():
            mine = ours[SHAPE][protocol]
            shape = max(abs(1 - theirs[name] - mine["columns"][name] / 100) for name in theirs)
            trend = 0.0 if pairs is None else largest_difference(ours[TREND][protocol], pairs)
            good &= shape <= SHAPE_LIMIT and trend <= TREND_LIMIT
            cells = [table, len(real), protocol, f"{mine['mean']:.3f}", f"{shape:.0e}"]
            cells += [f"{ours[TREND][protocol]['mean']:.3f}", "" if pairs is None else f"{trend:.0e}"]
            print("|", " | ".join(map(str, [*cells, f"{seconds:.1f}"])), "|")
    return good


def read(folder: Path, kinds: dict[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Real and synthetic rows as they were written."""
    how = {
        # a label written with digits is a label; pandas takes words such as None for gaps unless told otherwise
        "dtype": {name: "object" for name, kind in kinds.items() if kind == "categorical"},
        "keep_default_na": False,
        "na_values": [""],
        # the exact parser: values of one ulp beside the edge of a bin fall into another one
        "float_precision": "round_trip",
    }
    return pd.read_csv(folder / "real.csv", **how), pd.read_csv(folder / "synthetic.csv", **how)


def measure(folder: Path, repeats: int = 3) -> dict[str, object]:
    """Best wall and CPU seconds of SDMetrics' shapes and trends on the rows of one folder."""
    from importlib.metadata import version  # noqa: PLC0415

    kinds = json.loads((folder / "ours.json").read_text(encoding="utf-8"))["kinds"]
    real, synthetic = read(folder, kinds)
    times = []
    for _ in range(repeats):
        start = time.perf_counter(), time.process_time()
        column_shapes(real, synthetic, kinds)
        pair_trends(real, synthetic, kinds)
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    wall, processor = (min(column) for column in zip(*times, strict=True))
    return {"version": version("sdmetrics"), "wall_seconds": wall, "cpu_seconds": processor}


def column_shapes(real: pd.DataFrame, synthetic: pd.DataFrame, kinds: dict[str, str]) -> dict[str, float]:
    """Column -> score, as in SDMetrics' quality report."""
    from sdmetrics.reports.single_table._properties import ColumnShapes  # noqa: PLC0415

    one = ColumnShapes()
    one.get_score(real, synthetic, metadata(kinds))
    return dict(zip(one.details["Column"], one.details["Score"], strict=True))


def pair_trends(real: pd.DataFrame, synthetic: pd.DataFrame, kinds: dict[str, str]) -> dict[tuple[str, str], float]:
    """Pair -> score, as in SDMetrics' quality report; NaN where it has none."""
    from sdmetrics.reports.single_table._properties import ColumnPairTrends  # noqa: PLC0415

    one = ColumnPairTrends()
    # the newest report sets them to defaults of its own, which drop pairs; earlier ones have none
    one.real_correlation_threshold = one.real_association_threshold = 0
    one.get_score(real, synthetic, metadata(kinds))
    pairs = zip(one.details["Column 1"], one.details["Column 2"], strict=True)
    return dict(zip(pairs, one.details["Score"], strict=True))


def metadata(kinds: dict[str, str]) -> dict[str, dict[str, dict[str, str]]]:
    return {"columns": {name: {"sdtype": kind} for name, kind in kinds.items()}}


def shared_edges(
    real: pd.DataFrame, synthetic: pd.DataFrame, kinds: dict[str, str], trends: dict[tuple[str, str], float]
) -> dict[tuple[str, str], float] | None:
    """Every pair with the edges of the real column on both sides; None where SDMetrics cannot do that."""
    from sdmetrics.column_pairs.statistical import ContingencySimilarity  # noqa: PLC0415

    if "continuous_column_names" not in inspect.signature(ContingencySimilarity.compute).parameters:
        return None
    scores = {}
    for pair in itertools.combinations(kinds, 2):
        numbers = [name for name in pair if kinds[name] == "numerical"]
        if len(numbers) == 2:
            scores[pair] = trends[pair]
            continue
        sides = (frame[list(pair)].copy() for frame in (real, synthetic))
        scores[pair] = ContingencySimilarity.compute(*sides, continuous_column_names=numbers or None)
    return scores


def largest_difference(ours: dict, theirs: dict[tuple[str, str], float]) -> float:
    """As a score in 0..1; infinite where only one side has a value of a pair."""
    names = ours["columns"]
    differences = []
    for (i, first), (j, second) in itertools.combinations(enumerate(names), 2):
        mine = ours["error_percent"][i][j]
        their = 100 * (1 - theirs[first, second])
        if mine is None or np.isnan(their):
            differences.append(0.0 if mine is None and np.isnan(their) else np.inf)
        else:
            differences.append(abs(mine - their))
    return max(differences) / 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("half", choices=["write", "compare", "time"])
    parser.add_argument("--folder", type=Path, default=Path("parity"))
    parser.add_argument("--data-dir")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.half == "write":
        write(options.folder, options.data_dir, options.seed)
        return
    warnings.simplefilter("ignore")
    if options.half == "time":
        print(json.dumps(measure(options.folder)))
        return
    sys.exit(0 if compare(options.folder) else 1)


if __name__ == "__main__":
    main()
