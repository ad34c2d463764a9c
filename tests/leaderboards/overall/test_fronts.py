import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboards.overall import overall
from leaderboards.overall.fronts import non_dominated

VALUES = st.one_of(st.integers(0, 5).map(float), st.just(float("nan")), st.just(float("inf")))


@settings(max_examples=300, deadline=None)
@given(points=st.lists(st.tuples(VALUES, VALUES), max_size=12))
def test_the_front_is_what_no_other_point_dominates(points):
    expected = []
    for x, y in points:
        dominated = any(a <= x and b <= y and (a < x or b < y) and math.isfinite(a + b) for a, b in points)
        expected.append(math.isfinite(x + y) and not dominated)
    assert non_dominated(np.array(points).reshape(-1, 2)).tolist() == expected


def front_of(tables, title):
    (found,) = overall(tables)
    (front,) = [front for front in found.fronts if title in front.title]
    return front


def test_quality_is_weighed_against_seconds_with_each_dataset_weighing_the_same(make):
    def table(name, scale):
        return make.table(
            name,
            make.row("good", {make.ERROR: [1.0]}, seconds=100 * scale - 1),
            make.row("quick", {make.ERROR: [2.0]}, seconds=4 * scale - 1),
            make.row("neither", {make.ERROR: [3.0]}, seconds=9 * scale - 1),
        )

    front = front_of([table("adult", 1), table("magic", 100)], "seconds")
    assert {point.generator: point.on_front for point in front.points} == {
        "good": True,
        "quick": True,
        "neither": False,
    }
    assert {point.generator: point.x for point in front.points} == pytest.approx(
        {"good": 1000, "quick": 40, "neither": 90}
    )
    assert [point.y for point in front.points] == [2, 3, 1]
    assert front.logarithmic


def test_equal_points_are_on_the_front_together(make):
    rows = [make.row(name, {make.ERROR: [1.0]}) for name in "ab"]
    front = front_of([make.table("adult", *rows)], "seconds")
    assert [point.on_front for point in front.points] == [True, True]


def test_privacy_is_the_distance_of_the_share_from_a_half_on_either_side(make):
    def table(name):
        return make.table(
            name,
            make.row("copies", {make.ERROR: [1.0], make.SHARE: [90.0, 94.0]}),
            make.row("fresh", {make.ERROR: [2.0], make.SHARE: [49.0, 49.0]}),
            make.row("failed", {make.ERROR: [3.0], make.SHARE: [50.0]}, imputed=True, failed=True),
        )

    front = front_of([table("adult"), table("magic")], "privacy")
    assert [(point.generator, point.x) for point in front.points] == [("fresh", 1.0), ("copies", 42.0)]
    assert front.left_out == ["failed"]


def test_there_is_no_privacy_front_where_a_dataset_has_no_share(make):
    with_share = make.table("adult", make.row("a", {make.ERROR: [1.0], make.SHARE: [50.0]}))
    without = make.table("magic", make.row("a", {make.ERROR: [1.0]}))
    assert [front.title for front in overall([with_share, without])[0].fronts] == ["quality against seconds"]


@pytest.mark.parametrize("seconds", [float("nan"), 0.0])
def test_seconds_that_are_not_known_or_none(make, seconds):
    rows = [make.row("a", {make.ERROR: [1.0]}), make.row("b", {make.ERROR: [2.0]}, seconds=seconds - 1.0)]
    front = front_of([make.table("adult", *rows)], "seconds")
    assert front.left_out == (["b"] if math.isnan(seconds) else [])
    assert all(point.x > 0 for point in front.points)
