"""What synthetic rows are worth beside real ones: augmentation, and train sets of both kinds.

`xgboost_{auc|rmse}_augmented`: trained on all real train rows and all synthetic rows together.
`xgboost_{auc|rmse}_real_share_{p}`: p percent real rows, the rest synthetic ones; 100 is real only, 0
synthetic only. All such sets have one size, that of the synthetic sample or of the real train rows where
these are fewer, no row is drawn twice, and the real rows of a smaller share are among those of a larger.

Every set is learnt with the parameters and the number of trees that were tuned on the synthetic rows, so
that sets differ in their rows only; codes are those of the set itself. The details hold the other
measures, and by how much the set does better than all real train rows alone, fitted the same way. As a
reference, with real rows in place of the synthetic ones, every share holds the same real rows, and the
augmented set holds each of them twice.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluators.base import Score
from evaluators.tabular.mle_config import Evaluation, MachineLearningEfficiencyConfig
from evaluators.tabular.mle_measures import Measures, main_measure, measured, metric_name, train_on, undefined
from evaluators.tabular.mle_work import side_by_side
from evaluators.tabular.prediction import value_and_error
from evaluators.tabular.tune import Tuned

PROTOCOL, VERSION = "harness", 1
AUGMENTED = "augmented"


def mixture_names(config: MachineLearningEfficiencyConfig) -> list[str]:
    """Suffixes of the metrics."""
    names = [f"real_share_{percent}" for percent in dict.fromkeys(config.real_percents)]
    return [*names, AUGMENTED] if config.augmentation else names


def mixtures(job: Evaluation, tuned: Tuned, weights: NDArray[np.float64]) -> list[Score]:
    """The scores of every train set that is asked for; `weights` are the bootstrap draws of the test rows."""
    names = mixture_names(job.config)
    if not names:
        return []
    target = job.schema.target
    real, synthetic = (part[part[target].notna()] for part in (job.data.train, job.synthetic))
    sets = [train_set(name, real, synthetic, job.seed) for name in names]

    def run(records: pd.DataFrame) -> Measures | str:
        trained = train_on(records, job.schema, tuned, job.seed)
        return trained if isinstance(trained, str) else trained.measure(job.data.test, weights)

    jobs = [partial(run, records) for records in (real, *(pd.concat(parts, ignore_index=True) for parts in sets))]
    with job.progress.task("mle, mixed train sets", len(jobs), "fits") as task:
        alone, *found = side_by_side(jobs, job.config.workers, done=lambda result: task.advance())
    return [
        undefined_mixture(job, name, measures)
        if isinstance(measures, str)
        else mixture(job, name, tuned, parts, measures, alone)
        for name, parts, measures in zip(names, sets, found, strict=True)
    ]


def train_set(name: str, real: pd.DataFrame, synthetic: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The real and the synthetic rows of a set."""
    if name == AUGMENTED:
        return real, synthetic
    size = min(len(real), len(synthetic))
    first = round(size * int(name.rpartition("_")[2]) / 100)
    # one order for both where they are equally many: real rows as a reference then are drawn once each
    orders = [np.random.default_rng(seed).permutation(len(part)) for part in (real, synthetic)]
    return real.iloc[orders[0][:first]], synthetic.iloc[orders[1][first:size]]


def mixture(
    job: Evaluation,
    name: str,
    tuned: Tuned,
    parts: tuple[pd.DataFrame, pd.DataFrame],
    measures: Measures,
    alone: Measures | str,
) -> Score:
    main = main_measure(job.schema)
    details: dict[str, Any] = {
        "real_rows": len(parts[0]),
        "synthetic_rows": len(parts[1]),
        "measures": {measure: float(values[0]) for measure, values in measures.items()},
        "tuned": asdict(tuned),
    }
    if not isinstance(alone, str):
        better = alone[main] - measures[main] if main == "rmse" else measures[main] - alone[main]
        gain, error = value_and_error(better)
        details |= {"real_rows_alone": float(alone[main][0]), "gain_over_real": gain, "gain_stderr": error}
    return measured(full_name(job, name), measures[main], PROTOCOL, VERSION, len(job.synthetic), details)


def undefined_mixture(job: Evaluation, name: str, reason: str) -> Score:
    return undefined(full_name(job, name), reason, PROTOCOL, VERSION, len(job.synthetic))


def full_name(job: Evaluation, name: str) -> str:
    return f"{metric_name('xgboost', main_measure(job.schema), job.schema.log_target)}_{name}"
