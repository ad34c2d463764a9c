"""Default: does a credit card client in Taiwan fail to pay next month?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.datasets.base import CC_BY, UCI, DataFile, Loader, Original, columns
from bench.records import Kind, Schema

ARCHIVE = f"{UCI}/static/public/350/default+of+credit+card+clients.zip"
FILE = DataFile(
    "default/default of credit card clients.csv",
    "bf15b02eb5a2c34f01f6d071083ecb7b8f4e803a4280a7ef497903d84c791c48",
    ARCHIVE,
    "default of credit card clients.xls",
)
MONTHS = range(1, 7)
CODES: dict[str, Kind] = dict.fromkeys(["PAY_0", *(f"PAY_{month}" for month in MONTHS if month > 1)], "categorical")
BILLS: dict[str, Kind] = dict.fromkeys([f"BILL_AMT{month}" for month in MONTHS], "integer")
PAYMENTS: dict[str, Kind] = dict.fromkeys([f"PAY_AMT{month}" for month in MONTHS], "integer")
SCHEMA = Schema(
    columns(
        {
            "LIMIT_BAL": "integer",
            "SEX": "categorical",
            "EDUCATION": "categorical",
            "MARRIAGE": "categorical",
            "AGE": "integer",
            **CODES,
            **BILLS,
            **PAYMENTS,
            "default payment next month": "categorical",
        }
    ),
    target="default payment next month",
    task="classification",
)


def read(folder: Path) -> Original:
    """The sheet below its second header row, without the running number."""
    return Original(pd.read_csv(folder / FILE.path, header=1).drop(columns="ID"))


LOADER = Loader(
    name="default",
    family="tabular",
    title="Default of Credit Card Clients",
    schema=SCHEMA,
    url=f"{UCI}/dataset/350/default+of+credit+card+clients",
    licence=CC_BY,
    citation=(
        "Yeh, I.-C. (2009). Default of Credit Card Clients. UCI Machine Learning Repository. doi:10.24432/C55S3H"
    ),
    files=(FILE,),
    read=read,
    demo="bench.datasets.demo.default",
)
