"""The pictures as a browser draws them: marks, numbers, texts that stay text, and no error."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from importlib import resources

import pytest

BROWSER = os.environ.get("BENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no browser: install chromium or set BENCH_CHROMIUM"),
]
TIMES, MINUS, ABSENT = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}", "\N{EN DASH}"
LEVELS = [round(level / 40, 6) for level in range(41)]
EVIL = "<script>document.title = 'broken'</script>"
POLICY = "default-src 'none'; script-src 'unsafe-inline'"
PAGE = """<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">
<title>fine</title><main></main>
<script>window.onerror = (message) => {{ document.title = message; }};</script>
<script>{drawing}{figures}</script>
<script>for (const [kind, data] of {data}) window.figures[kind](document.querySelector("main"), data);
{after}</script>"""


class Elements(HTMLParser):
    """Every element of a page: tag, attributes, text with that of its children."""

    def __init__(self, page):
        super().__init__()
        self.all, self.open = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", **dict(attributes), "inside": [one.get("class") for one in self.open]}
        self.all.append(element)
        if tag not in ("meta", "link"):
            self.open.append(element)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()["tag"] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def find(self, tag, name=None):
        return [one for one in self.all if one["tag"] == tag and (name is None or one.get("class") == name)]

    def texts(self, tag, name=None):
        return [one["text"] for one in self.find(tag, name)]


@pytest.fixture(scope="module")
def draw(tmp_path_factory):
    """Draws [kind, data] pairs and returns the page as it stands afterwards."""

    def render(*pictures, after=""):
        folder = tmp_path_factory.mktemp("page")
        data = json.dumps(pictures, allow_nan=False).replace("<", "\\u003c")
        names = resources.files("leaderboards.site")
        scripts = {name: (names / f"{name}.js").read_text(encoding="utf-8") for name in ("drawing", "figures")}
        (folder / "page.html").write_text(
            PAGE.format(policy=POLICY, data=data, after=after, **scripts), encoding="utf-8"
        )
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
        command += ["--virtual-time-budget=2000", "--dump-dom", (folder / "page.html").as_uri()]
        page = Elements(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
        assert page.texts("title")[0] == "fine"
        return page

    return render


def column_data(*columns):
    return {"levels": LEVELS, "columns": list(columns), "left_out": [], "split_seed": 3, "seed": 4}


def points_of(path):
    """Heights of the steps of an outline."""
    return [float(height) for height in re.findall(r"V([\d.-]+)", path)]


def test_single_columns(draw):
    normal = [round(value, 3) for value in (level * 6 - 3 for level in LEVELS)]
    same = {"name": "same", "error": 0.0, "quantiles": [normal, normal]}
    gone = {"name": "gone", "error": 100.0, "quantiles": [normal, None]}
    empty = {"name": "empty", "error": None, "quantiles": [None, None]}
    many = {
        "name": EVIL,
        "error": 12.5,
        "labels": [EVIL, None, *(f"label {i}" for i in range(13))],
        "frequencies": [[0.2, 0.1, *[0.05] * 13], [0.3, *[0.05] * 14]],
        "rest": [0.05, 0.0],
    }
    page = draw(("columns", column_data(many, same, gone, empty)))
    assert len(page.find("div", "plotted-panel small")) == 4
    assert page.texts("b") == [EVIL, "same", "gone", "empty"]
    assert f"{EVIL} TV 12.50\u00a0%" in page.texts("p")
    # twelve labels, each with a bar of either side; three others and the rest
    assert len(page.find("rect", "real")) == len(page.find("rect", "synthetic")) == 12
    assert page.texts("g", "special")[0].endswith("(missing)")
    assert "other labels: real 20\u00a0%, synthetic 15\u00a0%" in page.texts("p")
    assert f"{EVIL}: real 20\u00a0%, synthetic 30\u00a0%" in page.texts("title")
    # equal quantiles have equal outlines
    real, synthetic = page.find("path", "real area"), page.find("path", "synthetic")
    assert real[0]["d"] in [path["d"] for path in synthetic]
    assert len(real) == 2
    assert "no synthetic value" in page.texts("p")
    assert "no value on either side" in page.texts("p")
    assert page.texts("summary") == ["Numbers of this picture (split seed 3, seed 4)"]
    captions = page.texts("caption")
    assert captions[1] == "same, KS 0.00\u00a0%"
    assert len(page.find("table")) == 4
    # the tables hold all labels, and the quantiles that people know
    assert len(page.texts("th")) == 4 * 3 + 15 + 1 + 3 * 7


def test_the_outline_holds_all_rows_and_their_true_shares(draw):
    # a quarter of the rows is zero, the others are spread evenly over 0..3: the first of 24 bins has 1/4 + 3/4/24
    atom = [0.0] * 11 + [3 * (level - 0.25) / 0.75 for level in LEVELS[11:]]
    whole = [float(level >= 0.4) for level in LEVELS]
    ends = [0.0] * 20 + [1.5] + [3.0] * 20
    page = draw(
        ("columns", column_data(*({"name": "x", "error": 1.0, "quantiles": [q, q]} for q in (atom, whole, ends))))
    )
    steps = [points_of(path["d"])[:-1] for path in page.find("path", "real area")]
    heights = [[100 - y for y in one] for one in steps]
    shares = [[height / sum(one) for height in one] for one in heights]
    assert len(shares[0]) == 24
    assert shares[0][0] == pytest.approx(0.25 + 0.75 / 24, abs=0.02)
    assert shares[0][12] == pytest.approx(0.75 / 24, abs=0.003)
    assert shares[1] == pytest.approx([0.4, 0.6], abs=0.02)
    assert [shares[2][0], shares[2][-1]] == pytest.approx([0.49, 0.49], abs=0.02)
    assert not [text for text in page.texts("p") if "beyond the axis" in text]


def test_whole_numbers_have_bins_of_whole_width_on_both_sides(draw):
    whole, real = [float(i // 2) for i in range(41)], [i / 2 + 0.013 for i in range(41)]
    page = draw(("columns", column_data({"name": "x", "error": 1.0, "quantiles": [whole, real]})))
    (area,) = page.find("path", "real area")
    (line,) = [path for path in page.find("path", "synthetic") if "plotted-panels" in path["inside"]]
    for path in (area, line):
        heights = [100 - y for y in points_of(path["d"])[:-1]]
        assert len(heights) == 22  # -0.5 to 21.5
        assert heights[1:20] == pytest.approx([heights[10]] * 19, abs=0.2)


def test_a_long_tail_is_cut_and_said(draw):
    tail = [float(i) for i in range(40)] + [1e6]
    page = draw(("columns", column_data({"name": "x", "error": 1.0, "quantiles": [tail, tail]})))
    assert [text for text in page.texts("p") if "beyond the axis: real 2.4" in text or "real 2.5" in text]


ASSOCIATIONS = {
    "columns": ["age", EVIL, "sex"],
    "numeric": [True, True, False],
    "left_out": ["other", "more"],
    "real": [[None, -0.5, 0.2], [-0.5, None, None], [0.2, None, None]],
    "synthetic": [[None, 0.25, 0.1], [0.25, None, 0.3], [0.1, 0.3, None]],
}


def test_heat_maps(draw):
    page = draw(("associations", ASSOCIATIONS))
    assert len(page.find("svg")) == 3
    squares = [rect for rect in page.find("rect") if "data-row" in rect]
    assert len(squares) == 27
    assert len([rect for rect in squares if rect["class"] == "same"]) == 9
    real = {(rect["data-row"], rect["data-column"]): rect for rect in squares[:9]}
    assert (real["0", "1"]["class"], real["0", "1"]["fill-opacity"]) == ("below", "0.500")
    assert (real["2", "0"]["class"], real["2", "0"]["fill-opacity"]) == ("above", "0.200")
    # the difference 0.75 on a scale that ends at 1
    difference = {(rect["data-row"], rect["data-column"]): rect for rect in squares[18:]}
    assert difference["0", "1"]["fill-opacity"] == "0.750"
    assert "Not shown, with smaller errors: other, more." in page.texts("p")
    cells = page.texts("td")
    assert page.texts("th")[5:] == [f"age {TIMES} {EVIL}", f"age {TIMES} sex", f"{EVIL} {TIMES} sex"]
    assert cells[:4] == ["Spearman's correlation", f"{MINUS}0.5", "0.25", "0.75"]
    assert cells[8:] == ["correlation ratio", ABSENT, "0.3", ABSENT]


def test_heat_maps_are_read_by_keyboard(draw):
    press = """
        const group = document.querySelector("[role=group]");
        group.focus();
        for (const key of ["ArrowDown", "ArrowDown", "ArrowLeft", "x"]) {
            group.dispatchEvent(new KeyboardEvent("keydown", {key}));
        }"""
    page = draw(("associations", ASSOCIATIONS), after=press)
    assert page.texts("p", "plotted-readout") == [
        f"sex {TIMES} age, correlation ratio: real 0.2, synthetic 0.1, difference {MINUS}0.1"
    ]
    assert [box["visibility"] for box in page.find("rect", "chosen")] == ["visible"] * 3


def test_projection(draw):
    sides = {
        "train": [[i / 10, (i * i) % 7 - 3] for i in range(-20, 20)],
        "holdout": [[0.5, 0.25], [-0.5, 1]],
        "synthetic": [[0, 0], [1e6, 0], [1.5, 2]],
    }
    axes = [{"explained": 0.4251, "columns": {EVIL: 0.9}}, {"explained": 0.1, "columns": {"b": 0.5, "c": 0.25}}]
    page = draw(("projection", {"axes": axes, **sides}))
    dots = [path for path in page.find("path") if "dots" in path["inside"] and "plotted-panels" in path["inside"]]
    assert [len([dot for dot in dots if dot["class"] == name]) for name in ("train", "synthetic", "holdout")] == [
        80,
        2,
        2,
    ]
    assert "component 1, 43\u00a0% of the variance" in page.texts("text")
    assert "1 of 3 rows lie outside the frame" in page.texts("p")
    assert [text for text in page.texts("p") if f"component 1: {EVIL} 90\u00a0%; in component 2: b 50" in text]
    assert page.texts("td")[:6] == ["40", f"{MINUS}2", f"{MINUS}1", "0", "0.9", "1.9"]
    without = draw(("projection", {"axes": axes, **sides, "holdout": []}))
    assert len(without.find("svg")) == 2 + 1  # legend and one panel


def test_distances(draw):
    data = {
        "edges": [0, 1, 2, 3],
        "synthetic": [0.5, 0.25, 0.25],
        "holdout": [0.1, 0.2, 0.7],
        "medians": {"synthetic": 1.0, "holdout": None},
    }
    page = draw(("dcr", data))
    (steps,) = page.find("path", "synthetic area")
    assert [100 * (206 - y) / (206 - points_of(steps["d"])[0]) for y in points_of(steps["d"])] == pytest.approx(
        [100, 50, 50, 0], abs=0.2
    )
    assert len(page.find("path", "holdout")) == 2  # legend and curve
    assert page.texts("td") == [
        "1",
        "50\u00a0%",
        "10\u00a0%",
        "2",
        "25\u00a0%",
        "20\u00a0%",
        "and beyond",
        "25\u00a0%",
        "70\u00a0%",
    ]
    assert [text for text in page.texts("p") if text.startswith(f"Median 1 for synthetic and {ABSENT} for held-out")]


def test_what_a_reader_of_screens_is_told(draw):
    page = draw(("associations", ASSOCIATIONS))
    assert [figure["aria-label"] for figure in page.find("figure")] == [
        "Associations of columns: real, synthetic, and their difference"
    ]
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in page.find("svg"))
    (group,) = [one for one in page.find("div") if one.get("role") == "group"]
    assert group["tabindex"] == "0"


def test_texts_are_legible_and_a_strict_page_lets_styles_in(draw):
    smallest = """
        const texts = [...document.querySelectorAll("svg text")];
        const sizes = texts.map((text) => parseFloat(getComputedStyle(text).fontSize));
        const out = document.querySelector("main").appendChild(document.createElement("output"));
        out.textContent = `${Math.min(...sizes)} ${getComputedStyle(document.querySelector(".chosen")).strokeWidth}`;"""
    page = draw(("associations", ASSOCIATIONS), after=smallest)
    assert page.texts("output") == ["11 2px"]


def test_a_thrown_error_would_be_seen(draw):
    with pytest.raises(AssertionError, match="fine"):
        draw(("columns", {"levels": LEVELS}))
