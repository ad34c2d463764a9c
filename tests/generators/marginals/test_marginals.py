"""The floor keeps every column and no relation between columns."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.frames import from_frame
from bench.records import Column, Dataset, Schema, Source
from generators import Between, Marginals
from generators.marginals.model import TOKEN, draw_texts

RNG = np.random.default_rng(0)
X = RNG.normal(size=2000)
FRAME = pd.DataFrame({"x": X, "n": np.round(X).astype(int), "c": np.where(X > 0.5, "high", "low")})
FRAME.loc[::10, "c"] = None


def test_columns_are_kept_and_relations_are_not():
    records = Marginals().fit(FRAME).sample(4000, seed=0).records
    assert records["x"].isin(FRAME["x"]).all()
    assert records["c"].isna().mean() == pytest.approx(0.1, abs=0.03)
    assert (records["c"] == "high").mean() == pytest.approx((FRAME["c"] == "high").mean(), abs=0.05)
    assert abs(np.corrcoef(records["x"], records["n"].astype(float))[0, 1]) < 0.06
    assert list(records.dtypes) == list(from_frame(FRAME).train.dtypes)


def test_equal_seeds_give_equal_records_also_after_loading(tmp_path):
    generator = Marginals().fit(FRAME)
    generator.save(tmp_path / "saved")
    first = generator.sample(50, seed=3).records
    pd.testing.assert_frame_equal(first, Marginals.load(tmp_path / "saved").sample(50, seed=3).records)
    assert not first.equals(generator.sample(50, seed=4).records)


def test_a_condition_fixes_its_columns_only():
    generator = Marginals().fit(FRAME)
    records = generator.sample(500, where={"c": "high", "n": -1}).records
    assert (records["c"] == "high").all()
    assert (records["n"] == -1).all()
    assert records["x"].min() < -1 < 1 < records["x"].max()
    assert generator.sample(20, where={"c": None}).records["c"].isna().all()
    several = generator.sample(500, where={"c": ["high", None], "x": Between(None, 0)}).records
    assert several["c"].isna().any()
    assert set(several["c"].dropna()) == {"high"}
    assert several["x"].max() <= 0
    assert several["n"].max() > 1


def test_an_impossible_condition_is_a_shortfall():
    sample = Marginals().fit(FRAME).sample(5, where={"n": 999})
    assert len(sample.records) == 0
    assert sample.shortfall == "no train record has n=999"


@given(st.text())
def test_tokens_are_the_whole_text(text):
    assert "".join(TOKEN.findall(text)) == text


def test_texts_keep_lengths_and_tokens_and_lose_their_order():
    column = pd.Series(["a = b + c", "a", None] * 200, dtype="str")
    drawn = draw_texts(column, 3000, np.random.default_rng(0))
    present = drawn.dropna()
    assert drawn.isna().mean() == pytest.approx(1 / 3, abs=0.04)
    assert set(present.map(len)) == {9, 1}  # every token of the column has one sign
    assert present.nunique() > 500
    found = pd.Series(list("".join(present))).value_counts(normalize=True)
    expected = pd.Series(list("a = b + ca")).value_counts(normalize=True)
    assert found.to_dict() == pytest.approx(expected.to_dict(), abs=0.02)


@pytest.mark.parametrize("texts", [["", ""], [None, None], ["", None]])
def test_texts_without_a_token(texts):
    drawn = draw_texts(pd.Series(texts, dtype="str"), 10, np.random.default_rng(0))
    assert len(drawn) == 10
    assert drawn.dropna().eq("").all()


def test_programs_are_shuffled_and_a_condition_keeps_a_text_as_it_is():
    schema = Schema((Column("kind", "categorical"), Column("program", "text")))
    train = pd.DataFrame({"kind": ["f", "g"], "program": ["def f(x): return x + 1", "print(a, b)"]}).astype("str")
    empty = train.iloc[:0]
    data = Dataset("hand", "code", schema, train, empty, empty, "harness", 0, Source("demo"), "digest")
    generator = Marginals().fit(data)
    records = generator.sample(100, seed=0).records
    assert set(records["kind"]) == {"f", "g"}
    assert records["program"].isin(train["program"]).mean() < 0.05
    kept = generator.sample(10, where={"program": "print(a, b)"}).records
    assert (kept["program"] == "print(a, b)").all()
