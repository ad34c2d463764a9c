"""What every generator does with conditions and balance."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.condition import Between, matches
from bench.errors import BenchError
from generators.base import UNFULFILLED, Generator, Sample

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "age": RNG.integers(18, 80, 300),
        "job": RNG.choice(["a", "b", "rare"], 300, p=[0.7, 0.28, 0.02]),
        "y": RNG.choice(["no", "yes"], 300, p=[0.9, 0.1]),
    }
)
FRAME.loc[:20, "job"] = None


@dataclass(frozen=True)
class RejectionConfig:
    cap: int = 10_000


class Rejection(Generator):
    """Draws train records one by one until enough fulfil the condition; every tenth one is illegal."""

    Config = RejectionConfig
    families = frozenset({"tabular"})

    def _fit(self, data, seed, progress):
        self.train = data.train

    def _sample(self, n, seed, where, progress):
        rng = np.random.default_rng(seed)
        fits = matches(self.train, where)
        kept, rejected, attempts = [], {UNFULFILLED: 0, "illegal": 0}, 0
        while len(kept) < n and attempts < self.config.cap:
            row = rng.integers(len(self.train))
            attempts += 1
            if rng.random() < 0.1:
                rejected["illegal"] += 1
            elif fits[row]:
                kept.append(row)
            else:
                rejected[UNFULFILLED] += 1
        shortfall = None if len(kept) == n else f"{len(kept)} of {n}"
        return Sample(self.train.iloc[kept].reset_index(drop=True), attempts, rejected, shortfall)

    def _save(self, folder):
        self.train.to_parquet(folder / "train.parquet")

    def _load(self, folder):
        self.train = pd.read_parquet(folder / "train.parquet")


@pytest.fixture(scope="module")
def fitted():
    return Rejection().fit(FRAME)


@given(st.integers(0, 30), st.sampled_from([None, {"y": "yes"}, {"age": Between(None, 40)}, {"job": ["b", "rare"]}]))
@settings(max_examples=25, deadline=None)
def test_balanced_labels_differ_by_one_at_most_and_the_account_adds_up(n, where):
    generator = Rejection().fit(FRAME)
    sample = generator.sample(n, seed=n, where=where, balance="job")
    labels = (where or {}).get("job", ["a", "b", "rare"])
    counts = sample.records["job"].value_counts().reindex(labels, fill_value=0)
    assert counts.sum() == len(sample.records) == n
    assert counts.max() - counts.min() <= 1
    assert sample.attempts == n + sum(sample.rejected.values())
    assert sample.shortfall is None
    if where and "y" in where:
        assert (sample.records["y"] == "yes").all()
    if where and "age" in where:
        assert sample.records["age"].le(40).all()


def test_balanced_records_are_shuffled_by_the_seed(fitted):
    first = fitted.sample(300, seed=1, balance="job").records
    pd.testing.assert_frame_equal(first, fitted.sample(300, seed=1, balance="job").records)
    other = fitted.sample(300, seed=2, balance="job").records
    assert not first["job"].equals(other["job"])
    # of 300 records in random order 2/3 of the neighbours differ
    changes = (first["job"] != first["job"].shift()).mean()
    assert changes == pytest.approx(2 / 3, abs=0.1)
    assert (
        not first.loc[first["job"] == "a", "age"]
        .reset_index(drop=True)
        .equals(first.loc[first["job"] == "b", "age"].reset_index(drop=True))
    )


def test_a_shortfall_says_of_which_label(fitted):
    short = Rejection(cap=100).fit(FRAME).sample(120, balance="job", where={"y": "yes"})
    counts = short.records["job"].value_counts().reindex(["a", "b", "rare"], fill_value=0)
    assert short.shortfall == "; ".join(f"job={label}: {count} of 40" for label, count in counts.items())
    assert len(short.records) == short.attempts - sum(short.rejected.values()) < 120


def test_the_labels_of_train_are_saved(fitted, tmp_path):
    fitted.save(tmp_path / "saved")
    loaded = Rejection.load(tmp_path / "saved")
    expected = fitted.sample(30, seed=3, balance="y").records
    pd.testing.assert_frame_equal(loaded.sample(30, seed=3, balance="y").records, expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"balance": "age"}, "column 'age' is integer; only a categorical column can be balanced"),
        ({"balance": "jobs"}, "column 'jobs' is not known; did you mean 'job'?"),
        ({"balance": "job", "where": {"job": None}}, "column 'job' cannot be balanced: no label of train is left"),
        ({"where": {"y": Between(1, 2)}}, "column 'y' is categorical; a range needs a numeric column"),
    ],
)
def test_what_cannot_be_asked_for_is_one_clear_line(fitted, options, message):
    with pytest.raises(BenchError) as caught:
        fitted.sample(5, **options)
    assert str(caught.value) == message


@pytest.mark.parametrize("error", [BenchError("no"), KeyboardInterrupt()])
def test_after_a_fit_that_failed_nothing_is_fitted(tmp_path, monkeypatch, error):
    def fail(self, data, seed, progress):
        raise error

    refitted = Rejection().fit(FRAME)
    monkeypatch.setattr(Rejection, "_fit", fail)
    for generator in (Rejection(), refitted):
        with pytest.raises(type(error)):
            generator.fit(FRAME[["job", "y"]])
        with pytest.raises(BenchError, match=r"^Rejection is not fitted yet; call fit first$"):
            generator.sample(1)
        with pytest.raises(BenchError, match=r"^Rejection is not fitted yet; call fit first$"):
            generator.save(tmp_path / "saved")


def test_control_accuracy_is_the_share_of_the_condition_among_legal_records(fitted):
    sample = fitted.sample(300, seed=0, where={"y": "yes"})
    share = (FRAME["y"] == "yes").mean()
    attempts = sample.attempts - sample.rejected["illegal"]
    assert sample.control_accuracy == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / attempts))
    assert fitted.sample(50, seed=0).control_accuracy == 1
    assert fitted.sample(0, where={"y": "yes"}).control_accuracy is None
    assert Sample(FRAME.iloc[:0], 7, {"illegal": 7}).control_accuracy is None
