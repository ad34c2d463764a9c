import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboards.overall.critical import CriticalDifference, critical_difference
from leaderboards.overall.drawing import Axis, label_boxes, overlap
from leaderboards.overall.fronts import Front, Point, non_dominated
from leaderboards.overall.pictures import critical_difference_svg, front_svg

SVG = "{http://www.w3.org/2000/svg}"


def front(points, logarithmic=True) -> Front:
    marks = non_dominated(np.array([place for _, place in points]).reshape(-1, 2))
    made = [Point(name, *place, bool(mark)) for (name, place), mark in zip(points, marks, strict=True)]
    return Front("quality against seconds", "seconds", "mean rank", made, logarithmic, [])


def texts(root) -> list[str]:
    return [element.text for element in root.iter(f"{SVG}text")]


@settings(max_examples=40, deadline=None)
@given(
    points=st.lists(st.tuples(st.floats(1e-3, 1e6), st.floats(1, 13)), max_size=14),
    logarithmic=st.booleans(),
    name=st.text(max_size=40),
)
def test_any_front_is_a_well_formed_picture(points, logarithmic, name):
    picture = front_svg(front([(f"{name}{place}", point) for place, point in enumerate(points)], logarithmic))
    root = ElementTree.fromstring(picture)
    marks = [*root.iter(f"{SVG}circle"), *root.iter(f"{SVG}rect")]
    assert len(marks) == len(points)
    assert "nan" not in re.sub(r">[^<]*<", "><", picture).lower()
    for mark in marks:
        x, y = float(mark.get("cx") or mark.get("x")), float(mark.get("cy") or mark.get("y"))
        assert 0 < x < float(root.get("width"))
        assert 0 < y < float(root.get("height"))


def test_marks_on_the_front_differ_by_shape_and_are_named():
    root = ElementTree.fromstring(
        front_svg(front([("good", (100.0, 1.0)), ("quick", (1.0, 2.0)), ("bad", (200.0, 3.0))]))
    )
    assert [mark.findtext(f"{SVG}title").split(":")[0] for mark in root.iter(f"{SVG}circle")] == ["good", "quick"]
    assert [mark.findtext(f"{SVG}title").split(":")[0] for mark in root.iter(f"{SVG}rect")] == ["bad"]
    assert "on the front are good, quick" in root.findtext(f"{SVG}title")
    assert {"good", "quick", "bad", "seconds, log scale", "mean rank"} <= set(texts(root))


def test_names_do_not_cover_each_other_where_points_are_close():
    rng = np.random.default_rng(0)
    points = [Point(f"generator{place}", 0.0, 0.0, False) for place in range(12)]
    places = [(float(x), float(y)) for x, y in rng.uniform([150, 120], [400, 260], size=(12, 2))]
    marks = [(x - 6, y - 6, x + 6, y + 6) for x, y in places]
    boxes = label_boxes(points, places, marks, (60, 30, 660, 350))
    others = [(one, other) for place, one in enumerate(boxes) for other in boxes[:place]]
    assert sum(overlap(*pair) for pair in others) == 0
    assert sum(overlap(box, mark) for box in boxes for mark in marks) == 0


@pytest.mark.parametrize("logarithmic", [True, False])
@pytest.mark.parametrize("values", [[1.0, 1.0], [0.02, 0.9], [3.0, 40.0, 90000.0], [1.0, 1.2]])
def test_ticks_are_round_and_inside(values, logarithmic):
    axis = Axis(values, 50, 650, logarithmic)
    ticks = axis.ticks()
    assert ticks == sorted(ticks)
    assert len(ticks) <= 12
    assert all(49.9 <= axis.at(tick) <= 650.1 for tick in ticks)
    # as short as decimals can be for steps of 1, 2 and 5 times a power of ten
    assert all(len(f"{tick:.10f}".strip("0.").replace(".", "")) <= 3 for tick in ticks)


def test_a_logarithmic_axis_gives_decades_equal_lengths():
    axis = Axis([1.0, 1000.0], 0, 300, True)
    assert [axis.at(value) for value in (1, 10, 100, 1000)] == pytest.approx([0, 100, 200, 300])
    assert axis.ticks() == [1, 10, 100, 1000]


def test_the_critical_difference_is_drawn_to_scale_with_a_bar_for_each_clique():
    found = CriticalDifference(["a", "b", "c", "<script>"], [1.0, 2.0, 3.0, 4.0], 1.5, 9.0, 0.01,
                               [["a", "b"], ["b", "c"], ["c", "<script>"]], 20, False)  # fmt: skip
    picture = critical_difference_svg(found)
    assert "<script>" not in picture
    root = ElementTree.fromstring(picture)
    places = sorted(float(mark.get("cx")) for mark in root.iter(f"{SVG}circle"))
    step = places[1] - places[0]
    assert np.diff(places) == pytest.approx(step, abs=0.2)
    bars = [path for path in root.iter(f"{SVG}path") if "stroke-width:5" in path.get("style")]
    spans = [[float(number) for number in re.findall(r"[\d.]+", bar.get("d"))] for bar in bars]
    assert [(span[0] + 4, span[2] - 4) for span in spans] == [pytest.approx(pair, abs=0.2) for pair in pairwise(places)]
    lengths = [
        re.findall(r"[\d.]+", path.get("d"))
        for path in root.iter(f"{SVG}path")
        if "stroke-width:2" in path.get("style")
    ]
    assert max(float(x2) - float(x1) for x1, _, x2, _ in lengths) == pytest.approx(1.5 * step, abs=0.2)
    assert {"a 1.00", "4.00 <script>", "critical difference 1.50"} <= set(texts(root))


@pytest.mark.parametrize("count", [3, 8, 13, 30])
def test_every_generator_is_named_whatever_their_number(count):
    ranks = np.random.default_rng(0).permuted(np.tile(np.arange(1.0, count + 1), (6, 1)), axis=1)
    names = [f"a rather long name of a generator {place}" for place in range(count)]
    found = critical_difference(names, ranks)
    root = ElementTree.fromstring(critical_difference_svg(found))
    assert len([words for words in texts(root) if "a rather long name" in words]) == count
    for element in root.iter(f"{SVG}text"):
        assert 0 <= float(element.get("x")) <= float(root.get("width"))
        assert 0 <= float(element.get("y")) <= float(root.get("height"))
