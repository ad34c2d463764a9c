"""A simulated gamma-ray telescope: the columns of MAGIC, with parameters chosen by hand.

The class is the first cause: hadron showers (h) are larger, less regular and point away from the source, so the
shape of the image and above all its angle alpha tell them from gammas (g).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from bench.datasets.demo.causal import Array, CausalModel, Choice, Mixture, Point, Rounded, Values, among

ROWS = 3500
SEED = 23


def hadron(p: Values) -> Array:
    return among(p["class"], "h")


def length(p: Values) -> Array:
    return 3.45 + 0.75 * (p["fSize"] - 2.8) + 0.25 * hadron(p)


def width(p: Values) -> Array:
    return 2.75 + 0.55 * (np.log(p["fLength"]) - 3.5) + 0.25 * (p["fSize"] - 2.8)


def concentration(p: Values) -> Array:
    """Mean of fConc: large images spread their light."""
    return 1 / (1 + np.exp(0.45 + 1.9 * (p["fSize"] - 2.8)))


def asymmetry(p: Values) -> Array:
    return np.where(hadron(p), -0.35, 0.15) * p["fLength"]


def third_moment(p: Values) -> Array:
    return np.where(hadron(p), 0.10, 0.42) * p["fLength"] + 0.15 * p["fAsym"]


def angle(p: Values) -> Array:
    """Mean of fAlpha in degrees: a long gamma image points at its source, a hadron's anywhere."""
    return np.where(hadron(p), 120.0, 26.0 - 6.0 * np.clip(np.log(p["fLength"]) - 3.2, -1.0, 2.0))


def distance(p: Values) -> Array:
    return 190.0 + 55.0 * (np.log(p["fLength"]) - 3.6) + 12.0 * hadron(p)


MODEL = CausalModel(
    nodes={
        "class": Choice({"g": 0.65, "h": 0.35}),
        "fSize": Rounded(lambda p: stats.gamma(a=3.0, loc=1.94, scale=0.27 + 0.03 * hadron(p)), 1.9413, 5.4, 4),
        "fLength": Rounded(
            lambda p: stats.lognorm(np.where(hadron(p), 0.55, 0.38), scale=np.exp(length(p))), 4.2, 340, 4
        ),
        "fWidth": Mixture(
            Choice({"none": 0.005, "some": 0.995}),
            {
                "none": Point(0),
                "some": Rounded(
                    lambda p: stats.lognorm(np.where(hadron(p), 0.45, 0.28), scale=np.exp(width(p))), 0.5, 260, 4
                ),
            },
        ),
        "fConc": Rounded(lambda p: stats.beta(14 * concentration(p), 14 * (1 - concentration(p))), 0.0131, 0.9, 4),
        "fConc1": Rounded(lambda p: stats.norm(0.56 * p["fConc"], 0.07 * p["fConc"]), 0.0003, lambda p: p["fConc"], 4),
        "fAsym": Rounded(lambda p: stats.t(df=4, loc=asymmetry(p), scale=0.55 * p["fLength"]), -460, 580, 4),
        "fM3Long": Rounded(lambda p: stats.t(df=5, loc=third_moment(p), scale=0.45 * p["fLength"]), -340, 240, 4),
        "fM3Trans": Rounded(lambda p: stats.laplace(0.2, 3.0 + 0.5 * p["fWidth"]), -210, 180, 4),
        "fAlpha": Rounded(lambda p: stats.expon(scale=angle(p)), 0, 90, 4),
        "fDist": Rounded(lambda p: stats.norm(distance(p), 68), 1.2, 496, 4),
    },
    columns=(
        "fLength",
        "fWidth",
        "fSize",
        "fConc",
        "fConc1",
        "fAsym",
        "fM3Long",
        "fM3Trans",
        "fAlpha",
        "fDist",
        "class",
    ),
    target="class",
    outcomes=("g", "h"),
)


def simulate(rows: int, seed: int) -> pd.DataFrame:
    return MODEL.sample(rows, seed)
