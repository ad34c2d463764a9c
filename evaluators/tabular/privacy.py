"""Privacy: whether synthetic rows give away the train rows, each measure beside held-out real rows.

Distance to closest record in the two published metrics, nearest-neighbour distance ratio, exact
copies, membership inference and, for a column of choice, attribute inference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.progress import SILENT, Progress
from bench.records import Dataset
from evaluators.base import Evaluator, Score
from evaluators.shares import record_numbers
from evaluators.tabular.attribute_inference import METRIC as INFERENCE
from evaluators.tabular.attribute_inference import attribute_inference
from evaluators.tabular.closeness import PERCENTILES, PROTOCOLS, Sides, closeness
from evaluators.tabular.membership import ATTACKS, membership, name
from evaluators.tabular.points import encode
from evaluators.tabular.protection import baseline_protection, overfitting_protection
from evaluators.tabular.readings import beside_holdout, reading, share_and_error, undefined

MORE_COPIES = "more copies of train rows than held-out rows hold: memorises"
AS_MANY_COPIES = "no more copies of train rows than held-out rows hold"
FEWER_COPIES = "fewer copies of train rows than held-out rows hold"


@dataclass(frozen=True)
class PrivacyConfig:
    """How much is measured.

    Args:
        rows: synthetic rows at most, drawn by the seed, and held-out rows at most; the rows that they
            are compared with are always all.
        sensitive: column that the attribute inference attack guesses; empty for no such attack.
    """

    rows: int = 50_000
    sensitive: str = ""


class Privacy(Evaluator):
    """Distances of synthetic rows to train rows, and attacks on them; no search is approximate.

    Under the protocols `tabsyn` and `sdmetrics`, which are two distances (`points.py`), each:

    | metric               | meaning                                                                          |
    |----------------------|----------------------------------------------------------------------------------|
    | `dcr_share_percent`  | closest record is a train row, not one of as many held-out rows; 50 for no leak  |
    | `dcr_median`         | median distance to the closest train row                                         |
    | `dcr_5th_percentile` | the same for the closest rows                                                    |
    | `nndr_median`        | median of the closest distance over the second closest; near 0, one row is aimed |

    `dcr_overfitting_protection` and `dcr_baseline_protection` are SDMetrics' own scores of these
    distances. `identical_match_percent` counts copies of train rows, `membership_distance_auc` and
    `membership_density_auc` are attacks (`membership.py`), `attribute_inference_advantage_percent`
    another one (`attribute_inference.py`).

    For the share, train and test rows enter in equal numbers, drawn by the seed from the larger part;
    a tie counts half. A missing value is a category of its own, also of a number. The details hold
    the same measure of held-out rows and a `reading` in words, which a difference of 1.96 standard
    errors decides; for the share, of the error under a random exchange of train and held-out rows.
    The standard error of a score is that of drawing the synthetic rows, of an attack that of drawing
    the rows that are attacked.
    """

    Config = PrivacyConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        schema, rows, sensitive = data.schema, self.config.rows, self.config.sensitive
        if sensitive:
            schema[sensitive]  # a wrong name is an error before the work begins
        size = min(len(data.train), len(data.test))
        if size == 0 or len(synthetic) == 0:
            return without_records(data, synthetic, bool(sensitive))
        rng = np.random.default_rng(seed)
        train, test = (frame.iloc[rng.permutation(len(frame))] for frame in (data.train, data.test))
        if len(synthetic) > rows:
            synthetic = synthetic.iloc[rng.permutation(len(synthetic))[:rows]]
        sides = Sides(*encode(schema, data.train, train, test, synthetic), size, rows)
        asked = min(rows, len(test))
        total = 2 * (3 * len(synthetic) + asked) + len(synthetic) + 3 * asked + (2 * asked if sensitive else 0)
        scores = []
        with progress.task("privacy", total, "searches") as task:
            for protocol in PROTOCOLS:
                found_scores, found = closeness(sides, len(schema.columns), protocol, task)
                scores += found_scores
            scores.append(overfitting_protection(schema, test, synthetic, found, task))
            scores.append(baseline_protection(schema, train, sides, found, seed))
            scores.append(identical_match(train, test.iloc[:rows], synthetic))
            scores += membership(sides.train, sides.holdout, sides.synthetic, rows, seed, task)
            if sensitive:
                scores.append(attribute_inference(schema, sensitive, train, test, synthetic, rows, task))
        return scores

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        """Validation records, where there are any: test records are the holdout and no reference for themselves."""
        return data.validation


def identical_match(train: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame) -> Score:
    """How many records equal a train row in every column."""
    real, others = record_numbers(train, pd.concat([holdout, synthetic], ignore_index=True))
    copied = np.isin(others, real)
    ours, theirs = share_and_error(copied[len(holdout) :]), share_and_error(copied[: len(holdout)])
    details = beside_holdout(ours, theirs, leak_is_high=True)
    excess, error = ours[0] - theirs[0], float(np.hypot(ours[1], theirs[1]))
    details["reading"] = reading(excess, error, MORE_COPIES, AS_MANY_COPIES, FEWER_COPIES)
    return Score("identical_match_percent", *ours, False, "harness", 1, len(synthetic), details)


def without_records(data: Dataset, synthetic: pd.DataFrame, inference: bool) -> list[Score]:
    """Every score with the reason why it has no value."""
    n = len(synthetic)
    reason = f"{len(data.train)} train, {len(data.test)} test and {n} synthetic records; there must be some of each"
    scores = []
    for protocol in PROTOCOLS:
        scores.append(undefined("dcr_share_percent", protocol, False, n, reason, 2))
        names = [*(metric for metric, _ in PERCENTILES), "nndr_median"]
        scores += [undefined(metric, protocol, True, n, reason) for metric in names]
    for metric in ("dcr_overfitting_protection", "dcr_baseline_protection"):
        scores.append(undefined(metric, "sdmetrics", True, n, reason))
    attacks = [name(attack) for attack in ATTACKS] + ([INFERENCE] if inference else [])
    return scores + [undefined(metric, "harness", False, n, reason) for metric in ("identical_match_percent", *attacks)]
