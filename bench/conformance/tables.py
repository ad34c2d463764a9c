"""Tables that generators have to live with: those that broke one somewhere, and random ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bench.records import Kind

ROWS = 120
KINDS: tuple[Kind, ...] = ("categorical", "integer", "real")


@dataclass(frozen=True)
class Case:
    """One table.

    Args:
        name: what is odd about it.
        frame: the records.
        target: the column to predict; None for none.
        kinds: of columns that a guess would get wrong.
    """

    name: str
    frame: pd.DataFrame
    target: str | None = None
    kinds: dict[str, Kind] = field(default_factory=dict)


def odd_tables(seed: int) -> list[Case]:
    """The tables with a name."""
    rng = np.random.default_rng(seed)
    n = ROWS
    x, label = rng.normal(size=n), rng.choice(["no", "yes"], n, p=[0.8, 0.2])
    plain = pd.DataFrame({"x": x, "n": rng.integers(0, 9, n), "c": rng.choice(list("abc"), n), "y": label})
    wide = pd.DataFrame(rng.normal(size=(n, 290)), columns=[f"x{i}" for i in range(290)])
    wide = wide.assign(**{f"c{i}": rng.choice(list("ab"), n) for i in range(10)})
    many = pd.DataFrame({"id": [f"user {i:05d}" for i in range(10_000)], "x": rng.normal(size=10_000)})
    extreme = pd.DataFrame(
        {
            "large": rng.normal(size=n) * 1e300,
            "small": rng.normal(size=n) * 1e-300,
            "mixed": rng.choice([1e-9, 1.0, 1e12], n),
            "long": rng.choice([-(2**62), 0, 2**62], n),
        }
    )
    gaps = plain.mask(rng.random(plain.shape) < 0.3)
    names = ["größe", "年齢", "a b", 'weird, "name"', "🙂"]
    unicode_ = pd.DataFrame({name: rng.choice(["ja", "はい", "да\n"], n) for name in names}).assign(**{"Δx": x})
    return [
        Case("a plain table", plain, "y"),
        Case("regression", plain, "x"),
        Case("one numeric column", plain[["x"]]),
        Case("one categorical column", plain[["c"]]),
        Case("a single label", pd.DataFrame({"c": ["a"] * n, "x": x}), kinds={"c": "categorical"}),
        Case("constant columns", pd.DataFrame({"x": [3.25] * n, "n": [7] * n, "c": ["a"] * n}), kinds={"x": "real"}),
        Case("missing values everywhere", gaps, kinds={"x": "real", "n": "integer"}),
        Case(
            "a column without any value",
            plain.assign(nothing=np.nan, blank=None),
            "y",
            {"nothing": "real", "blank": "categorical"},
        ),
        Case("300 columns", wide),
        Case("10,000 categories", many, kinds={"id": "categorical"}),
        Case("20 rows", plain.head(20), "y"),
        Case("2 rows", plain.head(2)),
        Case("rows that are all equal", plain.iloc[[0] * 30].reset_index(drop=True), kinds={"x": "real"}),
        Case("names in any script", unicode_),
        Case("extreme numbers", extreme, kinds={"mixed": "real", "long": "integer"}),
        Case("a rare class", plain.assign(y=["rare"] + ["common"] * (n - 1)), "y"),
    ]


def random_table(kinds: list[Kind], rows: int, seed: int, gaps: float) -> Case:
    """A table with columns of these kinds, the last one its target where it has no gaps."""
    rng = np.random.default_rng(seed)
    columns: dict[str, pd.Series] = {}
    for place, kind in enumerate(kinds):
        values: object
        if kind == "categorical":
            values = rng.choice([f"label {i}" for i in range(int(rng.integers(1, 30)))], rows)
        elif kind == "integer":
            values = np.round(rng.normal(scale=10.0 ** rng.integers(0, 9), size=rows)).astype(np.int64)
        else:
            values = np.round(rng.lognormal(sigma=rng.uniform(0.1, 4.0), size=rows), int(rng.integers(0, 9)))
        columns[f"{kind} {place}"] = pd.Series(values).mask(rng.random(rows) < gaps)
    frame = pd.DataFrame(columns)
    known = {name: kind for name, kind in zip(columns, kinds, strict=True)}
    return Case(f"{rows} rows of {', '.join(kinds)}, seed {seed}, {gaps:.0%} missing", frame, kinds=known)
