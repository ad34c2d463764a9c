"""Likelihood: how probable synthetic rows are under the distribution that the real ones were drawn from.

It takes a dataset whose truth is known, as that of every simulated table is (`bench/datasets/demo`). The mean
log-likelihood of rows from a model q under the truth p is -H(q, p): the usual held-out likelihood the other
way round, which asks whether what a generator makes is possible, not whether it makes all that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench import records
from bench.progress import SILENT, Progress
from bench.records import Dataset
from evaluators.base import Evaluator, Score
from evaluators.shares import share_score

METRIC = "log_likelihood_gap_nats"


@dataclass(frozen=True)
class LikelihoodConfig:
    """Nothing to choose."""


class Likelihood(Evaluator):
    """Scores under the known truth; none at all for data without one.

    `log_likelihood_gap_nats`: mean log-likelihood of the held-out real rows minus that of the synthetic rows,
    over the rows that are possible. 0 is the ideal: a large gap means improbable rows, and a negative one rows
    that are more typical than real ones, as those of a collapsed generator are. The standard error is that of
    drawing both sets of rows. `impossible_percent`: share of synthetic rows whose probability is 0 (in double
    precision), such as a value that its parents exclude.
    """

    Config = LikelihoodConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        if data.log_likelihood is None:
            return []
        with progress.task("likelihood", 2, "parts") as task:
            likelihoods = []
            for rows in (data.test, synthetic):
                likelihoods.append(data.log_likelihood(rows) if len(rows) else np.empty(0))
                task.advance()
        # a row whose parents have no distribution at all is NaN
        possible = [np.isfinite(values) for values in likelihoods]
        real, ours = (values[there] for values, there in zip(likelihoods, possible, strict=True))
        impossible = share_score("impossible_percent", ~possible[1], higher_is_better=False)
        n = len(synthetic)
        if len(real) == 0 or len(ours) == 0:
            reason = f"{len(real)} held-out and {len(ours)} synthetic records are possible; there must be some of both"
            return [Score(METRIC, np.nan, np.nan, False, "harness", 1, n, {"reason": reason}), impossible]
        details = {"ideal": 0.0, "real_nats": float(real.mean()), "synthetic_nats": float(ours.mean())}
        details |= {"real_rows": len(real), "possible_rows": len(ours)}
        variance = sum(side.var(ddof=1) / len(side) if len(side) > 1 else np.nan for side in (real, ours))
        gap = details["real_nats"] - details["synthetic_nats"]
        return [Score(METRIC, gap, float(np.sqrt(variance)), False, "harness", 1, n, details), impossible]

    def files(self) -> list[Path]:
        """The code of the truth, which comes with the data and so is none that this module imports."""
        demo = Path(records.__file__).with_name("datasets") / "demo"
        return [demo / "causal.py", demo / "truth.py"]

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        """Validation rows: test rows against themselves have no gap by construction."""
        return data.validation
