"""Labels <-> codes; a missing label is one of them where train has any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Labels:
    """The labels of one column in the order of their codes.

    Args:
        values: most frequent first, None for a missing one.
        shares: of train, shape (labels,).
    """

    values: tuple[str | None, ...]
    shares: tuple[float, ...]

    @classmethod
    def learn(cls, column: pd.Series) -> Labels:
        counts = column.value_counts(normalize=True, dropna=False)
        values = tuple(None if pd.isna(value) else str(value) for value in counts.index)
        return cls(values, tuple(float(share) for share in counts))

    def __len__(self) -> int:
        return len(self.values)

    def encode(self, column: pd.Series) -> NDArray[np.int64]:
        """Codes (rows,); a label that train never had gets -1."""
        index = pd.Index([np.nan if value is None else value for value in self.values], dtype="str")
        return index.get_indexer(column.astype("str")).astype(np.int64)

    def decode(self, codes: NDArray[np.int64]) -> pd.Series:
        """Labels of codes (rows,)."""
        return pd.Series(np.array(self.values, dtype=object)[codes], dtype="str")
