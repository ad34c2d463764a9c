import csv
import io
import math
import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import numpy as np
import pytest

from leaderboards.columns import Column
from leaderboards.history import FORMATS, history, terminal
from leaderboards.history.csv import FIELDS
from leaderboards.history.series import Point, Series, with_steps
from leaderboards.history.sparkline import NO_VALUE, sparkline

SHAPE = "column_shape_error_percent"
HOSTILE = "<script>alert(1)</script>|`*\x1b[31m\n=cmd"
SVG = "{http://www.w3.org/2000/svg}"


def rendered(found) -> dict[str, str]:
    return {"terminal": terminal(found, styled=False), **{name: render(found) for name, render in FORMATS.items()}}


@pytest.fixture(scope="module")
def stepped():
    """Twelve runs at 1, then twelve at 2; the fifth failed in one cell, the seventh repeats the sixth."""
    rng = np.random.default_rng(0)
    points = [
        Point(
            run_id=f"run{place + 1:03}",
            started_at=datetime(2026, 1, 1) + timedelta(days=place),
            commit=f"{place:02}aabbccddeeff0011",
            command=f"bench run --seed {place // 12}",
            mean=(1.0 if place < 12 else 2.0) + 0.01 * rng.normal(),
            stderr=0.02,
            cells=2 - (place == 4),
            failed=int(place == 4),
            undefined=0,
            reused=place == 6,
            other_seeds=False,
        )
        for place in range(24)
    ]
    column = Column(SHAPE, "harness", 1, False)
    return with_steps(
        [Series(column, "adult", "demo", "d" * 64, "harness", "demo", "{}", "smote", "c", "smote", points)]
    )


def test_every_format_tells_the_step_its_levels_and_the_first_commit_after_it(stepped):
    texts = rendered(stepped)
    for name, text in texts.items():
        assert "12aabbccddee" in text, name
        if name != "csv":
            assert "1.00 → 2.00" in text, name
            assert "worse" in text, name
    assert "run013" in texts["terminal"]
    assert "p = " in texts["terminal"]


def test_every_format_of_many_runs_marks_failed_and_reused_ones(stepped):
    for name in ("terminal", "md", "html", "svg"):
        text = rendered(stepped)[name]
        assert "1 cell failed" in text, name
        assert "reused" in text, name


def test_the_command_is_told_once_for_the_runs_that_share_it(stepped):
    text = terminal(stepped, styled=False)
    assert text.count("bench run --seed 0") == text.count("bench run --seed 1") == 1
    assert "from run013: bench run --seed 1" in text


def test_the_chart_has_a_character_a_run_and_a_line_at_the_step(stepped):
    (series,) = stepped
    before, after = sparkline(series, 100).split("│")
    assert (len(before), len(after)) == (12, 12)
    assert set(before) <= set("▁▂")
    assert set(after) <= set("▇█")
    assert len(sparkline(series, 10)) == 10


def test_a_run_without_a_value_is_a_cross(store, runs):
    runs.add({0: 1.0})
    runs.add({0: "fit"})
    runs.add({0: 1.0})
    found = history(store.connection, SHAPE)
    assert sparkline(found[0], 9) == f"▄{NO_VALUE}▄"
    assert NO_VALUE in FORMATS["svg"](found)


def test_one_run_is_shown_and_no_steps_are_looked_for(store, runs):
    runs.add({0: 1.25})
    for name, text in rendered(history(store.connection, SHAPE)).items():
        assert "1.25" in text, name
        if name not in ("csv", "svg"):
            assert "no steps looked for: 1 whole observation, 8 are needed" in text, name


def test_a_series_without_any_value_is_drawn(store, runs):
    runs.add({0: 1.0}, generator="copula")
    runs.add({0: "fit"})
    found = history(store.connection, SHAPE, generators=["smote"])
    for name, text in rendered(found).items():
        assert "nan" not in text.lower(), name
    assert "no value in 1 run" in terminal(found, styled=False)


def test_csv_has_a_row_a_run_and_the_exact_numbers(stepped):
    (series,) = stepped
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](stepped))))
    assert list(rows[0]) == FIELDS
    assert [float(row["mean"]) for row in rows] == [point.mean for point in series.points]
    assert [row["run"] for row in rows if row["reused"] == "true"] == ["run007"]
    assert [row["run"] for row in rows if row["step"]] == ["run013"]
    assert float(rows[12]["level_after"]) == series.steps[0].after
    assert all(math.isfinite(float(row["stderr"])) for row in rows)


def test_the_picture_has_a_point_a_run_an_error_bar_and_a_line_for_the_step(stepped):
    sheet = ElementTree.fromstring(FORMATS["svg"](stepped))
    (inner,) = (node for node in sheet.iter(f"{SVG}svg") if node.get("role") == "img")
    assert inner.get("aria-label") == inner.find(f"{SVG}title").text
    assert len(list(inner.iter(f"{SVG}circle"))) == 24
    heights = {place: float(node.get("cy")) for place, node in enumerate(inner.iter(f"{SVG}circle"))}
    # a larger value stands higher, where y is smaller
    assert max(heights[place] for place in range(12, 24)) < min(heights[place] for place in range(12))
    assert sum("2 3" in node.get("style") for node in inner.iter(f"{SVG}line")) == 1
    assert sum("6 3" in node.get("style") for node in inner.iter(f"{SVG}line")) == 2


def test_foreign_text_stays_text_in_every_format(store, runs):
    store.connection.execute("DELETE FROM runs")
    runs.add({0: 1.0}, generator=HOSTILE, dataset=HOSTILE, commit=HOSTILE, command=HOSTILE, profile=HOSTILE)
    texts = rendered(history(store.connection, SHAPE))
    for name, text in texts.items():
        assert "\x1b" not in text, name
    for name in ("html", "svg"):
        assert "<script" not in texts[name], name
    assert "&lt;script&gt;" in texts["html"]
    ElementTree.fromstring(texts["svg"])
    assert "<script" not in texts["md"].replace("\\<", "")
    assert all(line.count("|") - line.count("\\|") in (0, 8) for line in texts["md"].splitlines())
    (row,) = csv.DictReader(io.StringIO(texts["csv"]))
    assert row["generator"].startswith("<script>")


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@sum"])
def test_a_spreadsheet_takes_no_text_of_the_store_for_a_formula(store, runs, start):
    runs.add({0: 1.0}, generator=start, command=start)
    (row,) = csv.DictReader(io.StringIO(FORMATS["csv"](history(store.connection, SHAPE))))
    assert (row["generator"], row["command"]) == (f"'{start}", f"'{start}")
    assert float(row["mean"]) == 1.0


def test_the_page_needs_nothing_from_elsewhere(stepped):
    page = FORMATS["html"](stepped)
    assert re.findall(r'(?:src|href)="[^"]*"|url\(|@import|<script', page) == []
    assert "prefers-color-scheme: dark" in page
