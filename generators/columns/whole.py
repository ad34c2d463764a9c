"""Integers that no float tells apart: counted from the least of them, they are floats like all others.

A column whose integers all have a float of their own, which is nearly every one, is left as it is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from bench.frames import EXACT

LOW, HIGH = -(2**63), 2**63 - 1
HELD = np.nextafter(2.0**63, 0)  # the largest float that 64 bits hold


def offset_of(column: pd.Series) -> int:
    """What the integers of a column (rows,) with a value are counted from: the least of them, or 0 for as they are."""
    least, most = int(column.min()), int(column.max())
    return least if max(-least, most) > EXACT else 0


def to_floats(column: pd.Series, offset: int = 0) -> NDArray[np.float64]:
    """A numeric column (rows,) counted from an offset, NaN where it is missing."""
    if offset:
        # Python's integers, for 64 bits may not hold the difference
        column = column.astype("object") - offset
    return column.to_numpy(dtype="float64", na_value=np.nan)


def to_integers(values: NDArray[np.float64], offset: int = 0) -> NDArray[np.float64] | ExtensionArray:
    """The integers of 64 bits (rows,) nearest to numbers that are counted from an offset; floats where it is 0."""
    if not offset:
        return np.round(np.clip(values, -HELD, HELD))
    return pd.array([min(max(round(value) + offset, LOW), HIGH) for value in values.tolist()], dtype="Int64")
