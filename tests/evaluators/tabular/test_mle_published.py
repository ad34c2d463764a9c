"""The published protocols against scikit-learn, XGBoost's own estimators and the numbers that TabSyn prints."""

import os

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn import metrics
from sklearn.preprocessing import OneHotEncoder

import bench
from bench.frames import conform
from bench.records import Column, Schema
from evaluators.tabular import mle_published, mle_tabsyn
from evaluators.tabular.encode import fit_encoding
from evaluators.tabular.mle import MachineLearningEfficiency
from evaluators.tabular.mle_tabsyn import BOOSTERS, GRID, Booster, measure, scale, tables

FOLDER = os.environ.get("BENCH_DATA_DIR")
REGRESSION = Schema((Column("x", "real"), Column("c", "categorical"), Column("y", "real")), "y", "regression")


def evaluate(data, synthetic, seed=0, **options):
    options = {"protocols": ("tabsyn",), "bootstrap_draws": 20} | options
    return {s.metric: s for s in MachineLearningEfficiency(**options).evaluate(data, synthetic, seed=seed)}


def regression_records(rows, seed):
    rng = np.random.default_rng(seed)
    x, c = rng.normal(size=rows), rng.choice(["a", "b"], size=rows)
    y = np.exp(6 + x + (c == "b") + 0.2 * rng.normal(size=rows))
    return conform(pd.DataFrame({"x": x, "c": c, "y": y}), REGRESSION)


def weighted_f1(truth, predicted):
    """As TabSyn has it: the F1 of a class counts by the share of the others."""
    classes = np.union1d(truth, predicted)
    scores = metrics.f1_score(truth, predicted, labels=classes, average=None)
    return sum(f1 * np.mean(truth != label) for f1, label in zip(scores, classes, strict=True)) / (len(classes) - 1)


@pytest.mark.parametrize("classes", [2, 4])
def test_measures_agree_with_scikit_learn(classes):
    rng = np.random.default_rng(classes)
    truth = rng.integers(classes, size=400)
    answer = rng.dirichlet(np.ones(classes), size=400) + 0.3 * np.eye(classes)[truth]
    answer /= answer.sum(axis=1, keepdims=True)
    found = {
        name: values[0] for name, values in measure(truth.astype(float), answer, classes, np.ones((1, 400))).items()
    }
    predicted = answer.argmax(axis=1)
    # one column a class: for two classes the mean of two equal areas
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(np.eye(classes)[truth], answer))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    name = "f1" if classes == 2 else "macro_f1"
    expected = metrics.f1_score(truth, predicted, average="binary" if classes == 2 else "macro")
    assert found[name] == pytest.approx(expected)
    assert found["weighted_f1"] == pytest.approx(weighted_f1(truth, predicted))
    assert found["average"] == pytest.approx((found["auc"] + expected + found["weighted_f1"]) / 3)


def test_fewer_trees_of_a_booster_are_the_grids_own_models(mixed, mixed_schema):
    """One booster stands for three points of the grid, and fitting it again gives the same model."""
    records, other = mixed(400, 0), mixed(200, 1)
    encoding = fit_encoding(records, mixed_schema)
    train, test = encoding.examples(records), encoding.examples(other)
    table, held = tables(encoding, train, test, test.target)
    answers = list(Booster(BOOSTERS[5], table, 2, 0).predict(held))
    for trees, answer in zip((10, 50, 100), answers, strict=True):
        model = xgboost.XGBClassifier(n_estimators=trees, base_score=0.5, tree_method="hist", **BOOSTERS[5], n_jobs=1)
        expected = model.fit(table.features, table.target).predict_proba(held.features)
        assert answer == pytest.approx(expected, abs=1e-6)


def test_the_grid_is_the_published_one():
    assert len(GRID) == 36
    assert {point["n_estimators"] for point in GRID} == {10, 50, 100}
    assert {point["max_depth"] for point in GRID} == {5, 10, 20}
    assert {(point["min_child_weight"], point["gamma"]) for point in GRID} == {(1, 0.0), (1, 1.0), (10, 0.0), (10, 1.0)}


def test_every_number_is_scaled_by_the_first_column():
    (first, second), low, high = scale([np.array([2.0, 12.0, np.nan]), np.array([-3.0, 52.0, 7.0])], 0.0, 0.0)
    assert first == pytest.approx([0, 5, np.nan], nan_ok=True)
    assert second == pytest.approx([-2.5, 25, 2.5])
    assert (low, high) == (2, 12)


def test_from_a_thousand_on_every_number_is_logged():
    (first, second), *_ = scale([np.array([10.0, 2000.0]), np.array([-5.0, 1.0])], 0.0, 0.0)
    assert first == pytest.approx(np.log([10, 2000]))
    assert second == pytest.approx(np.log([0.01, 1]))


def test_a_minimum_of_zero_is_not_yet_known():
    train, low, high = scale([np.array([0.0, 10.0]), np.array([5.0, 6.0])], 0.0, 0.0)
    assert train[0] == pytest.approx([0, 5])
    assert train[1] == pytest.approx([0, 1])
    # the first column of test rows meets what the second of the train rows has left
    assert scale([np.array([0.0, 10.0])], low, high)[0][0] == pytest.approx([-5, 5])


def test_constant_and_empty_numbers_stay_finite():
    columns, *_ = scale([np.full(3, np.nan), np.full(3, 4.0), np.array([4.0, 5.0, 6.0])], 0.0, 0.0)
    assert np.isnan(columns[0]).all()
    assert np.isfinite(columns[1:]).all()


def test_categories_are_one_hot_as_scikit_learn_has_it(mixed, mixed_schema):
    records, other = mixed(300, 0).dropna(), mixed(50, 1).dropna()
    other["colour"] = other["colour"].mask(other.index % 7 == 0, "never seen")
    encoding = fit_encoding(records, mixed_schema)
    train, test = encoding.examples(records), encoding.examples(other)
    found = tables(encoding, train, test, test.target)[1].features[:, 2:]
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(records[["colour"]])
    assert (found == encoder.transform(other[["colour"]])).all()


def test_each_measure_is_that_of_the_model_it_selects(make_dataset, mixed):
    data, synthetic = make_dataset(mixed(10, 0), mixed(500, 1)), mixed(400, 2)
    found = evaluate(data, synthetic)
    assert list(found) == ["xgboost_auc", "xgboost_accuracy", "xgboost_f1", "xgboost_weighted_f1"]
    for score in found.values():
        name = score.metric.removeprefix("xgboost_")
        # the value comes from the model that was fitted again, the table from the grid
        assert score.value == score.details["selections"][name][name]
        assert score.protocol == "tabsyn"
        assert score.stderr > 0
    assert set(found["xgboost_auc"].details["selections"]) == {"auc", "accuracy", "f1", "weighted_f1", "average"}
    assert found["xgboost_auc"].value > 0.8


def test_the_validation_target_of_a_regression_is_not_logged(make_dataset):
    data = make_dataset(regression_records(10, 0), regression_records(500, 1), schema=REGRESSION)
    synthetic = regression_records(600, 2)
    found = evaluate(data, synthetic)
    assert list(found) == ["xgboost_rmse_log", "xgboost_r2_log"]
    # by hand, from another description of the same rule
    encoding = fit_encoding(synthetic, REGRESSION)
    train, test = encoding.examples(synthetic), encoding.examples(data.test)
    table, held = tables(encoding, train, test, test.target)
    rows, validation = mle_tabsyn.draw_validation(600, (0, 0))
    errors = []
    for point in GRID:
        model = xgboost.XGBRegressor(base_score=0.5, tree_method="hist", n_jobs=1, **point)
        model.fit(table.features[rows], np.log(table.target[rows]))
        error = metrics.root_mean_squared_error(table.target[validation], model.predict(table.features[validation]))
        errors.append((error, metrics.root_mean_squared_error(np.log(held.target), model.predict(held.features))))
    assert found["xgboost_rmse_log"].value == pytest.approx(min(errors)[1], abs=1e-5)
    assert found["xgboost_rmse_log"].value > min(error for _, error in errors)


def test_difflm_takes_the_best_of_its_repetitions(make_dataset, mixed, monkeypatch):
    monkeypatch.setattr(mle_published, "BOOSTERS", BOOSTERS[:2])
    data, synthetic = make_dataset(mixed(10, 0), mixed(500, 1)), mixed(300, 2)
    once = evaluate(data, synthetic, protocols=("tabsyn",))["xgboost_auc"]
    found = evaluate(data, synthetic, protocols=("difflm",), repetitions=6)["xgboost_auc"]
    alone = [evaluate(data, synthetic, protocols=("difflm",), repetitions=n)["xgboost_auc"].value for n in (1, 2, 4)]
    assert alone == sorted(alone)
    assert once.value <= alone[0] <= found.value
    assert found.details["mean"]["auc"] < found.value
    assert found.details["standard_deviation"]["auc"] > 0
    assert "optimistic" in found.details["note"]
    assert found.protocol == "difflm"


def test_protocols_stand_beside_each_other(make_dataset, mixed, monkeypatch):
    monkeypatch.setattr(mle_published, "BOOSTERS", BOOSTERS[:1])
    data = make_dataset(mixed(10, 0), mixed(100, 1))
    options = {"protocols": ("harness", "tabsyn", "difflm"), "trials": 1, "maximum_trees": 10, "repetitions": 2}
    scores = MachineLearningEfficiency(**options).evaluate(data, mixed(200, 2))
    names = [(s.protocol, s.metric) for s in scores]
    assert len(set(names)) == len(names)
    assert {protocol for protocol, _ in names} == {"harness", "tabsyn", "difflm"}


def test_more_classes_and_classes_of_one_side_only(make_dataset, mixed):
    def relabel(records, other):
        return records.assign(label=np.where(records["colour"] == "red", records["label"], other))

    data = make_dataset(mixed(10, 0), relabel(mixed(200, 1), "third"))
    found = evaluate(data, relabel(mixed(300, 2), "third"))
    assert found["xgboost_auc"].value > 0.9
    assert "xgboost_macro_f1" in found
    unseen = evaluate(data, mixed(300, 2))
    assert unseen["xgboost_accuracy"].value < found["xgboost_accuracy"].value
    assert 0 < unseen["xgboost_auc"].value < 1


@pytest.mark.parametrize(("rows", "damage", "reason"), [
    (5, {}, "a ninth"),
    (0, {}, "the 0 synthetic records"),
    (100, {"label": "yes"}, "less than two values"),
    (100, {"size": 1.0, "rooms": 2, "colour": "red"}, "no feature"),
])  # fmt: skip
def test_what_cannot_be_learnt_from_has_a_reason(make_dataset, mixed, rows, damage, reason):
    synthetic = make_dataset(mixed(rows, 2).assign(**damage)).train
    data = make_dataset(mixed(10, 0), mixed(50, 1))
    for protocol in ("tabsyn", "difflm"):
        found = evaluate(data, synthetic, protocols=(protocol,))
        assert len(found) == 4
        for score in found.values():
            assert np.isnan(score.value)
            assert reason in score.details["reason"]


def test_a_class_that_validation_or_train_has_not_drawn(make_dataset, mixed):
    synthetic = mixed(60, 2)
    synthetic.loc[0, "label"] = "rare"
    for seed in range(2):
        found = evaluate(make_dataset(mixed(10, 0), mixed(50, 1)), synthetic, seed=seed)
        assert np.isfinite(found["xgboost_auc"].value)


PRINTED = {"adult": 0.927, "default": 0.770, "magic": 0.946, "shoppers": 0.926, "beijing": 0.423}
TOLERANCE = {"beijing": 0.02}


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(FOLDER is None, reason="BENCH_DATA_DIR is not set")
@pytest.mark.parametrize("name", PRINTED)
def test_real_rows_give_the_printed_numbers(name):
    """TabSyn's row Real, table 3 (arXiv 2310.09656).

    Its validation draw is not known and a draw moves the AUC by .003 on Shoppers: the mean of five.
    """
    data = bench.load(name, variant="original", split="tabsyn", data_dir=FOLDER)
    metric = "xgboost_rmse_log" if name == "beijing" else "xgboost_auc"
    found = [evaluate(data, data.train, seed, bootstrap_draws=1)[metric].value for seed in range(5)]
    assert np.mean(found) == pytest.approx(PRINTED[name], abs=TOLERANCE.get(name, 0.004))
