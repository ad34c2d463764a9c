"""Shoppers: does a session in an online shop end with a purchase?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.datasets.base import CC_BY, UCI, DataFile, Loader, Original, columns
from bench.records import Schema

FILE = DataFile(
    "shoppers/online_shoppers_intention.csv",
    "b3055ee355f59134d851d32641183cb4a8b45def7124d2f50442a042f358e0d9",
    f"{UCI}/static/public/468/online+shoppers+purchasing+intention+dataset.zip",
    "online_shoppers_intention.csv",
)
SCHEMA = Schema(
    columns(
        {
            "Administrative": "integer",
            "Administrative_Duration": "real",
            "Informational": "integer",
            "Informational_Duration": "real",
            "ProductRelated": "integer",
            "ProductRelated_Duration": "real",
            "BounceRates": "real",
            "ExitRates": "real",
            "PageValues": "real",
            "SpecialDay": "real",
            "Month": "categorical",
            "OperatingSystems": "categorical",
            "Browser": "categorical",
            "Region": "categorical",
            "TrafficType": "categorical",
            "VisitorType": "categorical",
            "Weekend": "categorical",
            "Revenue": "categorical",
        }
    ),
    target="Revenue",
    task="classification",
)


def read(folder: Path) -> Original:
    return Original(pd.read_csv(folder / FILE.path))


LOADER = Loader(
    name="shoppers",
    family="tabular",
    title="Online Shoppers Purchasing Intention",
    schema=SCHEMA,
    url=f"{UCI}/dataset/468/online+shoppers+purchasing+intention+dataset",
    licence=CC_BY,
    citation=(
        "Sakar, C. and Kastro, Y. (2018). Online Shoppers Purchasing Intention Dataset. "
        "UCI Machine Learning Repository. doi:10.24432/C5F88Q"
    ),
    files=(FILE,),
    read=read,
    demo="bench.datasets.demo.shoppers",
)
