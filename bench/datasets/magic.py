"""Magic: is a shower of light in a Cherenkov telescope a gamma ray (g) or a hadron (h)?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.datasets.base import CC_BY, UCI, DataFile, Loader, Original, columns
from bench.records import Kind, Schema

FILE = DataFile(
    "magic/magic04.data",
    "e9314b7ebd4b4b59a3b3d65f7316663963777b16a46786877651dbbaa640b36a",
    f"{UCI}/static/public/159/magic+gamma+telescope.zip",
    "magic04.data",
)
MEASURES: dict[str, Kind] = dict.fromkeys(
    ["fLength", "fWidth", "fSize", "fConc", "fConc1", "fAsym", "fM3Long", "fM3Trans", "fAlpha", "fDist"], "real"
)
SCHEMA = Schema(columns({**MEASURES, "class": "categorical"}), target="class", task="classification")


def read(folder: Path) -> Original:
    """A file without a header."""
    return Original(pd.read_csv(folder / FILE.path, names=SCHEMA.names))


LOADER = Loader(
    name="magic",
    family="tabular",
    title="MAGIC Gamma Telescope",
    schema=SCHEMA,
    url=f"{UCI}/dataset/159/magic+gamma+telescope",
    licence=CC_BY,
    citation="Bock, R. (2004). MAGIC Gamma Telescope. UCI Machine Learning Repository. doi:10.24432/C52C8B",
    files=(FILE,),
    read=read,
    demo="bench.datasets.demo.magic",
    tabsyn_skips=1,  # taken for a header there
)
