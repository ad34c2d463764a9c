"""Membership inference: whether the synthetic rows give away which real rows the generator was trained on.

An attacker who has a row and the synthetic table scores how likely the row was in train. The distance
attack is that of Chen et al. 2020 (GAN-Leaks, arXiv 1909.03935, full black box): minus the distance to
the closest synthetic row. The density attack is that of van Breugel et al. 2023 (DOMIAS, arXiv
2302.12580, eq. 2): the density of synthetic rows over that of a reference set of real rows, which
forgives a row for being common. Both densities are nearest-neighbour estimates, proportional to
r^-d for the distance r to the closest row in d dimensions (Loftsgaarden and Quesenberry 1965), so the
order of the ratios is that of r_reference / r_synthetic, whatever d is and on mixed columns too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.progress import Task
from evaluators.base import Score
from evaluators.tabular.nearest import nearest
from evaluators.tabular.points import TABSYN, Array, Points
from evaluators.tabular.prediction import auc, bootstrap_weights, value_and_error
from evaluators.tabular.readings import known, reading, undefined

ATTACKS = ("distance", "density")
FALSE_POSITIVE_RATES = {"1": 0.01, "0.1": 0.001}
BOOTSTRAP_DRAWS = 100
LEAKS = "train rows can be told from held-out rows: leaks membership"
SAFE = "train rows cannot be told from held-out rows by this attack"


def membership(train: Points, holdout: Points, synthetic: Points, rows: int, seed: int, task: Task) -> list[Score]:
    """AUC of both attacks on as many train as held-out rows, `rows` of each at most.

    Train and holdout come in a random order. The first half of the holdout is the reference set of
    the density attack, its second half are the outsiders of both. The details hold what the same
    attacks get from fresh real rows in the place of the synthetic ones (train rows that are not
    asked about), and the share of members found at a small share of false alarms (Carlini et al.
    2022, arXiv 2112.03570).
    """
    half = len(holdout) // 2
    size = min(len(train), len(holdout) - half, rows)
    n = len(synthetic)
    if half == 0 or size == 0 or n == 0:
        reason = f"{len(train)} train, {len(holdout)} test and {n} synthetic records; the attack needs 1, 2 and 1"
        return [undefined(name(attack), "harness", False, n, reason) for attack in ATTACKS]
    asked = (train[:size], holdout[half : half + size])
    reference = radii(asked, holdout[:half], task)
    found = attack_scores(radii(asked, synthetic, task), reference)
    fresh = train[size : size + n]
    without_leak = attack_scores(radii(asked, fresh, task), reference) if len(fresh) else {}
    member = np.repeat([True, False], size)
    weights = bootstrap_weights(2 * size, BOOTSTRAP_DRAWS, seed)
    scores = []
    for attack in ATTACKS:
        value, error = value_and_error(auc(member, found[attack], weights))
        details = {
            "ideal": 0.5,
            "members": size,
            "outsiders": size,
            "reference_rows": half,
            "fresh_rows": len(fresh),
            "fresh_real_rows": None,
            "reading": reading(value - 0.5, error, LEAKS, SAFE),
        }
        if len(fresh):
            details["fresh_real_rows"], details["fresh_real_rows_stderr"] = (
                known(x) for x in value_and_error(auc(member, without_leak[attack], weights))
            )
        for label, rate in FALSE_POSITIVE_RATES.items():
            if rate * size >= 1:
                details[f"true_positive_percent_at_{label}_percent_false"] = 100 * true_positives(
                    found[attack], member, rate
                )
        scores.append(Score(name(attack), value, error, False, "harness", 1, n, details))
    return scores


def name(attack: str) -> str:
    return f"membership_{attack}_auc"


def radii(asked: tuple[Points, Points], rows: Points, task: Task) -> Array:
    """Distance of members, then of outsiders, to the closest of some rows."""
    return np.concatenate([nearest(part, rows, TABSYN, 1, task)[0][:, 0] for part in asked])


def attack_scores(radius: Array, reference: Array) -> dict[str, Array]:
    """How much each attack believes that a row was in train."""
    total = radius + reference
    # grows with r_reference / r_synthetic and is defined where one of them is 0; 0 where both are
    ratio = np.divide(reference - radius, total, out=np.zeros_like(total), where=total > 0)
    return {"distance": -radius, "density": ratio}


def true_positives(score: Array, member: NDArray[np.bool_], rate: float) -> float:
    """Share of members above the score that at most the share `rate` of outsiders exceeds."""
    outsiders = np.sort(score[~member])[::-1]
    return float((score[member] > outsiders[int(rate * len(outsiders))]).mean())
