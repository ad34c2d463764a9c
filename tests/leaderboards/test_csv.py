import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leaderboards
from leaderboards.render.csv import neutral

SHAPE, AUC = "column_shape_error_percent", "xgboost_auc"


def read(store, **options) -> pd.DataFrame:
    text = leaderboards.csv(store.connection, **options)
    assert text.count("\r\n") == text.count("\n")
    return pd.read_csv(io.StringIO(text, newline=""), keep_default_na=False, na_values={"mean": [""], "stderr": [""]})


def test_one_line_a_dataset_generator_metric_and_protocol(store):
    for dataset in ("adult", "magic"):
        for seed in range(2):
            store.cell("smote", {SHAPE: 1.0 + seed, AUC: 0.9}, dataset=dataset, seed=seed)
            store.cell("holdout", {SHAPE: 0.25}, dataset=dataset, seed=seed)
    frame = read(store)
    assert len(frame) == 8
    assert not frame.duplicated(["dataset", "generator", "metric", "protocol"]).any()
    one = frame[(frame["dataset"] == "magic") & (frame["generator"] == "smote") & (frame["metric"] == SHAPE)].iloc[0]
    expected = {
        "variant": "demo", "family": "tabular", "dataset_digest": "magicdemodigest", "split": "harness",
        "profile": "demo", "split_seeds": "0", "seeds": "0, 1", "config_hash": "c", "sentinel": "",
        "protocol": "harness", "version": 1, "higher_is_better": False, "best_value": "",
        "mean": 1.5, "stderr": 0.5, "cells": 2, "imputed": False, "best": False,
        "reference": "0.25", "fit_seconds": 2.0, "sample_seconds": 4.0,
        "records_per_second": 250.0, "failed_stages": 0,
    }  # fmt: skip
    assert {key: str(one[key]) for key in expected} == {key: str(value) for key, value in expected.items()}


def test_a_best_value_inside_the_range_is_told(store):
    store.cell("smote", {"c2st_xgboost_auc": 0.6}, higher=False)
    assert read(store)["best_value"].tolist() == [0.5]


def test_failed_imputed_and_best_are_marked(store):
    for seed in range(3):
        store.cell("smote", {SHAPE: 1.0 + seed / 100}, seed=seed)
        store.cell("copula", {SHAPE: 5.0 + seed / 50}, seed=seed)
        store.cell("ctgan", seed=seed, failed=("fit", "timeout", "slow"))
        store.cell("marginals", {SHAPE: 0.5}, seed=seed)
    frame = read(store).set_index("generator")
    assert frame["best"].to_dict() == {"smote": True, "copula": False, "ctgan": False, "marginals": False}
    assert frame["imputed"].to_dict() == {"smote": False, "copula": False, "ctgan": True, "marginals": False}
    assert frame.loc["ctgan", "failed_stages"] == 3
    assert frame.loc["marginals", "sentinel"] == "floor"


def test_generators_without_any_score_are_there(store):
    store.cell("smote", failed=("fit", "raised", "singular"))
    frame = read(store)
    assert frame[["generator", "metric", "failed_stages"]].values.tolist() == [["smote", "", 1]]


def test_undefined_scores_are_empty(store):
    store.cell("smote", {SHAPE: None})
    frame = read(store)
    assert frame["mean"].isna().all()
    assert frame["cells"].tolist() == [1]


def test_text_that_a_spreadsheet_would_run_is_neutralised_and_numbers_are_not(store):
    store.cell('=HYPERLINK("http://x","a,b")', {SHAPE: -1.5}, dataset="@data\nset")
    frame = read(store)
    assert frame["generator"].tolist() == ['\'=HYPERLINK("http://x","a,b")']
    assert frame["dataset"].tolist() == ["'@data set"]
    assert frame["mean"].tolist() == [-1.5]


@given(name=st.text(max_size=30))
def test_no_text_starts_as_a_formula_or_spans_lines(name):
    text = neutral(name)
    assert not text.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert len(text.splitlines()) <= 1


@pytest.mark.parametrize("metrics", [[SHAPE], ["all"]])
def test_metrics_are_chosen_as_in_tables(store, metrics):
    store.cell("smote", {SHAPE: 1.0, "xgboost_macro_f1": 0.5})
    assert len(read(store, metrics=metrics)) == (1 if metrics == [SHAPE] else 2)
