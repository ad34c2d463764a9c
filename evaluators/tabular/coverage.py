"""Coverage: whether synthetic rows lie where real rows lie, and everywhere where real rows lie.

Precision and recall of Alaa et al. 2022 (arXiv 2102.08921), which grow balls around the centre of a
sample, and of Kynkäänniemi et al. 2019 (arXiv 1904.06991) with density and coverage of Naeem et al.
2020 (arXiv 2002.09797), which grow balls around every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.progress import SILENT, Progress, Task
from bench.records import Dataset
from evaluators.base import Evaluator, Score
from evaluators.jackknife import assign_groups, group_counts, jackknife_error, with_and_without
from evaluators.tabular.embedding import KernelSpace, centre_distances
from evaluators.tabular.nearest import balls_around, nearest
from evaluators.tabular.points import SQUARED, Array, Points, encode
from evaluators.tabular.readings import undefined

NEIGHBOURS = 5
LEVELS = np.linspace(0, 1, 30)
SUPPORTS = ("synthcity-naive", "kernel-one-class")
BALLS = ("precision", "recall", "density", "coverage")


@dataclass(frozen=True)
class CoverageConfig:
    """How much is measured.

    Args:
        rows: real rows at most, and as many synthetic ones, drawn by the seed.
    """

    rows: int = 50_000


@dataclass(frozen=True)
class Searched:
    """Squared distances between the rows, all searched exactly, and who is at them.

    Args:
        real, synthetic: of every row to the `NEIGHBOURS` closest others of its own side, itself
            before them; (rows, 1 + NEIGHBOURS).
        to_synthetic, closest_synthetic: of every real row to the closest synthetic one; (rows,).
        to_real, closest_real: of every synthetic row to the closest real one; (rows,).
    """

    real: Array
    synthetic: Array
    to_synthetic: Array
    closest_synthetic: NDArray[np.int64]
    to_real: Array
    closest_real: NDArray[np.int64]


class Coverage(Evaluator):
    """Precision and recall of the synthetic rows as a distribution, against as many train rows.

    Rows are one-hot with numbers in units of the range of train, distances Euclidean; a missing value
    is a category of its own, also of a number. Train and synthetic rows enter in equal numbers, drawn
    by the seed.

    `alpha_precision` and `beta_recall` are 1 for equal distributions of which enough is seen. Of
    synthetic rows, the share `alpha` should lie in the ball around the real centre that holds the share
    `alpha` of real rows; of real rows, the share `beta` should have a synthetic row nearer than the
    nearest real one, in the ball around the synthetic centre. The score is 1 - sum |share - level| /
    sum level over 30 levels. The protocols differ in the space: one-hot rows themselves
    (`synthcity-naive`, the variant in TabSyn's tables), or the kernel space of `embedding.py`
    (`kernel-one-class`; the paper trains a network). Nearest neighbours are the same in both, and
    half of the real rows of an equal distribution have no nearer synthetic row, so that its
    `beta_recall` is near one half.
    `authenticity` is the share of synthetic rows that lie farther from their closest real row than that
    one from its closest other real row. (Synthcity looks up the rows of one side by the numbers of the
    other; its value is in the details.)

    `ball_precision`, `ball_density`: share of synthetic rows within the distance of the fifth neighbour
    of some real row, and how many such rows there are, over 5. `ball_recall`: the same as precision
    with the sides exchanged. `ball_coverage`: share of real rows with a synthetic row within that
    distance. The details hold what equal distributions get: density 1, coverage by a closed form.

    Standard errors are those of drawing the rows that a mean is over: synthetic ones for precision,
    density and authenticity, real ones for recall and coverage.
    """

    Config = CoverageConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        size = min(len(data.train), len(synthetic), self.config.rows)
        if size < NEIGHBOURS + 1:
            reason = f"{size} real and as many synthetic records; {NEIGHBOURS} neighbours need {NEIGHBOURS + 1}"
            names = [(metric, name) for name in SUPPORTS for metric in ("alpha_precision", "beta_recall")]
            names += [("authenticity", "harness"), *((f"ball_{name}", "harness") for name in BALLS)]
            return [undefined(metric, protocol, True, size, reason) for metric, protocol in names]
        rng = np.random.default_rng(seed)
        frames = (frame.iloc[rng.permutation(len(frame))[:size]] for frame in (data.train, synthetic))
        real, generated = encode(data.schema, data.train, *frames)
        with progress.task("coverage", 6 * size, "searches") as task:
            found = search(real, generated, task)
            precise = balls_around(generated, real, found.real[:, -1], SQUARED, task)
            recalled = balls_around(real, generated, found.synthetic[:, -1], SQUARED, task)
        kernel = KernelSpace(real, generated, seed)
        group = assign_groups(size, seed)
        scores = []
        for protocol, measure in zip(SUPPORTS, (centre_distances, kernel.centre_distances), strict=True):
            to_centre = measure(real, real), measure(real, generated)
            own = measure(generated, generated)[found.closest_synthetic]
            near = found.to_synthetic <= found.real[:, 1]
            scores.append(support_score("alpha_precision", protocol, *to_centre, np.ones(size, bool), group))
            scores.append(support_score("beta_recall", protocol, own, own, near, group))
        scores.append(authenticity(found))
        scores += ball_scores(precise, recalled, found.to_synthetic <= found.real[:, -1])
        return scores


def search(real: Points, synthetic: Points, task: Task) -> Searched:
    to_synthetic, closest_synthetic = nearest(real, synthetic, SQUARED, 1, task)
    to_real, closest_real = nearest(synthetic, real, SQUARED, 1, task)
    return Searched(
        nearest(real, real, SQUARED, NEIGHBOURS + 1, task)[0],
        nearest(synthetic, synthetic, SQUARED, NEIGHBOURS + 1, task)[0],
        to_synthetic[:, 0],
        closest_synthetic[:, 0],
        to_real[:, 0],
        closest_real[:, 0],
    )


def support_score(
    metric: str, protocol: str, sample: Array, rows: Array, counted: NDArray[np.bool_], group: NDArray[np.int64]
) -> Score:
    """How well the shares of rows in growing balls follow the shares of a sample in them.

    Args:
        metric, protocol: of the score.
        sample: squared distances to the centre, whose quantiles are the radii of the balls.
        rows: the same of the rows whose share is taken.
        counted: which of them count where they are inside.
        group: of each row, for the standard error.
    """
    radii = np.quantile(np.sqrt(sample), LEVELS)
    ball = np.searchsorted(radii, np.sqrt(rows), side="left")
    # a row that does not count is in no ball
    inside = group_counts(np.where(counted, ball, len(LEVELS)), len(LEVELS) + 1, group)
    total = with_and_without(inside)
    curves = total.cumsum(axis=1)[:, :-1] / total.sum(axis=1, keepdims=True)
    values = 1 - np.abs(LEVELS - curves).sum(axis=1) / LEVELS.sum()
    details = {"levels": LEVELS.tolist(), "shares": curves[0].tolist(), "real_rows": len(rows)}
    return Score(metric, float(values[0]), jackknife_error(values), True, protocol, 1, len(rows), details)


def authenticity(found: Searched) -> Score:
    nearest_other = found.real[:, 1]
    flags = found.to_real > nearest_other[found.closest_real]
    details = {"as_in_synthcity": float((nearest_other[found.closest_synthetic] < found.to_synthetic).mean())}
    return mean_score("authenticity", flags, details)


def ball_scores(precise: NDArray[np.int64], recalled: NDArray[np.int64], covered: NDArray[np.bool_]) -> list[Score]:
    """Precision, recall, density and coverage from the numbers of balls that rows lie in."""
    size = len(covered)
    # Naeem et al. 2020, eq. 9, for as many synthetic as real rows
    step = np.arange(1, NEIGHBOURS + 1)
    expected = 1 - float(np.prod((size - step) / (2 * size - step)))
    values = {
        "precision": (precise > 0, {}),
        "recall": (recalled > 0, {}),
        "density": (precise / NEIGHBOURS, {"same_distribution": 1.0}),
        "coverage": (covered, {"same_distribution": expected}),
    }
    return [mean_score(f"ball_{name}", *values[name]) for name in BALLS]


def mean_score(metric: str, values: NDArray, details: dict[str, Any]) -> Score:
    n = len(values)
    error = float(values.std(ddof=1) / np.sqrt(n))
    return Score(metric, float(values.mean()), error, True, "harness", 1, n, {"real_rows": n, **details})
