"""What the compact preset promises on the original Adult: a quarter of an hour on two cores."""

import os
import time

import pytest

import bench
from evaluators.tabular.correlation import Correlation
from evaluators.tabular.density import Density
from evaluators.tabular.mle import MachineLearningEfficiency
from generators.difflm import DiffLM


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.timeout(3600)
def test_adult():
    if "BENCH_DATA_DIR" not in os.environ:
        pytest.skip("BENCH_DATA_DIR is not set")
    data = bench.load("adult", variant="original")
    begin = time.perf_counter()
    generator = DiffLM().fit(data, seed=0)
    fitted = time.perf_counter()
    sample = generator.sample(len(data.train), seed=0)
    sampled = time.perf_counter()
    assert sampled - begin < 1800
    assert len(sample.records) / (sampled - fitted) > 500
    assert sample.attempts == len(data.train) == 32_561
    evaluators = (Density(), Correlation(), MachineLearningEfficiency(trials=5))
    scores = {
        (score.metric, score.protocol): score.value
        for evaluator in evaluators
        for score in evaluator.evaluate(data, sample.records, seed=0)
    }
    assert scores["column_shape_error_percent", "harness"] <= 1.0
    assert scores["pair_trend_error_percent", "harness"] <= 2.0
    assert scores["xgboost_auc", "harness"] >= 0.910
