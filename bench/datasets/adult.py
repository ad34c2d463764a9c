"""Adult: does a person of the 1994 US census earn more than 50,000 dollars a year?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.datasets.base import CC_BY, UCI, DataFile, Loader, Original, columns
from bench.records import Schema

ARCHIVE = f"{UCI}/static/public/2/adult.zip"
TRAIN = DataFile(
    "adult/adult.data", "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d", ARCHIVE, "adult.data"
)
TEST = DataFile(
    "adult/adult.test", "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05", ARCHIVE, "adult.test"
)
SCHEMA = Schema(
    columns(
        {
            "age": "integer",
            "workclass": "categorical",
            "fnlwgt": "integer",
            "education": "categorical",
            "education-num": "integer",
            "marital-status": "categorical",
            "occupation": "categorical",
            "relationship": "categorical",
            "race": "categorical",
            "sex": "categorical",
            "capital-gain": "integer",
            "capital-loss": "integer",
            "hours-per-week": "integer",
            "native-country": "categorical",
            "income": "categorical",
        }
    ),
    target="income",
    task="classification",
)


def read(folder: Path) -> Original:
    """Both files; '?' is a missing value. The test file opens with a remark, and a full stop ends its labels."""
    test = read_file(folder / TEST.path, skip=1)
    test["income"] = test["income"].str.removesuffix(".")
    return Original(read_file(folder / TRAIN.path, skip=0), test)


def read_file(path: Path, skip: int) -> pd.DataFrame:
    return pd.read_csv(
        path,
        names=SCHEMA.names,
        skiprows=skip,
        skipinitialspace=True,
        keep_default_na=False,
        na_values="?",
    )


LOADER = Loader(
    name="adult",
    family="tabular",
    title="Adult",
    schema=SCHEMA,
    url=f"{UCI}/dataset/2/adult",
    licence=CC_BY,
    citation="Becker, B. and Kohavi, R. (1996). Adult. UCI Machine Learning Repository. doi:10.24432/C5XW20",
    files=(TRAIN, TEST),
    read=read,
    demo="bench.datasets.demo.adult",
)
