"""The ceiling draws train records, nothing else."""

import numpy as np
import pandas as pd
import pytest

from bench.errors import BenchError
from bench.frames import from_frame
from generators import Between, Real

FRAME = pd.DataFrame({"n": [1, 2, 3, 4], "x": [0.5, None, 1.5, 2.5], "c": ["a", "b", None, "a"]})


def rows(records):
    return {tuple(None if pd.isna(value) else value for value in row) for row in records.itertuples(index=False)}


def test_records_are_those_of_train_equally_often():
    sample = Real().fit(FRAME).sample(4000, seed=1)
    assert rows(sample.records) == rows(from_frame(FRAME).train)
    assert (sample.attempts, sample.rejected, sample.shortfall) == (4000, {}, None)
    counts = sample.records["n"].value_counts()
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(4000 * 0.25 * 0.75)


def test_equal_seeds_give_equal_records_also_after_loading(tmp_path):
    generator = Real().fit(FRAME)
    generator.save(tmp_path / "saved")
    first = generator.sample(50, seed=3).records
    pd.testing.assert_frame_equal(first, Real.load(tmp_path / "saved").sample(50, seed=3).records)
    assert not first.equals(generator.sample(50, seed=4).records)


def test_a_condition_narrows_down_what_is_drawn_from():
    generator = Real().fit(FRAME)
    assert set(generator.sample(50, where={"c": "a"}).records["n"]) == {1, 4}
    assert generator.sample(10, where={"x": None}).records["n"].tolist() == [2] * 10
    assert set(generator.sample(50, where={"x": Between(1, 2.5)}).records["n"]) == {3, 4}


def test_an_impossible_condition_is_a_shortfall():
    sample = Real().fit(FRAME).sample(5, where={"c": "a", "n": 2})
    assert len(sample.records) == 0
    assert sample.records.columns.tolist() == ["n", "x", "c"]
    assert "no train record" in sample.shortfall


def test_no_records_are_no_shortfall_and_an_unknown_column_is_an_error():
    generator = Real().fit(FRAME)
    assert generator.sample(0, where={"n": 99}).shortfall is None
    with pytest.raises(BenchError, match="did you mean"):
        generator.sample(1, where={"cc": "a"})
