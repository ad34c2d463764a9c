"""Train sets of real and synthetic rows: sizes, overlaps, and what good and bad synthetic rows do to them."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bench.errors import BenchError
from evaluators.tabular.mle import MachineLearningEfficiency
from evaluators.tabular.mle_mixing import train_set
from evaluators.tabular.models import XGBoost

FAST = {"trials": 1, "maximum_trees": 30, "bootstrap_draws": 30}


def evaluate(data, synthetic, **options):
    return {s.metric: s for s in MachineLearningEfficiency(**FAST | options).evaluate(data, synthetic)}


def rows_of(frame):
    return {tuple(row) for row in frame.itertuples(index=False)}


@pytest.mark.parametrize("sizes", [(100, 100), (60, 100), (100, 60)])
def test_sets_have_one_size_and_no_row_twice(mixed, sizes):
    real, synthetic = mixed(sizes[0], 0).dropna(), mixed(sizes[1], 1).dropna()
    size = min(len(real), len(synthetic))
    before: set = set()
    for percent in (0, 25, 50, 100):
        parts = train_set(f"real_share_{percent}", real, synthetic, seed=3)
        assert [len(part) for part in parts] == [round(size * percent / 100), size - round(size * percent / 100)]
        assert all(part.index.is_unique for part in parts)
        assert before <= rows_of(parts[0]) <= rows_of(real)
        before = rows_of(parts[0])


def test_real_rows_as_a_reference_are_drawn_once_each(mixed):
    real = mixed(80, 0)
    first, second = train_set("real_share_30", real, real, seed=1)
    assert sorted([*first.index, *second.index]) == list(range(80))


def test_real_rows_help_where_synthetic_ones_are_wrong(make_dataset, mixed):
    data = make_dataset(mixed(400, 0), mixed(800, 1))
    flipped = mixed(400, 2)
    flipped["label"] = flipped["label"].map({"yes": "no", "no": "yes"}).astype("str")
    found = evaluate(data, flipped, real_percents=(0, 90, 100), augmentation=True)
    values = [found[f"xgboost_auc_real_share_{percent}"].value for percent in (0, 90, 100)]
    assert values == sorted(values)
    assert values[0] < 0.3
    assert values[2] > 0.8
    augmented = found["xgboost_auc_augmented"]
    assert values[0] < augmented.value < values[2]
    assert augmented.details["gain_over_real"] == pytest.approx(augmented.value - values[2])
    assert augmented.details["gain_stderr"] > 0
    assert augmented.details["real_rows"] == augmented.details["synthetic_rows"] == 400


def test_synthetic_rows_help_where_real_ones_are_few(make_dataset, mixed):
    found = evaluate(make_dataset(mixed(40, 0), mixed(800, 1)), mixed(1500, 2), augmentation=True)
    augmented = found["xgboost_auc_augmented"]
    assert augmented.details["gain_over_real"] > 3 * augmented.details["gain_stderr"] > 0


def test_a_set_of_synthetic_rows_only_is_the_harness_model(make_dataset, mixed):
    """Fitted by hand with the parameters that the details state."""
    data = make_dataset(mixed(300, 0), mixed(300, 1).dropna())
    found = evaluate(data, mixed(300, 2), real_percents=(100,))["xgboost_auc_real_share_100"]
    from evaluators.tabular.encode import fit_encoding
    from evaluators.tabular.models import Problem

    encoding = fit_encoding(data.train, data.schema)
    tuned = found.details["tuned"]
    model = XGBoost().fit(
        Problem([2], 2, 1, 0), tuned["parameters"], tuned["trees"], encoding.examples(data.train), None
    )
    test = encoding.examples(data.test)
    assert found.value == pytest.approx(roc_auc_score(test.target, model.predict(test.features)[:, 1]), abs=0.01)


def test_what_cannot_be_learnt_has_a_reason(make_dataset, mixed):
    data = make_dataset(mixed(50, 0).assign(label="yes"), mixed(50, 1))
    options = {"real_percents": (50, 100), "augmentation": True}
    found = evaluate(data, mixed(200, 2), **options)
    assert "less than two values" in found["xgboost_auc_real_share_100"].details["reason"]
    assert found["xgboost_auc_augmented"].value > 0.5
    assert "gain_over_real" not in found["xgboost_auc_augmented"].details
    nothing = evaluate(data, mixed(3, 2), **options)
    assert set(nothing) == set(found)
    assert all(np.isnan(score.value) and score.details["reason"] for score in nothing.values())


def test_options_that_make_no_sense_are_refused():
    with pytest.raises(BenchError, match="from 0 to 100"):
        MachineLearningEfficiency(real_percents=(50, 101))
    with pytest.raises(BenchError, match="'harness'"):
        MachineLearningEfficiency(protocols=("tabsyn",), augmentation=True)
