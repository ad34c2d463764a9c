"""Hand-made tables, without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from leaderboards.aggregate import Failure, Row, Summary, Table
from leaderboards.columns import Column

ERROR = Column("column_shape_error_percent", "harness", 1, higher_is_better=False)
AUC = Column("xgboost_auc", "harness", 1, higher_is_better=True)
SHARE = Column("dcr_share_percent", "sdmetrics", 1, higher_is_better=False)


class Tables:
    """Makes rows and tables with short defaults."""

    ERROR, AUC, SHARE = ERROR, AUC, SHARE

    def row(
        self,
        name: str,
        scores: Mapping[Column, Sequence[float]],
        *,
        generator: str | None = None,
        config: str = "c",
        imputed: bool = False,
        failed: bool = False,
        seconds: float = 2.0,
        stderr: float = float("nan"),
    ) -> Row:
        summaries = {}
        for column, values in scores.items():
            index = pd.MultiIndex.from_tuples([(0, seed) for seed in range(len(values))], names=["split_seed", "seed"])
            own = stats.sem(values) if len(values) > 1 else stderr
            summaries[column] = Summary(pd.Series(values, index=index, dtype=float), np.mean(values), own, imputed)
        failures = [Failure(name, "fit", "raised", "singular", 1)] if failed else []
        return Row(
            name, generator or name, summaries, seconds, float("nan"), failures, config_hash=config, sample_seconds=1.0
        )

    def table(self, dataset: str, *rows: Row, digest: str = "d", profile: str = "demo") -> Table:
        columns = [column for column in (ERROR, AUC, SHARE) if any(column in row.summaries for row in rows)]
        pairs = pd.MultiIndex.from_tuples([(0, 0)], names=["split_seed", "seed"])
        return Table(dataset, "demo", "tabular", digest, "harness", profile, pairs, columns, list(rows))


@pytest.fixture
def make() -> Tables:
    return Tables()
