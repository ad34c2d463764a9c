"""The likelihood of canonical records under the model that simulated them.

A canonical frame writes every category as text in one spelling (`bench.frames.labels`), while a model knows a
month as a number and a truth value as its file spells it. Here the records are turned back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.datasets.demo.causal import CausalModel
from bench.frames import labels
from bench.records import Schema


def log_likelihood(model: CausalModel, schema: Schema) -> Callable[[pd.DataFrame], NDArray[np.float64]]:
    """Canonical records -> log-probability in nats, shape (rows,); -inf where a record is impossible."""
    spelt = {name: spellings(model, name) for name in schema.categorical}

    def evaluate(records: pd.DataFrame) -> NDArray[np.float64]:
        turned = records.copy()
        unknown = np.zeros(len(records), dtype=bool)
        for name, known in spelt.items():
            there = records[name].notna()
            if known is None:
                turned[name] = pd.to_numeric(records[name], errors="coerce").astype("float64")
            else:
                turned[name] = records[name].map(known).astype("str")
            unknown |= (there & turned[name].isna()).to_numpy()
        # impossible parents give distributions without sense, and those NaN
        with np.errstate(all="ignore"):
            values = np.asarray(model.log_likelihood(turned), dtype=np.float64)
        return np.where(unknown | np.isnan(values), -np.inf, values)

    return evaluate


def spellings(model: CausalModel, name: str) -> dict[str, str] | None:
    """Canonical label -> the model's own; None for a column that is a number to the model."""
    node: Any = model.nodes[name]
    if node.decimals is not None:
        return None
    own = [label for label in node.base if label is not None]
    return dict(zip(labels(pd.Series(own, dtype="str")), own, strict=True))
