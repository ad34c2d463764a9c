"""Machine-learning efficiency: what can be learnt is found, what cannot be learnt is said so."""

import numpy as np
import pandas as pd
import pytest

from bench.errors import BenchError
from bench.records import Column, Schema
from evaluators.tabular.mle import MachineLearningEfficiency

LEARNERS = ("xgboost", "catboost", "linear")
FAST = {"trials": 2, "maximum_trees": 40, "bootstrap_draws": 50}
REGRESSION = Schema((Column("x", "real"), Column("c", "categorical"), Column("y", "real")), "y", "regression")


def evaluate(data, synthetic, seed=0, **options):
    return {s.metric: s for s in MachineLearningEfficiency(**FAST | options).evaluate(data, synthetic, seed=seed)}


def regression_records(rows, seed):
    rng = np.random.default_rng(seed)
    x, c = rng.normal(size=rows), rng.choice(["a", "b"], size=rows)
    y = np.exp(3 + x + (c == "b") + 0.2 * rng.normal(size=rows))
    return pd.DataFrame({"x": x, "c": pd.Series(c, dtype="str"), "y": y})


def test_better_synthetic_records_make_better_models(make_dataset, mixed):
    data = make_dataset(mixed(10, 0), mixed(1500, 1))
    good = evaluate(data, mixed(1200, 2))
    noisy = evaluate(data, mixed(1200, 2, noise=6.0))
    flipped = mixed(1200, 2)
    flipped["label"] = flipped["label"].map({"yes": "no", "no": "yes"}).astype("str")
    flipped = evaluate(data, flipped)
    names = [f"{m}_{s}" for m in LEARNERS for s in ("auc", "accuracy", "macro_f1")]
    assert list(good) == [*names, "importance_spearman"]
    for model in LEARNERS:
        assert good[f"{model}_auc"].value > 0.85
        assert good[f"{model}_auc"].value > noisy[f"{model}_auc"].value + 0.02
        assert flipped[f"{model}_auc"].value < 0.15
        assert 0 < good[f"{model}_auc"].stderr < 0.02
        assert good[f"{model}_auc"].higher_is_better


@pytest.mark.parametrize("log", [False, True])
def test_regression(make_dataset, log):
    schema = Schema(REGRESSION.columns, "y", "regression", log_target=log)
    data = make_dataset(regression_records(10, 0), regression_records(800, 1), schema=schema)
    found = evaluate(data, regression_records(1000, 2))
    suffix = "_log" if log else ""
    rmse, r2 = found[f"xgboost_rmse{suffix}"], found[f"catboost_r2{suffix}"]
    assert not rmse.higher_is_better
    assert r2.value > 0.8
    if log:
        assert 0.2 < rmse.value < 0.35  # the noise of the simulator sets the floor of 0.2


def test_equal_seeds_give_equal_scores(make_dataset, mixed):
    data, synthetic = make_dataset(mixed(200, 0), mixed(300, 1)), mixed(400, 2)
    first, again = (
        [(s.metric, s.value, s.stderr, s.details) for s in evaluate(data, synthetic, seed=4).values()] for _ in range(2)
    )
    assert first == again


def test_test_records_do_not_touch_the_model(make_dataset, mixed):
    test, synthetic = mixed(300, 1), mixed(400, 2)
    strange = test.assign(colour="never seen", size=1e9)
    details = [evaluate(make_dataset(mixed(10, 0), t), synthetic)["xgboost_auc"].details for t in (test, strange)]
    assert details[0] == details[1]


def test_classes_and_categories_of_one_side_only(make_dataset, mixed):
    test = mixed(300, 1)
    test.loc[:39, "label"] = "perhaps"
    test.loc[50:60, "colour"] = "violet"
    synthetic = mixed(400, 2).replace({"colour": {"blue": "grey"}})
    found = evaluate(make_dataset(mixed(10, 0), test), synthetic)
    for model in LEARNERS:
        # a class that was never seen cannot be told from the others, and its records are all wrong
        assert 0.5 < found[f"{model}_auc"].value < 0.95
        assert found[f"{model}_accuracy"].value < 260 / 300


def test_more_than_two_classes(make_dataset, mixed):
    def relabel(records):
        return records.assign(label=np.where(records["colour"] == "red", records["label"], "third"))

    found = evaluate(make_dataset(mixed(10, 0), relabel(mixed(400, 1))), relabel(mixed(600, 2)))
    assert found["xgboost_auc"].value > 0.9
    assert found["catboost_macro_f1"].value > 0.6


@pytest.mark.parametrize(
    ("rows", "damage", "reason"),
    [
        (200, {"label": "yes"}, "less than two values"),
        (0, {}, "the 0 synthetic records"),
        (4, {}, "too few"),
        (200, {"label": np.nan}, "the 0 synthetic records"),
        (200, {"size": 1.0, "rooms": 2, "colour": "red"}, "no feature"),
    ],
)
def test_what_cannot_be_learnt_from_has_a_reason(make_dataset, mixed, rows, damage, reason):
    synthetic = make_dataset(mixed(rows, 2).assign(**damage)).train
    found = evaluate(make_dataset(mixed(10, 0), mixed(50, 1)), synthetic)
    assert len(found) == 10
    for score in found.values():
        assert np.isnan(score.value)
        assert reason in score.details["reason"]


@pytest.mark.parametrize(
    ("feature", "target", "reason"),
    [
        (2**20, 2**40, "no feature of the synthetic records varies in single"),
        (2**40, 2**20, "values of 'y' in single precision"),
    ],
)
def test_numbers_that_single_precision_cannot_tell_apart_have_a_reason(make_dataset, feature, target, reason):
    schema = Schema((Column("x", "integer"), Column("y", "integer")), "y", "regression")
    now = 1_700_000_000_000_000_000  # nanoseconds
    records = pd.DataFrame({"x": now + feature * np.arange(60), "y": now + target * (np.arange(60) % 7)})
    data = make_dataset(records, records, schema=schema)
    found = evaluate(data, data.train, protocols=("harness", "difflm"), trials=1, repetitions=1)
    assert {score.details["reason"] for score in found.values() if reason not in score.details["reason"]} == set()


def test_test_records_of_one_class_have_no_auc_but_an_accuracy(make_dataset, mixed):
    test = mixed(100, 1).query("label == 'yes'")
    found = evaluate(make_dataset(mixed(10, 0), test), mixed(300, 2))
    assert np.isnan(found["xgboost_auc"].value)
    assert "not defined" in found["xgboost_auc"].details["reason"]
    assert found["xgboost_accuracy"].value > 0.5


def test_without_test_records_or_target(make_dataset, mixed, mixed_schema):
    assert "test records" in evaluate(make_dataset(mixed(10, 0)), mixed(100, 1))["catboost_auc"].details["reason"]
    data = make_dataset(mixed(10, 0), mixed(10, 1), schema=Schema(mixed_schema.columns))
    assert evaluate(data, mixed(100, 1)) == {}


@pytest.mark.parametrize("name", ["trials", "maximum_trees", "repetitions", "workers"])
def test_less_than_one_of_something_is_refused(name):
    with pytest.raises(BenchError, match=f"evaluator 'mle': {name} = 0; must be at least 1"):
        MachineLearningEfficiency(**{name: 0})


def test_without_bootstrap_draws_there_is_no_standard_error(make_dataset, mixed):
    with pytest.raises(BenchError, match="bootstrap_draws = -1; must be at least 0"):
        MachineLearningEfficiency(bootstrap_draws=-1)
    found = evaluate(make_dataset(mixed(10, 0), mixed(50, 1)), mixed(100, 2), bootstrap_draws=0)
    assert np.isfinite(found["xgboost_auc"].value)
    assert np.isnan(found["xgboost_auc"].stderr)


def test_reference_is_trained_on_train_records(make_dataset, mixed):
    data = make_dataset(mixed(10, 0), mixed(20, 1))
    assert MachineLearningEfficiency().reference_records(data) is data.train


def test_the_number_of_workers_changes_nothing(make_dataset, mixed):
    data, synthetic = make_dataset(mixed(200, 0), mixed(300, 1)), mixed(400, 2)
    one, three = (
        [
            (s.metric, s.value, s.stderr, s.details)
            for s in evaluate(data, synthetic, trials=9, workers=workers).values()
        ]
        for workers in (1, 3)
    )
    assert one == three
