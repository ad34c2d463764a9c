"""Simulated shop visits: the columns of Online Shoppers Purchasing Intention, with parameters chosen by hand.

Page counts are zero-inflated and decide the time spent, a visit that bounces has the highest exit rate, and a
purchase hangs on page values, less on the exit rate, and on an interaction of month and visitor.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from bench.datasets.demo.causal import (
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

ROWS = 3500
SEED = 41

MONTHS = {
    "May": 0.27,
    "Nov": 0.24,
    "Mar": 0.155,
    "Dec": 0.14,
    "Oct": 0.045,
    "Sep": 0.036,
    "Aug": 0.035,
    "Jul": 0.035,
    "June": 0.025,
    "Feb": 0.019,
}
TRAFFIC = {
    "2": 0.32,
    "1": 0.2,
    "3": 0.165,
    "4": 0.087,
    "13": 0.06,
    "10": 0.036,
    "6": 0.036,
    "8": 0.028,
    "5": 0.021,
    "11": 0.02,
    "20": 0.016,
    "9": 0.003,
    "7": 0.003,
    "15": 0.003,
    "19": 0.0015,
    "14": 0.0005,
}
REGIONS = {
    "1": 0.385,
    "3": 0.195,
    "4": 0.096,
    "2": 0.092,
    "6": 0.065,
    "7": 0.062,
    "9": 0.042,
    "8": 0.036,
    "5": 0.027,
}


def special_day(p: Values) -> Logits:
    """Valentine's day in February, Mother's day in May; no other month has one."""
    near = np.where(among(p["Month"], "Feb", "May"), 0.0, -np.inf)
    return {0.2: near, 0.4: near, 0.6: near, 0.8: near, 1.0: near}


def browser(p: Values) -> Logits:
    system = p["OperatingSystems"]
    return {
        "1": 2.5 * among(system, "1", "4"),
        "2": 1.4 * among(system, "2", "3"),
        "4": 1.0 * among(system, "3"),
        "8": 3.0 * among(system, "8"),
        "13": 4.0 * among(system, "8"),
    }


def traffic(p: Values) -> Logits:
    new = among(p["VisitorType"], "New_Visitor")
    return {
        "2": 0.8 * new,
        "1": -1.0 * new,
        "3": -0.9 * new,
        "5": 1.5 * new,
        "20": 2.0 * among(p["Browser"], "8", "13"),
    }


def pages(share: float, depth: float, highest: int) -> Distribution:
    """A zero-inflated number of pages."""
    return Mixture(
        Choice(
            {"none": 1 - share, "some": share},
            lambda p: {
                "some": 0.25 * (np.log1p(p["ProductRelated"]) - 3) + 0.4 * among(p["VisitorType"], "New_Visitor")
            },
        ),
        {"none": Point(0), "some": Rounded(lambda _: stats.lognorm(0.85, scale=depth), 1, highest)},
    )


def duration(count: str, seconds: float, highest: int) -> Distribution:
    """Time on `count` pages: nothing without a page, and sometimes none measured on a single one."""
    return Mixture(
        Choice(
            {"none": 0.02, "whole": 0.45, "part": 0.53},
            lambda p: {
                "none": 2.0 * (p[count] == 1),
                "whole": np.where(p[count] == 0, -np.inf, 0.8 * (p[count] == 1)),
                "part": np.where(p[count] == 0, -np.inf, 0.0),
            },
        ),
        {
            "none": Point(0),
            "whole": Rounded(lambda p: stats.lognorm(1.0, scale=seconds * (p[count] + 0.1)), 1, highest),
            "part": Rounded(lambda p: stats.lognorm(0.9, scale=seconds * (p[count] + 0.1)), 0.5, highest, 3),
        },
    )


def bounce(p: Values) -> Logits:
    few = p["ProductRelated"] <= 3
    return {"none": 1.0 * among(p["VisitorType"], "New_Visitor") + 0.5 * few, "capped": 4.0 * few}


def exit_rate(p: Values) -> Logits:
    capped = p["BounceRates"] == 0.2
    return {"capped": np.where(capped, 40.0, 2.0 * (p["ProductRelated"] <= 2)), "some": np.where(capped, -np.inf, 0.0)}


def page_value(p: Values) -> Logits:
    return {"some": 0.45 * (np.log1p(p["ProductRelated"]) - 3) - 45.0 * (p["ExitRates"] - 0.025)}


def revenue(p: Values) -> Logits:
    new = among(p["VisitorType"], "New_Visitor")
    logit = (
        -3.1
        + 1.9 * (p["PageValues"] > 0)
        + 0.9 * np.log1p(p["PageValues"] / 6)
        - 22.0 * np.minimum(p["ExitRates"], 0.12)
        + 0.25 * (np.log1p(p["ProductRelated_Duration"]) - 6)
        + effect(p["Month"], {"Nov": 0.7, "Mar": -0.4, "May": -0.4, "Dec": -0.4, "Feb": -1.5})
        + 0.9 * new * (p["PageValues"] == 0)
        + 0.7 * new * among(p["Month"], "Nov", "Oct")
        - 0.6 * p["SpecialDay"]
        + 0.15 * among(p["Weekend"], "TRUE")
    )
    return {"TRUE": logit}


MODEL = CausalModel(
    nodes={
        "Month": Choice(MONTHS),
        "SpecialDay": Choice({0.0: 0.65, 0.2: 0.05, 0.4: 0.07, 0.6: 0.1, 0.8: 0.09, 1.0: 0.04}, special_day),
        "Weekend": Choice({"FALSE": 0.77, "TRUE": 0.23}),
        "VisitorType": Choice(
            {"Returning_Visitor": 0.85, "New_Visitor": 0.14, "Other": 0.007},
            lambda p: {
                "New_Visitor": 0.3 * among(p["Month"], "Oct", "Nov", "Sep"),
                "Other": 2.0 * among(p["Month"], "Dec"),
            },
        ),
        "OperatingSystems": Choice(
            {"2": 0.53, "1": 0.21, "3": 0.207, "4": 0.039, "8": 0.006, "6": 0.002, "7": 0.001, "5": 0.0005},
            lambda p: {"8": 4.5 * among(p["VisitorType"], "Other")},
        ),
        "Browser": Choice(
            {
                "2": 0.5,
                "1": 0.15,
                "4": 0.08,
                "5": 0.06,
                "6": 0.022,
                "10": 0.022,
                "8": 0.014,
                "3": 0.014,
                "13": 0.005,
                "7": 0.007,
                "12": 0.001,
                "11": 0.001,
            },
            browser,
        ),
        "Region": Choice(REGIONS),
        "TrafficType": Choice(TRAFFIC, traffic),
        "ProductRelated": Rounded(
            lambda p: stats.lognorm(1.15, scale=17 * np.exp(effect(p["Month"], {"Nov": 0.45, "Feb": -0.6}))), 0, 705
        ),
        "ProductRelated_Duration": duration("ProductRelated", 32.0, 64000),
        "Administrative": pages(0.53, 3.1, 27),
        "Administrative_Duration": duration("Administrative", 26.0, 3400),
        "Informational": pages(0.21, 1.6, 24),
        "Informational_Duration": duration("Informational", 45.0, 2550),
        "BounceRates": Mixture(
            Choice({"none": 0.42, "some": 0.57, "capped": 0.006}, bounce),
            {
                "none": Point(0),
                "some": Rounded(
                    lambda p: stats.lognorm(0.9, scale=0.03 / np.sqrt(1 + p["ProductRelated"] / 5)), 1e-5, 0.2, 6
                ),
                "capped": Point(0.2),
            },
        ),
        "ExitRates": Mixture(
            Choice({"some": 0.99, "capped": 0.01}, exit_rate),
            {
                "some": Rounded(
                    lambda p: stats.lognorm(0.6, scale=0.008 + p["BounceRates"] + 0.06 / (1 + p["ProductRelated"] / 6)),
                    lambda p: p["BounceRates"],
                    0.2,
                    6,
                ),
                "capped": Point(0.2),
            },
        ),
        "PageValues": Mixture(
            Choice({"none": 0.76, "some": 0.24}, page_value),
            {"none": Point(0), "some": Rounded(lambda _: stats.lognorm(1.0, scale=17), 0.04, 362, 6)},
        ),
        "Revenue": Choice({"FALSE": 0.5, "TRUE": 0.5}, revenue),
    },
    columns=(
        "Administrative",
        "Administrative_Duration",
        "Informational",
        "Informational_Duration",
        "ProductRelated",
        "ProductRelated_Duration",
        "BounceRates",
        "ExitRates",
        "PageValues",
        "SpecialDay",
        "Month",
        "OperatingSystems",
        "Browser",
        "Region",
        "TrafficType",
        "VisitorType",
        "Weekend",
        "Revenue",
    ),
    target="Revenue",
    outcomes=("FALSE", "TRUE"),
)


def simulate(rows: int, seed: int) -> pd.DataFrame:
    return MODEL.sample(rows, seed)
