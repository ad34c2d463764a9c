"""Simulated credit card clients: the columns of Default of Credit Card Clients, with parameters chosen by hand.

Six months run from month 6 (the oldest) to month 1: the repayment status is a Markov chain, a bill is the bill
before it less what was paid plus what was spent, and a payment is nothing, the whole bill, a round amount or a
part of it. Default depends on the last status, on how long the delay lasted, and on payments against the limit.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import stats

from bench.datasets.demo.causal import (
    Array,
    CausalModel,
    Choice,
    Distribution,
    Logits,
    Mixture,
    Point,
    Rounded,
    Values,
    among,
    effect,
)

ROWS = 3000
SEED = 31

STATUS = ["PAY_6", "PAY_5", "PAY_4", "PAY_3", "PAY_2", "PAY_0"]
MONTHS = [6, 5, 4, 3, 2, 1]
STATUS_OF = dict(zip(MONTHS, STATUS, strict=True))
DELAYS = {str(months): float(months) for months in range(-2, 9)}
BASE = {"-2": 0.15, "-1": 0.19, "0": 0.55, "1": 0.002, "2": 0.09, "3": 0.006, "4": 0.002, "5": 0.001, "7": 0.001}
# The newest status is recorded differently: one month of delay is common, as in the original.
NEWEST = {"-2": 0.10, "-1": 0.19, "0": 0.48, "1": 0.5, "2": 0.09, "3": 0.008, "4": 0.003, "5": 0.001, "8": 0.001}


def limit(p: Values) -> Array:
    """Mean of LIMIT_BAL in dollars."""
    schooling = effect(p["EDUCATION"], {"1": 0.35, "3": -0.25, "2": -0.05})
    return np.asarray(165000 * np.exp(schooling + 0.012 * (p["AGE"] - 35) - 0.0006 * (p["AGE"] - 45) ** 2))


def oldest_status(p: Values) -> Logits:
    rich = np.log(p["LIMIT_BAL"] / 150000)
    return {"-2": 0.7 * rich, "-1": 0.3 * rich, "2": -0.7 * rich}


def next_status(before: str, p: Values) -> Logits:
    past = p[before]
    late = effect(past, DELAYS) >= 1
    rich = np.log(p["LIMIT_BAL"] / 150000)
    return {
        "-2": 4.5 * among(past, "-2") - 2.0 * late,
        "-1": 3.0 * among(past, "-1") - 0.5 * late,
        "0": 3.0 * among(past, "0") + 0.3 * late - 2.0 * among(past, "-2"),
        "1": 1.0 * among(past, "-2") - 1.5 * among(past, "0"),
        "2": 3.2 * late - 0.4 * rich,
        "3": 3.5 * among(past, "2", "3"),
        "4": 6.0 * among(past, "3", "4"),
        "5": 7.0 * among(past, "4", "5"),
    }


def inactive(month: int, p: Values) -> Logits:
    """Whether there is a bill at all."""
    status = p[STATUS_OF[month]]
    used = among(status, "0", "1", "2", "3", "4")
    return {"none": 1.8 * among(status, "-2") - 2.5 * used, "credit": 0.8 * among(status, "-2") - 1.5 * used}


def spent(p: Values) -> Array:
    """Median of a bill that starts anew: a share of the limit."""
    return np.asarray(0.04 * p["LIMIT_BAL"] * np.exp(effect(p["PAY_6"], {"0": 2.1, "2": 2.3, "-2": -0.8})))


def carried(month: int, p: Values) -> Logits:
    status, empty = p[STATUS_OF[month]], p[f"BILL_AMT{month + 1}"] <= 0
    return {
        "carried": 3.4 * among(status, "0", "2", "3") - 6.0 * empty,
        "none": 1.2 * empty + 1.0 * among(status, "-2") - 2.0 * among(status, "0", "2"),
    }


def way_of_paying(month: int, p: Values) -> Logits:
    status, bill = p[STATUS_OF[month]], p[owed(month)]
    late = effect(status, DELAYS) >= 2
    return {
        "none": 1.8 * late + 4.0 * (bill <= 0),
        "full": np.where(bill > 0, 2.6 * among(status, "-1", "-2") - 1.5 * late, -np.inf),
        "round": 0.6 * among(status, "0"),
    }


def owed(month: int) -> str:
    """The bill that a payment is made on; the oldest payment has only its own month's."""
    return f"BILL_AMT{min(month + 1, 6)}"


def oldest_bill() -> Distribution:
    return Mixture(
        Choice({"none": 0.10, "credit": 0.015, "some": 0.885}, partial(inactive, 6)),
        {
            "none": Point(0),
            "credit": Rounded(lambda _: stats.expon(loc=-9000, scale=4000), -9000, -1),
            "some": Rounded(lambda p: stats.lognorm(1.1, scale=spent(p)), 1, 1000000),
        },
    )


def bill(month: int) -> Distribution:
    before, paid = f"BILL_AMT{month + 1}", f"PAY_AMT{month}"

    def rest(p: Values) -> Array:
        return p[before] - p[paid] + 0.055 * np.abs(p[before]) + 700

    return Mixture(
        Choice({"carried": 0.45, "new": 0.5, "none": 0.05}, partial(carried, month)),
        {
            "carried": Rounded(lambda p: stats.t(3, rest(p), 250 + 0.04 * np.abs(p[before])), -170000, 1700000),
            "new": Rounded(lambda p: stats.lognorm(1.2, scale=0.06 * p["LIMIT_BAL"]), 1, 1000000),
            "none": Point(0),
        },
    )


def payment(month: int) -> Distribution:
    due = owed(month)
    return Mixture(
        Choice({"none": 0.11, "full": 0.03, "round": 0.25, "part": 0.61}, partial(way_of_paying, month)),
        {
            "none": Point(0),
            "full": Point(lambda p: np.maximum(p[due], 0)),
            "round": Rounded(lambda p: stats.lognorm(0.7, scale=1500 + 0.035 * np.abs(p[due])), 1000, 500000, -3),
            "part": Rounded(lambda p: stats.lognorm(0.9, scale=500 + 0.04 * np.abs(p[due])), 1, 900000),
        },
    )


def default(p: Values) -> Logits:
    delays = np.stack([effect(p[name], DELAYS) for name in STATUS])
    months_late = (delays >= 2).sum(axis=0)
    paid_total = sum(p[f"PAY_AMT{month}"] for month in MONTHS)
    limit_share = np.log1p(60 * paid_total / p["LIMIT_BAL"])
    used = np.clip(p["BILL_AMT1"] / p["LIMIT_BAL"], 0, 1.2)
    newest = effect(p["PAY_0"], {"-2": -0.4, "1": 1.3, "2": 3.0, "3": 3.4, "4": 3.3, "5": 2.4, "8": 2.0})
    logit = (
        -0.45
        + newest
        + 0.55 * np.minimum(months_late, 3)
        - 0.75 * limit_share
        + 1.4 * used * (months_late > 0)
        - 0.5 * np.log(p["LIMIT_BAL"] / 150000)
        + 0.0012 * (p["AGE"] - 38) ** 2
        + effect(p["MARRIAGE"], {"1": 0.2})
        + effect(p["SEX"], {"1": 0.15})
        + effect(p["EDUCATION"], {"4": -1.2, "5": -1.4, "6": -0.8})
    )
    return {"1": logit}


def months() -> dict[str, Distribution]:
    """The nodes of the six months, oldest first."""
    nodes: dict[str, Distribution] = {"PAY_6": Choice(BASE, oldest_status)}
    for older, newer in pairwise(STATUS):
        nodes[newer] = Choice(NEWEST if newer == "PAY_0" else BASE, partial(next_status, older))
    nodes |= {"BILL_AMT6": oldest_bill(), "PAY_AMT6": payment(6)}
    for month in MONTHS[1:]:
        nodes |= {f"PAY_AMT{month}": payment(month), f"BILL_AMT{month}": bill(month)}
    return nodes


MODEL = CausalModel(
    nodes={
        "SEX": Choice({"2": 0.6, "1": 0.4}),
        "AGE": Rounded(lambda _: stats.gamma(a=2.1, loc=20.5, scale=7.2), 21, 79),
        "EDUCATION": Choice(
            {"2": 0.47, "1": 0.35, "3": 0.16, "5": 0.01, "4": 0.005, "6": 0.002, "0": 0.001},
            lambda p: {"3": 0.05 * (p["AGE"] - 35), "1": -0.01 * (p["AGE"] - 35)},
        ),
        "MARRIAGE": Choice(
            {"2": 0.53, "1": 0.45, "3": 0.012, "0": 0.002},
            lambda p: {"1": 0.13 * (p["AGE"] - 34), "3": 0.14 * (p["AGE"] - 36)},
        ),
        "LIMIT_BAL": Rounded(lambda p: stats.gamma(a=1.7, scale=limit(p) / 1.7), 10000, 1000000, -4),
        **months(),
        "default payment next month": Choice({"0": 0.5, "1": 0.5}, default),
    },
    columns=(
        "LIMIT_BAL",
        "SEX",
        "EDUCATION",
        "MARRIAGE",
        "AGE",
        *reversed(STATUS),
        *(f"BILL_AMT{month}" for month in reversed(MONTHS)),
        *(f"PAY_AMT{month}" for month in reversed(MONTHS)),
        "default payment next month",
    ),
    target="default payment next month",
    outcomes=("0", "1"),
)


def simulate(rows: int, seed: int) -> pd.DataFrame:
    return MODEL.sample(rows, seed)
