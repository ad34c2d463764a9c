"""Simulated air over a city: the columns of Beijing PM2.5, with parameters chosen by hand.

Season and hour decide the weather; fine dust rises with humidity and in the heating months and is blown away by
wind, most of all by the north-west wind. Hours are independent of each other: only the season ties them together.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from bench.datasets.demo.causal import (
    Array,
    CausalModel,
    Choice,
    Logits,
    Mixture,
    Point,
    Rounded,
    Values,
    among,
    effect,
)

ROWS = 4000
SEED = 53

DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


def season(p: Values) -> Array:
    """1 at the height of summer, -1 in the depth of winter."""
    return np.asarray(-np.cos(2 * np.pi * (p["month"] - 0.6) / 12))


def length_of_month(p: Values) -> Logits:
    days = effect(p["month"], DAYS) + (among(p["month"], 2) & (p["year"] == 2012))
    return {day: np.where(day <= days, 0.0, -np.inf) for day in (29, 30, 31)}


def temperature(p: Values) -> Array:
    """Mean of TEMP in degrees Celsius."""
    return np.asarray(12.3 + 15.8 * season(p) - 4.2 * np.cos(2 * np.pi * (p["hour"] - 3.5) / 24))


def dew_point(p: Values) -> Array:
    return np.asarray(1.5 + 17.5 * season(p) + 0.25 * (p["TEMP"] - temperature(p)))


def pressure(p: Values) -> Array:
    return np.asarray(1016.5 - 10.5 * season(p) - 0.35 * (p["TEMP"] - temperature(p)))


def wind(p: Values) -> Logits:
    dry = p["TEMP"] - p["DEWP"]
    return {"NW": -0.9 * season(p) + 0.06 * (dry - 10), "SE": 0.7 * season(p), "cv": -0.04 * (dry - 10)}


def wind_speed(p: Values) -> Array:
    """Median of the cumulated wind speed Iws in m/s."""
    strength = effect(p["cbwd"], {"NW": 2.6, "SE": 2.2, "NE": 1.3, "cv": 0.2})
    return np.asarray(np.exp(strength + 0.035 * (p["TEMP"] - p["DEWP"] - 10) * ~among(p["cbwd"], "cv")))


def snow(p: Values) -> Logits:
    return {"some": np.where(p["TEMP"] <= 2, 1.8 - 0.45 * (p["TEMP"] - p["DEWP"]), -np.inf)}


def rain(p: Values) -> Logits:
    return {"some": np.where(p["TEMP"] > 0, 1.3 - 0.38 * (p["TEMP"] - p["DEWP"]) + 0.8 * season(p), -np.inf)}


def dust(p: Values) -> Array:
    """Median of pm2.5 in micrograms per cubic metre."""
    humidity = np.exp(-0.07 * (p["TEMP"] - p["DEWP"]))
    blown = np.log1p(p["Iws"] / 5)
    heating = among(p["month"], 11, 12, 1, 2)
    return np.asarray(
        np.exp(
            3.85
            + 1.25 * humidity
            + 0.75 * heating * humidity
            - 0.12 * blown
            - 0.40 * blown * among(p["cbwd"], "NW")
            + 0.15 * among(p["cbwd"], "cv")
            + 0.18 * np.cos(2 * np.pi * (p["hour"] - 23) / 24)
            + 0.20 * (np.abs(p["TEMP"] - 15) < 6)
            - 0.25 * (p["Ir"] > 2)
            + effect(p["year"], {2012: -0.12, 2013: 0.1})
        )
    )


def broken_sensor(p: Values) -> Logits:
    """Values are missing at random given the year."""
    return {"missing": effect(p["year"], {2010: 0.8, 2013: -1.5, 2014: -0.4})}


MODEL = CausalModel(
    nodes={
        "year": Choice({year: 1 for year in range(2010, 2015)}),
        "month": Choice({month: 1 for month in range(1, 13)}),
        "day": Choice({day: 1 for day in range(1, 32)}, length_of_month),
        "hour": Choice({hour: 1 for hour in range(24)}),
        "TEMP": Rounded(lambda p: stats.norm(temperature(p), 4.4), -19, 42),
        "DEWP": Rounded(lambda p: stats.norm(dew_point(p), 6.2), -40, lambda p: np.minimum(p["TEMP"], 28)),
        "PRES": Rounded(lambda p: stats.norm(pressure(p), 5), 991, 1046),
        "cbwd": Choice({"SE": 0.35, "NW": 0.32, "cv": 0.21, "NE": 0.12}, wind),
        "Iws": Rounded(
            lambda p: stats.lognorm(np.where(among(p["cbwd"], "cv"), 0.5, 1.3), scale=wind_speed(p)), 0.45, 586, 2
        ),
        "Is": Mixture(
            Choice({"none": 0.97, "some": 0.03}, snow),
            {"none": Point(0), "some": Rounded(lambda _: stats.gamma(a=0.8, scale=6), 1, 27)},
        ),
        "Ir": Mixture(
            Choice({"none": 0.93, "some": 0.07}, rain),
            {"none": Point(0), "some": Rounded(lambda _: stats.lognorm(1.0, scale=2.6), 1, 36)},
        ),
        "pm2.5": Mixture(
            Choice({"measured": 0.955, "missing": 0.045}, broken_sensor),
            {"measured": Rounded(lambda p: stats.lognorm(0.5, scale=dust(p)), 0, 994), "missing": Point(np.nan)},
        ),
    },
    columns=("year", "month", "day", "hour", "pm2.5", "DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir"),
    target="pm2.5",
    outcomes=range(995),
)


def simulate(rows: int, seed: int) -> pd.DataFrame:
    return MODEL.sample(rows, seed)
