"""The five simulated tables: what they declare is what one finds in them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
import xgboost
from pandas.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score

from bench.datasets.demo import adult, beijing, default, magic, shoppers

TABLES = {"adult": adult, "beijing": beijing, "default": default, "magic": magic, "shoppers": shoppers}
CLASSIFICATION = ["adult", "default", "magic", "shoppers"]
each = pytest.mark.parametrize("name", TABLES)


@cache
def table(name: str) -> pd.DataFrame:
    return TABLES[name].simulate(TABLES[name].ROWS, TABLES[name].SEED)


@cache
def large(name: str) -> pd.DataFrame:
    return TABLES[name].simulate(20_000, 1)


@each
def test_seed_decides_the_rows(name):
    module = TABLES[name]
    assert 3000 <= module.ROWS <= 4000
    assert_frame_equal(module.simulate(300, 7), module.simulate(300, 7))
    assert not module.simulate(300, 7).equals(module.simulate(300, 8))


@each
def test_every_row_is_possible_and_numbers_survive_a_csv(name, tmp_path):
    module, frame = TABLES[name], table(name)
    likelihood = module.MODEL.log_likelihood(frame)
    assert np.isfinite(likelihood).all()
    assert (likelihood < 0).all()
    frame.to_csv(tmp_path / "rows.csv", index=False)
    kinds = {column: str(dtype) for column, dtype in frame.dtypes.items()}
    again = pd.read_csv(tmp_path / "rows.csv", dtype=kinds, keep_default_na=False, na_values=[""])
    np.testing.assert_allclose(module.MODEL.log_likelihood(again), likelihood)


@each
def test_truth_prefers_its_own_records_to_permuted_ones(name):
    """Gibbs' inequality: breaking a dependence lowers the mean log-likelihood."""
    module, frame = TABLES[name], table(name)
    truth = module.MODEL.log_likelihood(frame).mean()
    order = np.random.default_rng(0).permutation(len(frame))
    for column in (module.MODEL.target, {"beijing": "TEMP", "magic": "fLength"}.get(name, module.MODEL.columns[0])):
        broken = frame.assign(**{column: frame[column].take(order).to_numpy()})
        if frame[column].dtype == "Int64":
            broken[column] = broken[column].astype("Int64")
        assert module.MODEL.log_likelihood(broken).mean() < truth - 0.02


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_target_distribution_is_calibrated(name):
    module, frame = TABLES[name], large(name)
    stated = module.MODEL.target_distribution(frame)[:, 1]
    happened = (frame[module.MODEL.target] == module.MODEL.outcomes[1]).to_numpy()
    bins = np.digitize(stated, np.quantile(stated, np.linspace(0.1, 0.9, 9)))
    for part in range(10):
        p, hit = stated[bins == part], happened[bins == part]
        assert abs(hit.sum() - p.sum()) < 4.5 * np.sqrt((p * (1 - p)).sum()) + 1


def test_expected_dust_is_unbiased_on_the_log_scale():
    frame = table("beijing").dropna(subset="pm2.5").iloc[:1000]
    chances = beijing.MODEL.target_distribution(frame)
    logs = np.log(np.clip(np.array(beijing.MODEL.outcomes, dtype=float), 1, None))
    mean = chances @ logs
    spread = np.sqrt(chances @ logs**2 - mean**2)
    score = (np.log(frame["pm2.5"].clip(lower=1).to_numpy(dtype=float)) - mean) / spread
    assert chances.sum(axis=1) == pytest.approx(1)
    assert abs(score.mean()) < 4.5 / np.sqrt(len(score))
    assert score.std() == pytest.approx(1, abs=0.08)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_data_can_be_learnt_and_nobody_beats_the_truth(name):
    module, train, test = TABLES[name], table(name), large(name)
    model = module.MODEL
    both = pd.concat([train, test]).drop(columns=model.target)
    numbers = pd.get_dummies(both).astype(float)
    label = model.outcomes[1]
    booster = xgboost.XGBClassifier(n_estimators=80, max_depth=3, learning_rate=0.15, n_jobs=1)
    booster.fit(numbers.iloc[: len(train)], train[model.target] == label)
    learnt = roc_auc_score(test[model.target] == label, booster.predict_proba(numbers.iloc[len(train) :])[:, 1])
    best = roc_auc_score(test[model.target] == label, model.target_distribution(test)[:, 1])
    assert 0.75 < learnt < best < 0.95
    assert 0.1 < (train[model.target] == label).mean() < 0.4


@each
def test_no_column_is_constant_and_there_are_rare_categories(name):
    frame = table(name)
    assert (frame.nunique() > 1).all()
    labels = frame.select_dtypes("str")
    if name in ("adult", "default", "shoppers"):
        assert min(labels[column].value_counts(normalize=True).min() for column in labels) < 0.005


def test_adult_dependencies():
    frame = large("adult")
    assert (frame["education"].map(adult.EDUCATION_YEARS) == frame["education-num"]).all()
    assert set(frame.loc[frame.relationship == "Wife", "sex"]) == {"Female"}
    assert frame.loc[frame.workclass.isna(), "occupation"].isna().all()
    for column, share in {"workclass": 0.055, "occupation": 0.055, "native-country": 0.018}.items():
        assert frame[column].isna().mean() == pytest.approx(share, abs=0.012)
    assert (frame["capital-gain"] == 0).mean() == pytest.approx(0.92, abs=0.02)
    assert (frame["hours-per-week"] == 40).mean() > 0.4
    assert frame["capital-gain"].skew() > 5


def test_default_months_hang_together():
    frame = large("default")
    assert (frame.LIMIT_BAL % 10_000 == 0).all()
    numbers = frame.filter(like="BILL_AMT").astype(float)
    assert numbers.BILL_AMT1.corr(numbers.BILL_AMT2) > 0.8 > numbers.BILL_AMT1.corr(numbers.BILL_AMT6)
    assert frame.filter(like="PAY_AMT").eq(0).mean().between(0.1, 0.3).all()
    assert frame.PAY_AMT1.skew() > 5
    assert set(frame.PAY_0) <= set(default.DELAYS)


def test_magic_image_geometry():
    frame = large("magic")
    assert (frame.fConc1 <= frame.fConc).all()
    assert frame.fAlpha.between(0, 90).all()
    assert (frame.fWidth == 0).mean() == pytest.approx(0.005, abs=0.002)
    assert frame.groupby("class").fAlpha.median().h > 2 * frame.groupby("class").fAlpha.median().g


def test_shoppers_pages_and_durations():
    frame = large("shoppers")
    for pages in ("Administrative", "Informational", "ProductRelated"):
        assert (frame.loc[frame[pages] == 0, f"{pages}_Duration"] == 0).all()
    assert (frame.ExitRates >= frame.BounceRates).all()
    assert frame.PageValues.eq(0).mean() == pytest.approx(0.79, abs=0.03)
    assert (frame.loc[~frame.Month.isin(["Feb", "May"]), "SpecialDay"] == 0).all()


def test_beijing_calendar_and_weather():
    frame = large("beijing")
    days = frame[["year", "month", "day"]].astype("int64")
    pd.to_datetime(days, errors="raise")
    assert (days[(days.month == 2) & (days.day == 29)].year == 2012).all()
    assert (frame.DEWP <= frame.TEMP).all()
    assert (frame.loc[frame.Is > 0, "TEMP"] <= 2).all()
    assert frame["pm2.5"].isna().mean() == pytest.approx(0.05, abs=0.012)
    assert frame.Ir.eq(0).mean() > 0.95
