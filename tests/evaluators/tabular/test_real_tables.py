"""Models trained on the original tables reach the known quality on their test rows."""

import os
from pathlib import Path

import pytest

from bench.datasets import adult, beijing
from bench.frames import conform
from evaluators.tabular.mle import MachineLearningEfficiency

pytestmark = [pytest.mark.realdata, pytest.mark.slow]
FOLDER = os.environ.get("BENCH_DATA_DIR")


@pytest.mark.skipif(FOLDER is None, reason="BENCH_DATA_DIR is not set")
def test_adult(make_dataset):
    original = adult.LOADER.read(Path(FOLDER))
    data = make_dataset(original.frame, original.official_test, schema=adult.LOADER.schema)
    found = {s.metric: s for s in MachineLearningEfficiency(trials=1).evaluate(data, data.train)}
    assert found["xgboost_auc"].value == pytest.approx(0.928, abs=0.003)
    assert found["catboost_auc"].value == pytest.approx(0.928, abs=0.003)
    assert found["xgboost_auc"].stderr == pytest.approx(0.002, abs=0.001)


@pytest.mark.skipif(FOLDER is None, reason="BENCH_DATA_DIR is not set")
def test_beijing(make_dataset):
    schema = beijing.LOADER.schema
    frame = conform(beijing.LOADER.read(Path(FOLDER)).frame, schema).sample(frac=1, random_state=0)
    data = make_dataset(frame.iloc[:35000], frame.iloc[35000:], schema=schema)
    found = {s.metric: s for s in MachineLearningEfficiency(trials=1).evaluate(data, data.train)}
    # gradient boosting on real rows gives about .42 to .46, depending on the split
    assert 0.38 < found["xgboost_rmse_log"].value < 0.48
    assert found["xgboost_r2_log"].value > 0.75
