"""A table as the distinct values of its columns: what is spelled once and put together for every batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from generators.great.text import RowText


@dataclass(frozen=True)
class Table:
    """Rows whose values are codes.

    Args:
        texts: of every column, those of its distinct values.
        codes: (rows, columns) int32, which of them a row has.
    """

    texts: list[list[str]]
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, records: pd.DataFrame, text: RowText) -> Table:
        """Canonical records as they are written."""
        texts, codes = [], np.zeros((len(records), len(text.names)), dtype=np.int32)
        for place, name in enumerate(text.schema.names):
            codes[:, place], distinct = pd.factorize(records[name], use_na_sentinel=False)
            texts.append([text.value(place, value) for value in distinct])
        return cls(texts, codes)

    def __len__(self) -> int:
        return len(self.codes)

    def counts(self, place: int) -> NDArray[np.int64]:
        """How often every distinct value of a column occurs, (distinct values,)."""
        return np.bincount(self.codes[:, place], minlength=len(self.texts[place]))
