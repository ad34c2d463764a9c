"""A simulated census: the columns of Adult, with parameters chosen by hand.

Education decides education-num, sex and marital status decide relationship, and income depends on age by an
inverted U, on education, on hours and on an interaction of marriage and education.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from bench.datasets.demo.causal import CausalModel, Choice, Logits, Mixture, Point, Rounded, Values, among, effect

ROWS = 4000
SEED = 17

EDUCATION_YEARS = {
    "Preschool": 1,
    "1st-4th": 2,
    "5th-6th": 3,
    "7th-8th": 4,
    "9th": 5,
    "10th": 6,
    "11th": 7,
    "12th": 8,
    "HS-grad": 9,
    "Some-college": 10,
    "Assoc-voc": 11,
    "Assoc-acdm": 12,
    "Bachelors": 13,
    "Masters": 14,
    "Prof-school": 15,
    "Doctorate": 16,
}
COUNTRIES = {
    "United-States": 0.91,
    "Mexico": 0.02,
    "Philippines": 0.008,
    "Germany": 0.006,
    "Canada": 0.006,
    "Puerto-Rico": 0.004,
    "India": 0.004,
    "El-Salvador": 0.004,
    "Cuba": 0.004,
    "England": 0.003,
    "China": 0.003,
    "Jamaica": 0.003,
    "Vietnam": 0.002,
    "Poland": 0.002,
    "Japan": 0.002,
    "Haiti": 0.001,
    None: 0.018,
}
MARRIED = ["Married-civ-spouse", "Married-AF-spouse"]


def race(p: Values) -> Logits:
    return {
        "Asian-Pac-Islander": 6.0 * among(p["native-country"], "Philippines", "India", "China", "Vietnam", "Japan"),
        "Black": 4.0 * among(p["native-country"], "Jamaica", "Haiti"),
    }


def education(p: Values) -> Logits:
    young = p["age"] < 22
    abroad = p["native-country"] == "Mexico"
    higher = -4.0 * (p["age"] < 24) - 1.5 * abroad
    return {
        "Bachelors": -1.5 * young - 1.5 * abroad,
        "Masters": higher,
        "Prof-school": higher,
        "Doctorate": higher - 2.0 * (p["age"] < 28),
        "11th": 1.2 * young,
        "12th": 1.0 * young,
        "Some-college": 0.6 * young,
        "5th-6th": 3.0 * abroad,
        "1st-4th": 2.5 * abroad,
        "7th-8th": 0.03 * (p["age"] - 40),
    }


def marital_status(p: Values) -> Logits:
    years = p["age"] - 17
    return {
        "Never-married": 3.2 - 0.17 * years + 0.001 * years**2,
        "Divorced": 0.3 * (p["sex"] == "Female") - 2.0 * (years < 6),
        "Widowed": 0.09 * (p["age"] - 50) + 1.2 * (p["sex"] == "Female"),
        "Married-civ-spouse": 1.9 * (p["sex"] == "Male") - 1.5 - 1.0 * (years < 4),
    }


def relationship(p: Values) -> Logits:
    married, male = among(p["marital-status"], *MARRIED), p["sex"] == "Male"
    single = p["marital-status"] == "Never-married"
    return {
        "Husband": np.where(married & male, 6.0, -np.inf),
        "Wife": np.where(married & ~male, 6.0, -np.inf),
        "Not-in-family": np.where(married, -4.0, 1.2),
        "Own-child": np.where(married, -1.5, 0.0) + 2.0 * single - 0.10 * (p["age"] - 25) * single,
        "Unmarried": np.where(married, -np.inf, 0.4 * ~male - 0.9 * single + 0.4),
    }


def workclass(p: Values) -> Logits:
    return {
        "Self-emp-not-inc": 0.03 * (p["age"] - 40),
        "Self-emp-inc": 0.04 * (p["age"] - 40) + 0.15 * (p["education-num"] - 10),
        "State-gov": 0.20 * (p["education-num"] - 10),
        "Local-gov": 0.15 * (p["education-num"] - 10),
        None: 1.4 * (p["age"] < 22) + 1.8 * (p["age"] > 62),
    }


def occupation(p: Values) -> Logits:
    male, years = p["sex"] == "Male", p["education-num"] - 10
    unknown = among(p["workclass"], None, "Never-worked")
    return {
        "Prof-specialty": 0.75 * years,
        "Exec-managerial": 0.40 * years + 0.01 * (p["age"] - 38),
        "Adm-clerical": 0.10 * years - 1.3 * male,
        "Sales": 0.15 * years,
        "Tech-support": 0.25 * years,
        "Craft-repair": -0.15 * years + 2.4 * male,
        "Machine-op-inspct": -0.25 * years + 0.4 * male,
        "Transport-moving": -0.20 * years + 2.2 * male,
        "Handlers-cleaners": -0.20 * years + 1.6 * male - 0.03 * (p["age"] - 38),
        "Farming-fishing": -0.25 * years + 1.9 * male + 1.5 * (p["workclass"] == "Self-emp-not-inc"),
        "Other-service": -0.20 * years - 0.9 * male,
        "Priv-house-serv": -0.30 * years - 3.0 * male,
        "Protective-serv": 1.3 * male + 2.5 * among(p["workclass"], "Local-gov", "State-gov"),
        "Armed-Forces": np.where(p["workclass"] == "Federal-gov", 3.0, -np.inf),
        None: np.where(unknown, 40.0, -np.inf),
    }


def full_time(p: Values) -> Logits:
    student = p["age"] < 22
    retired = p["age"] > 62
    busy = among(p["workclass"], "Self-emp-inc", "Self-emp-not-inc")
    return {
        "forty": -1.5 * student - 1.0 * retired - 1.0 * busy,
        "less": 1.0 * student + 1.0 * retired + 0.6 * (p["sex"] == "Female"),
        "more": 0.8 * busy + 0.10 * (p["education-num"] - 10) + 0.4 * (p["sex"] == "Male"),
    }


def gains(p: Values) -> Logits:
    return {"some": 0.22 * (p["education-num"] - 10) + 0.02 * (p["age"] - 38)}


def income(p: Values) -> Logits:
    years, married = p["education-num"] - 10, among(p["relationship"], "Husband", "Wife")
    work = effect(
        p["occupation"],
        {
            "Exec-managerial": 0.9,
            "Prof-specialty": 0.6,
            "Tech-support": 0.5,
            "Sales": 0.3,
            "Protective-serv": 0.4,
            "Other-service": -1.0,
            "Farming-fishing": -1.1,
            "Handlers-cleaners": -0.8,
            "Machine-op-inspct": -0.4,
            "Priv-house-serv": -2.0,
        },
    )
    gain = 5.0 * (p["capital-gain"] > 6500) - 1.0 * ((p["capital-gain"] > 0) & (p["capital-gain"] < 3000))
    loss = 1.8 * (np.abs(p["capital-loss"] - 1900) < 150)
    logit = (
        -3.3
        + 2.3 * married
        + (0.25 + 0.15 * married) * years
        + 0.06 * (p["age"] - 38)
        - 0.0022 * (p["age"] - 45) ** 2
        + 0.03 * np.clip(p["hours-per-week"] - 40, -25, 20)
        + 0.4 * (p["workclass"] == "Self-emp-inc")
        - 0.4 * (p["workclass"] == "Self-emp-not-inc")
        + work
        + gain
        + loss
    )
    return {">50K": logit}


MODEL = CausalModel(
    nodes={
        "age": Rounded(lambda _: stats.gamma(a=2.6, loc=15.5, scale=9.0), 17, 90),
        "sex": Choice({"Male": 0.67, "Female": 0.33}),
        "native-country": Choice(COUNTRIES),
        "race": Choice(
            {"White": 0.865, "Black": 0.095, "Asian-Pac-Islander": 0.022, "Amer-Indian-Eskimo": 0.01, "Other": 0.008},
            race,
        ),
        "fnlwgt": Rounded(lambda p: stats.gamma(a=3.3 - 0.5 * (p["age"] > 55), scale=57000), 12000, 1500000),
        "education": Choice(
            {
                "HS-grad": 0.33,
                "Some-college": 0.21,
                "Bachelors": 0.18,
                "Masters": 0.062,
                "Assoc-voc": 0.044,
                "Assoc-acdm": 0.034,
                "11th": 0.03,
                "10th": 0.027,
                "7th-8th": 0.02,
                "Prof-school": 0.02,
                "9th": 0.015,
                "Doctorate": 0.016,
                "12th": 0.011,
                "5th-6th": 0.008,
                "1st-4th": 0.004,
                "Preschool": 0.002,
            },
            education,
        ),
        "education-num": Point(lambda p: effect(p["education"], EDUCATION_YEARS)),
        "marital-status": Choice(
            {
                "Married-civ-spouse": 1.0,
                "Never-married": 0.33,
                "Divorced": 0.33,
                "Separated": 0.07,
                "Widowed": 0.03,
                "Married-spouse-absent": 0.03,
                "Married-AF-spouse": 0.002,
            },
            marital_status,
        ),
        "relationship": Choice(
            {
                "Husband": 1.0,
                "Wife": 1.0,
                "Not-in-family": 0.35,
                "Own-child": 0.25,
                "Unmarried": 0.35,
                "Other-relative": 0.06,
            },
            relationship,
        ),
        "workclass": Choice(
            {
                "Private": 0.74,
                "Self-emp-not-inc": 0.08,
                "Local-gov": 0.065,
                "State-gov": 0.036,
                "Self-emp-inc": 0.03,
                "Federal-gov": 0.031,
                None: 0.038,
                "Without-pay": 0.001,
                "Never-worked": 0.0005,
            },
            workclass,
        ),
        "occupation": Choice(
            {
                "Prof-specialty": 0.13,
                "Exec-managerial": 0.15,
                "Adm-clerical": 0.25,
                "Sales": 0.13,
                "Tech-support": 0.03,
                "Craft-repair": 0.03,
                "Machine-op-inspct": 0.06,
                "Transport-moving": 0.012,
                "Handlers-cleaners": 0.016,
                "Farming-fishing": 0.007,
                "Other-service": 0.19,
                "Priv-house-serv": 0.012,
                "Protective-serv": 0.005,
                "Armed-Forces": 0.0005,
                None: 1.0,
            },
            occupation,
        ),
        "hours-per-week": Mixture(
            Choice({"forty": 0.6, "less": 0.16, "more": 0.24}, full_time),
            {
                "forty": Point(40),
                "less": Rounded(lambda _: stats.norm(26, 9), 1, 60),
                "more": Rounded(lambda _: stats.gamma(a=2.5, loc=40, scale=5), 41, 99),
            },
        ),
        "capital-gain": Mixture(
            Choice({"none": 0.925, "some": 0.07, "capped": 0.005}, gains),
            {
                "none": Point(0),
                "some": Rounded(lambda p: stats.lognorm(0.8, scale=5500 + 900 * (p["education-num"] > 12)), 114, 42000),
                "capped": Point(99999),
            },
        ),
        "capital-loss": Mixture(
            Choice({"none": 0.95, "some": 0.05}, lambda p: {"some": np.where(p["capital-gain"] > 0, -np.inf, 0.0)}),
            {"none": Point(0), "some": Rounded(lambda _: stats.t(df=2.5, loc=1870, scale=170), 155, 4356)},
        ),
        "income": Choice({"<=50K": 0.5, ">50K": 0.5}, income),
    },
    columns=(
        "age",
        "workclass",
        "fnlwgt",
        "education",
        "education-num",
        "marital-status",
        "occupation",
        "relationship",
        "race",
        "sex",
        "capital-gain",
        "capital-loss",
        "hours-per-week",
        "native-country",
        "income",
    ),
    target="income",
    outcomes=("<=50K", ">50K"),
)


def simulate(rows: int, seed: int) -> pd.DataFrame:
    return MODEL.sample(rows, seed)
