"""Beijing: how much fine dust (PM2.5, µg/m³) was in the air of an hour, given the weather?

Year, month, day and hour are labels and not numbers, as in TabSyn's tables, which the published
column-shape and pair-trend errors of this table depend on.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.datasets.base import CC_BY, UCI, DataFile, Loader, Original, columns
from bench.records import Schema

FILE = DataFile(
    "beijing/PRSA_data_2010.1.1-2014.12.31.csv",
    "4127f868775e31b3956522adc0ec75af8937dde6a3896e8beed3a376c6d27f1c",
    f"{UCI}/static/public/381/beijing+pm2+5+data.zip",
    "PRSA_data_2010.1.1-2014.12.31.csv",
)
SCHEMA = Schema(
    columns(
        {
            "year": "categorical",
            "month": "categorical",
            "day": "categorical",
            "hour": "categorical",
            "pm2.5": "integer",
            "DEWP": "integer",
            "TEMP": "real",
            "PRES": "real",
            "cbwd": "categorical",
            "Iws": "real",
            "Is": "integer",
            "Ir": "integer",
        }
    ),
    target="pm2.5",
    task="regression",
    log_target=True,
)


def read(folder: Path) -> Original:
    """All hours, those without a measurement (NA) too, without the running number."""
    frame = pd.read_csv(folder / FILE.path, keep_default_na=False, na_values={"pm2.5": ["NA"]})
    return Original(frame.drop(columns="No"))


LOADER = Loader(
    name="beijing",
    family="tabular",
    title="Beijing PM2.5",
    schema=SCHEMA,
    url=f"{UCI}/dataset/381/beijing+pm2+5+data",
    licence=CC_BY,
    citation="Chen, S. (2015). Beijing PM2.5. UCI Machine Learning Repository. doi:10.24432/C5JS49",
    files=(FILE,),
    read=read,
    demo="bench.datasets.demo.beijing",
)
