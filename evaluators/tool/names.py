"""Whether the APIs of a tool have names of their own: two with the same cannot be told apart in a call."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluators.base import Score
from evaluators.shares import share_score

METRIC = "unique_name_percent"
KEY = ("tool_name", "api_name")


def unique_name_score(records: pd.DataFrame) -> Score:
    """Share of records whose tool and API names no other record of the sample has; it falls with the sample's size.

    No standard error: it is no property of single records.
    """
    if not set(KEY) <= set(records):
        reason = f"the records have no columns {' and '.join(KEY)}"
        return Score(METRIC, np.nan, np.nan, True, "harness", 1, len(records), {"reason": reason})
    shared = records.duplicated(list(KEY), keep=False).to_numpy()
    score = share_score(METRIC, ~shared, True)
    return Score(METRIC, score.value, np.nan, True, "harness", 1, len(records), score.details)
