"""Interpolated records lie between train records of their class, whatever the columns look like."""

import numpy as np
import pandas as pd
import pytest

from bench.errors import BenchError
from bench.frames import from_frame
from generators import Smote
from generators.base import UNFULFILLED
from generators.smote.model import target_classes

RNG = np.random.default_rng(0)


def mixed(rows=300):
    rng = np.random.default_rng(1)
    label = rng.choice(["low", "high"], p=[0.8, 0.2], size=rows)
    x = rng.normal(size=rows) + 10 * (label == "high")
    colour = np.where(label == "high", "red", rng.choice(["blue", "green"], size=rows))
    return pd.DataFrame({"x": x, "n": np.round(100 * x).astype(int), "colour": colour, "label": label})


def test_records_are_valid_new_and_stay_inside_their_class():
    frame = mixed()
    sample = Smote().fit(frame, target="label").sample(1000, seed=0)
    records, train = sample.records, from_frame(frame, "label").train
    assert (len(records), sample.attempts, sample.rejected, sample.shortfall) == (1000, 1000, {}, None)
    assert list(records.dtypes) == list(train.dtypes)
    assert records["x"].isin(train["x"]).mean() < 0.01
    assert (records["label"] == "high").mean() == pytest.approx((frame["label"] == "high").mean(), abs=0.05)
    for label, group in records.groupby("label"):
        inside = frame[frame["label"] == label]
        assert group["x"].between(inside["x"].min(), inside["x"].max()).all()
        assert group["n"].between(inside["n"].min(), inside["n"].max()).all()
        assert set(group["colour"]) <= set(inside["colour"])


def test_two_points_a_class_are_joined_by_lines():
    frame = pd.DataFrame({"x": [0.0, 1.0, 10.0, 11.0], "y": [0.0, 2.0, 5.0, 3.0], "c": ["a", "a", "b", "b"]})
    records = Smote(neighbours=1).fit(frame, target="c", kinds={"x": "real", "y": "real"}).sample(200, seed=0).records
    a, b = records[records["c"] == "a"], records[records["c"] == "b"]
    assert a["y"].to_numpy() == pytest.approx(2 * a["x"].to_numpy())
    assert b["y"].to_numpy() == pytest.approx(5 - 2 * (b["x"].to_numpy() - 10))
    assert a["x"].std() > 0.2


def test_equal_seeds_give_equal_records_also_after_loading(tmp_path):
    generator = Smote().fit(mixed(), target="label")
    generator.save(tmp_path / "saved")
    first = generator.sample(50, seed=3).records
    pd.testing.assert_frame_equal(first, Smote.load(tmp_path / "saved").sample(50, seed=3).records)
    assert not first.equals(generator.sample(50, seed=4).records)


@pytest.mark.parametrize(
    "columns", [["x", "n", "label"], ["colour", "other", "label"], ["x", "n"], ["colour", "other"]]
)
def test_numbers_only_categories_only_and_no_target(columns):
    frame = mixed(80).assign(other=lambda frame: np.where(frame["x"] > 0.3, "p", "q"))[columns]
    target = "label" if "label" in columns else None
    records = Smote().fit(frame, target=target).sample(60, seed=0).records
    assert len(records) == 60
    for name in frame.columns.intersection(["colour", "other", "label"]):
        assert set(records[name]) <= set(frame[name])


def test_regression_interpolates_the_target_inside_quantile_bins():
    x = RNG.normal(size=300)
    frame = pd.DataFrame({"x": x, "y": 3 * x + 0.01 * RNG.normal(size=300)})
    generator = Smote().fit(frame, target="y", task="regression")
    records = generator.sample(300, seed=0).records
    assert records["y"].to_numpy() == pytest.approx(3 * records["x"].to_numpy(), abs=0.1)
    classes = target_classes(generator.records, generator.schema, 10)
    assert np.bincount(classes).tolist() == [30] * 10


def test_missing_constant_and_empty_columns():
    frame = mixed(200).assign(constant=7, real_constant=0.1, same="only")
    frame.loc[frame["label"] == "low", "n"] = None
    frame.loc[:30, "colour"] = None
    frame["nothing"] = np.nan
    generator = Smote().fit(frame, target="label", kinds={"nothing": "real"})
    records = generator.sample(300, seed=0).records
    assert records["n"].isna().eq(records["label"] == "low").all()
    assert records["nothing"].isna().all()
    assert (records["constant"] == 7).all()
    assert (records["real_constant"] == 0.1).all()
    assert (records["same"] == "only").all()
    assert 0 < records["colour"].isna().mean() < 0.5


def test_classes_smaller_than_the_neighbourhood_are_drawn_from():
    frame = pd.concat([mixed(60), pd.DataFrame({"x": [99.5], "n": [1], "colour": ["odd"], "label": ["rare"]})])
    records = Smote().fit(frame.reset_index(drop=True), target="label").sample(3000, seed=0).records
    rare = records[records["label"] == "rare"]
    assert 20 < len(rare) < 90
    assert (rare["x"] == 99.5).all()
    assert (rare["colour"] == "odd").all()


def test_a_frame_of_two_rows_can_be_sampled():
    frame = pd.DataFrame({"x": [1.0, 2.0], "c": ["a", "b"]})
    assert len(Smote().fit(frame, target="c").sample(10).records) == 10


@pytest.mark.parametrize("target", [None, "same", "nearly"])
def test_categories_of_one_class_keep_their_labels_and_what_hangs_together(target):
    rng = np.random.default_rng(2)
    a = rng.choice(list("abcd"), size=2000, p=[0.4, 0.3, 0.2, 0.1])
    b = np.where(rng.random(2000) < 0.8, a, rng.choice(list("abcd"), size=2000))
    frame = pd.DataFrame({"a": a, "b": b, "c": rng.choice(list("xyz"), size=2000), "same": "only"})
    # beside two rows, which are too few to be interpolated
    frame["nearly"] = np.where(frame.index < 2, "rare", "often")
    records = Smote().fit(frame, target=target).sample(2000, seed=0).records
    for name in "abc":
        shares, expected = (part[name].value_counts(normalize=True) for part in (records, frame))
        assert shares.reindex(expected.index).to_numpy() == pytest.approx(expected.to_numpy(), abs=0.06)
    assert (records["a"] == records["b"]).mean() == pytest.approx((a == b).mean(), abs=0.06)


def test_neighbours_without_numbers_and_classes_are_those_with_most_equal_categories():
    # from the others of its group a row differs in one or two columns, from those of other groups in all four
    rows = [[group] * 4 for _ in range(8) for group in "xyz"]
    for number, row in enumerate(rows):
        row[number // 3 % 4] = f"odd {number}"
    records = Smote().fit(pd.DataFrame(rows, columns=list("abcd"))).sample(400, seed=0).records
    assert set(map(tuple, records.to_numpy())) == {("x",) * 4, ("y",) * 4, ("z",) * 4}
    assert records["a"].value_counts(normalize=True).to_numpy() == pytest.approx(1 / 3, abs=0.1)


def test_integers_that_no_float_tells_apart_come_back_exactly():
    gaps = pd.array([2**60 + 1, None, 2**60 + 3] * 10, dtype="Int64")
    ends = np.array([-(2**63), 2**63 - 1, 0] * 10)
    frame = pd.DataFrame({"id": [2**53 + 1] * 30, "gaps": gaps, "ends": ends, "k": ["a", "b", "c"] * 10})
    records = Smote().fit(frame, target="k").sample(60, seed=0).records
    assert (records["id"] == 2**53 + 1).all()
    for label, gaps, ends in (("a", 2**60 + 1, -(2**63)), ("c", 2**60 + 3, 0)):
        assert (records.loc[records["k"] == label, "gaps"] == gaps).all()
        # a range that no float tells apart either
        assert records.loc[records["k"] == label, "ends"].to_numpy(float) == pytest.approx(ends, abs=2**12)
    assert records["gaps"].isna().eq(records["k"] == "b").all()


@pytest.mark.parametrize("option", ["neighbours", "target_bins", "attempts_per_record"])
def test_settings_below_one_are_one_line(option):
    with pytest.raises(BenchError, match=f"^{option} = 0 of Smote: must be at least 1$"):
        Smote(**{option: 0})


def test_conditions_are_met_by_rejection_up_to_a_cap():
    generator = Smote().fit(mixed(), target="label")
    sample = generator.sample(60, seed=0, where={"label": "high"})
    assert len(sample.records) == 60
    assert (sample.records["label"] == "high").all()
    assert sample.rejected == {UNFULFILLED: sample.attempts - 60}
    share = generator.sample(2000, seed=1).records["label"].eq("high").mean()
    assert generator.sample(2000, seed=2, where={"label": "high"}).control_accuracy == pytest.approx(share, abs=0.06)
    impossible = generator.sample(5, seed=0, where={"label": "high", "colour": "blue"})
    assert len(impossible.records) == 0
    assert impossible.attempts == 1000
    assert "0 times in 1000 attempts" in impossible.shortfall


def test_no_records_are_no_shortfall():
    sample = Smote().fit(mixed(), target="label").sample(0)
    assert len(sample.records) == 0
    assert sample.shortfall is None
