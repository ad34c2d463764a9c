"""A store with printed numbers, and with measured ones of every kind."""

from __future__ import annotations

import pytest

from bench.store import published
from leaderboards.paper.build import report
from leaderboards.paper.pages import PAGES

AUC, RMSE = "xgboost_auc", "xgboost_rmse_log"
SHAPE, TREND, SHARE = "column_shape_error_percent", "pair_trend_error_percent", "dcr_share_percent"
ORIGINAL = {"variant": "original", "profile": "cpu"}
TABSYN = {**ORIGINAL, "split": "tabsyn", "protocol": "tabsyn"}


@pytest.fixture
def printed_store(store):
    published.fill(store.connection)
    return store


@pytest.fixture(scope="session")
def filled(new_store):
    """Read it only."""
    store = new_store()
    published.fill(store.connection)
    for seed in range(3):
        store.cell("smote", {AUC: 0.900 + seed / 1000}, seed=seed, **TABSYN)
    store.cell("smote", {AUC: 0.95, SHAPE: 1.0, TREND: 2.0, SHARE: 60.0}, stderr=0.01, **ORIGINAL)
    store.cell("holdout", {AUC: 0.9272}, stderr=0.002, **TABSYN)
    store.cell("holdout", {SHARE: 50.2}, stderr=0.2, **ORIGINAL)
    store.cell("real", {AUC: 0.91}, stderr=0.002, **TABSYN)
    store.cell("copula", {AUC: 0.88}, stderr=0.002, **TABSYN)
    compact = {**ORIGINAL, "split": "difflm", "protocol": "difflm"}
    store.cell("difflm", {AUC: 0.92}, options='{"decoder": "compact", "beta": 1.0}', stderr=0.002, **compact)
    store.cell(
        "difflm", {AUC: 0.91, "c2st_xgboost_auc": 0.52}, config="other", options='{"decoder": "compact", "beta": 10.0}',
        stderr=0.002, **ORIGINAL,
    )  # fmt: skip
    store.cell("smote", {SHAPE: 1.7, TREND: 3.3}, stderr=0.1, **{**TABSYN, "protocol": "sdmetrics-0.11"}, code="x")
    store.cell("ctgan", {AUC: 0.99}, dataset="magic")
    text = {"family": "code", "dataset": "flytech", **ORIGINAL}
    store.cell("difflm", {"pass_at_1_percent": 12.0}, stderr=1.0, **text)
    tool = {"family": "tool", "dataset": "toolbench", **ORIGINAL}
    store.cell("difflm", {"selection_accuracy_percent": 70.0, "judge_win_rate_percent": 33.0}, stderr=1.0, **tool)
    store.cell("tvae", dataset="magic", failed=("fit", "timeout", "took longer than 60 s"), **TABSYN)
    return store


@pytest.fixture(scope="session")
def reports(filled):
    """Every page of the filled store, by its name."""
    return {name: report(filled.connection, page) for name, page in PAGES.items()}
