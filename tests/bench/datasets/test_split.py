"""Every record in exactly one part, and the shares that the protocols promise."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.datasets.split import SMALLEST, groups_of, harness_groups, split
from bench.errors import BenchError
from bench.records import Column, Schema

CLASSES = Schema(
    (Column("row", "integer"), Column("c", "categorical"), Column("y", "categorical")), "y", "classification"
)
NUMBERS = Schema((Column("row", "integer"), Column("c", "categorical"), Column("y", "real")), "y", "regression")


def table(classes):
    rows = np.arange(len(classes))
    return pd.DataFrame({"row": rows, "c": "a", "y": pd.Series(list(classes), dtype="str")})


def rows(parts):
    return [frame["row"].tolist() for frame in parts]


@settings(deadline=None)
@given(
    st.sampled_from(["harness", "tabsyn", "difflm"]),
    st.lists(st.sampled_from("abcdefgh"), min_size=6, max_size=120),
    st.integers(0, 1000),
)
def test_every_record_is_in_exactly_one_part(protocol, classes, seed):
    parts = split(table(classes), CLASSES, protocol, seed)
    assert sorted(itertools.chain(*rows(parts))) == list(range(len(classes)))
    assert len(parts.test) >= 1
    assert len(parts.train) >= 2
    assert all(frame.index.equals(pd.RangeIndex(len(frame))) for frame in parts)


@settings(deadline=None)
@given(st.integers(10, 400), st.integers(2, 5), st.integers(0, 50))
def test_harness_holds_the_share_of_every_class_to_one_record(size, number, seed):
    classes = np.random.default_rng(seed).integers(number, size=size).astype(str)
    whole = pd.Series(classes).value_counts()
    parts = split(table(classes), CLASSES, "harness", seed)
    held = size // 10
    assert len(parts.test) == len(parts.validation) == held
    for name, count in whole[whole > 1].items():
        dealt = whole[whole > 1].sum()
        for part in (parts.validation, parts.test):
            assert abs((part["y"] == name).sum() - held * count / dealt) <= 1.0
        assert (parts.train["y"] == name).any()


@settings(deadline=None)
@given(st.integers(4, 60), st.integers(0, 1000))
def test_harness_keeps_a_class_of_one_in_train(size, seed):
    parts = split(table(["rare"] + ["common"] * size), CLASSES, "harness", seed)
    assert "rare" in set(parts.train["y"])


@pytest.mark.parametrize("size", range(3, 10))
@pytest.mark.parametrize("classes", ["abcdefghi", "aabbccdde", "aaaaaaaaa"])
def test_harness_works_on_tiny_tables(size, classes):
    parts = split(table(classes[:size]), CLASSES, "harness", 0)
    assert [len(frame) for frame in parts] == [size - (2 if size > 3 else 1), 1 if size > 3 else 0, 1]


@pytest.mark.parametrize("protocol", SMALLEST)
def test_the_smallest_table_works_and_a_smaller_one_is_refused(protocol):
    size = SMALLEST[protocol]
    assert len(split(table("a" * size), CLASSES, protocol, 0).train) >= 2
    with pytest.raises(BenchError, match=re.escape(f"too few records ({size - 1})")):
        split(table("a" * (size - 1)), CLASSES, protocol, 0)


@pytest.mark.parametrize("protocol", ["harness", "tabsyn", "difflm"])
def test_the_split_seed_chooses_the_rows(protocol):
    frame = table("ab" * 50)
    first, again, other = (split(frame, CLASSES, protocol, seed) for seed in (0, 0, 1))
    assert rows(first) == rows(again)
    assert set(first.test["row"]) != set(other.test["row"])


def test_rows_without_a_target_are_dropped_first():
    frame = pd.DataFrame({"row": range(100), "c": "a", "y": [np.nan, 1.0] * 50})
    parts = split(frame, NUMBERS, "harness", 0)
    assert sorted(itertools.chain(*rows(parts))) == list(range(1, 100, 2))


def test_tabsyn_is_the_legacy_permutation_of_seed_1234():
    parts = split(table("a" * 100), CLASSES, "tabsyn", 0)
    expected = np.random.RandomState(1234).permutation(100)
    assert rows(parts) == [expected[:90].tolist(), [], expected[90:].tolist()]


def test_tabsyn_raises_the_seed_until_train_holds_every_category():
    frame = table("a" * 20)
    rare = np.random.RandomState(1234).permutation(20)[18:]
    frame.loc[rare, "c"] = "rare"
    parts = split(frame, CLASSES, "tabsyn", 0)
    assert "rare" in set(parts.train["c"])


def test_tabsyn_gives_up_with_one_line_where_no_seed_will_do():
    frame = table("a" * 60)
    frame["c"] = [f"{row}" for row in range(60)]
    with pytest.raises(BenchError, match="use the split 'harness'"):
        split(frame, CLASSES, "tabsyn", 0)


def test_tabsyn_loses_the_rows_that_it_lost_when_it_was_published():
    parts = split(table("a" * 21), CLASSES, "tabsyn", 0, tabsyn_skips=1)
    assert sorted(itertools.chain(*rows(parts))) == list(range(1, 21))
    assert [len(part) for part in parts] == [18, 0, 2]


def test_difflm_is_80_10_10():
    assert [len(part) for part in split(table("a" * 1000), CLASSES, "difflm", 0)] == [800, 100, 100]


@pytest.mark.parametrize(
    ("protocol", "sizes"), [("harness", [40, 0, 7]), ("tabsyn", [40, 0, 7]), ("difflm", [36, 4, 7])]
)
def test_an_official_test_part_is_kept(protocol, sizes):
    train, test = table("ab" * 20), table("ab" * 3 + "a")
    parts = split(train, CLASSES, protocol, 0, official_test=test)
    assert [len(part) for part in parts] == sizes
    pd.testing.assert_frame_equal(parts.test, test)
    assert sorted(parts.train["row"].tolist() + parts.validation["row"].tolist()) == list(range(40))


def test_an_unknown_protocol_is_refused():
    with pytest.raises(BenchError, match="did you mean 'harness'"):
        split(table("aaaaaa"), CLASSES, "harnes", 0)
    with pytest.raises(BenchError, match="negative"):
        split(table("aaaaaa"), CLASSES, "harness", -1)


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=3, max_size=200), st.integers(0, 100))
def test_a_group_is_in_one_part(labels, seed):
    groups = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(groups)
    tenth = max(1, len(groups) // 10)
    if sizes.min() > tenth or len(sizes) == 1:
        with pytest.raises(BenchError, match="no group of them is small enough"):
            harness_groups(groups, seed)
        return
    train, validation, test = harness_groups(groups, seed)
    assert sorted([*train, *validation, *test]) == list(range(len(groups)))
    for one, other in itertools.combinations((train, validation, test), 2):
        assert not set(groups[one]) & set(groups[other])
    assert 1 <= len(test) <= tenth
    assert len(validation) <= tenth
    # a part is not full only where no further group fits
    assert len(test) + sizes[np.unique(groups[train])].min() > tenth


def test_parts_of_small_groups_are_full_and_the_seed_chooses_them():
    groups = np.repeat(np.arange(400), np.random.default_rng(0).integers(1, 8, 400))
    tenth = len(groups) // 10
    first, again, other = (harness_groups(groups, seed) for seed in (0, 0, 1))
    assert len(first[1]) == len(first[2]) == tenth
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert set(first[2]) != set(other[2])


def test_large_groups_are_held_out_as_often_as_small_ones():
    groups = np.repeat(np.arange(300), [10] * 100 + [1] * 200)
    held = np.concatenate([groups[harness_groups(groups, seed)[2]] for seed in range(60)])
    # ten records fit no more where nine places are left
    assert 1000 / 1200 - 0.06 < (held < 100).mean() < 1000 / 1200 + 0.02


def test_no_group_is_most_of_a_held_out_part_where_there_are_enough_others():
    groups = np.repeat(np.arange(401), [90] + [1] * 200 + [5] * 200)
    for seed in range(20):
        assert 0 in groups[harness_groups(groups, seed)[0]]
    few = np.repeat(np.arange(10), 10)
    assert [len(rows) for rows in harness_groups(few, 0)] == [80, 10, 10]


def test_groups_join_near_duplicates_and_equal_values():
    schema = Schema((Column("tool", "text"), Column("about", "text")))
    words = "one two three four five six seven eight nine ten"
    rows = [
        ("a", words),
        ("b", f"{words} eleven"),
        ("b", "something else"),
        ("c", "nothing like it at all"),
        ("d", "x y z"),
    ]
    frame = pd.DataFrame(rows, columns=["tool", "about"], dtype="str")
    assert groups_of(frame, schema).tolist() == [0, 0, 1, 2, 3]
    assert groups_of(frame, schema, "tool").tolist() == [0, 0, 0, 1, 2]


def test_difflm_gives_the_published_numbers_and_other_sizes_by_the_same_shares():
    frame = pd.DataFrame({"program": [f"x = {i}" for i in range(24_813)]}, dtype="str")
    schema = Schema((Column("program", "text"),))
    parts = split(frame, schema, "difflm", 0, difflm_parts=(19813, 3000, 2000), groups=np.zeros(24_813, dtype=int))
    assert [len(part) for part in parts] == [19813, 3000, 2000]
    # the published first step: 5,000 records held out under seed 42
    rest = np.random.RandomState(42).permutation(24_813)[:5000]
    assert set(pd.concat([parts.validation, parts.test])["program"]) == {f"x = {i}" for i in rest}
    small = split(frame[:300], schema, "difflm", 0, difflm_parts=(19813, 3000, 2000))
    assert [len(part) for part in small] == [240, 36, 24]
