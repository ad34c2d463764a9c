"""One store in every format: the same value stands in the same place, and it is what NumPy makes of the rows."""

import csv
import html
import io
import re
from itertools import pairwise

import numpy as np
import pytest

import leaderboards
from leaderboards.aggregate import tables
from leaderboards.rank import rank
from leaderboards.render import terminal
from tests.leaderboards.conftest import Store
from tests.leaderboards.site.conftest import Page
from tests.leaderboards.test_render import markdown_rows

SHAPE, AUC, RMSE = "column_shape_error_percent", "xgboost_auc", "xgboost_rmse"
METRICS = [SHAPE, AUC, RMSE]
GENERATORS = ["smote", "copula", "ctgan", "real", "marginals"]
FAILED = ("ctgan", 2)


def value(metric: str, generator: str, seed: int) -> float:
    draw = np.random.default_rng([METRICS.index(metric), GENERATORS.index(generator), seed]).random()
    return {SHAPE: 30 * draw, AUC: draw, RMSE: 1e4 * draw}[metric]


@pytest.fixture(scope="module")
def connection():
    store = Store()
    for generator in GENERATORS:
        for seed in range(4):
            if (generator, seed) == FAILED:
                store.cell(generator, seed=seed, failed=("sample", "raised", "no rows"))
            else:
                store.cell(generator, {metric: value(metric, generator, seed) for metric in METRICS}, seed=seed)
    return store.connection


@pytest.fixture(scope="module")
def expected() -> dict[str, list[tuple[float, float, bool]]]:
    """Generator -> (mean, standard error, imputed) in the order of `METRICS`."""
    found = {}
    for generator in GENERATORS:
        # what failed counts as the floor of the same seed
        rows = [[value(metric, "marginals" if (generator, seed) == FAILED else generator, seed) for seed in range(4)]
                for metric in METRICS]  # fmt: skip
        found[generator] = [(np.mean(row), np.std(row, ddof=1) / 2, generator == FAILED[0]) for row in rows]
    return found


@pytest.fixture(scope="module")
def texts(expected) -> dict[str, list[str]]:
    """Generator -> value with its mark and error, as they are to be written."""

    def written(number: float, metric: str) -> str:
        return f"{number:.2f}" if metric == SHAPE or number >= 100 else f"{number:.4f}"

    return {
        generator: [
            f"{written(mean, metric)}{'†' * imputed} ±{written(error, metric)}"
            for metric, (mean, error, imputed) in zip(METRICS, line, strict=True)
        ]
        for generator, line in expected.items()
    }


def bare(name: str) -> str:
    return re.sub(r" ?\(.*\)", "", name).strip()


def test_markdown(connection, texts):
    rows = markdown_rows(leaderboards.markdown(connection))
    found = {bare(name): [cell.strip("*") for cell in line[:3]] for name, line in list(rows.items())[2:]}
    assert found == texts


def test_the_terminal(connection, texts):
    shown = terminal.render([rank(table) for table in tables(connection)], width=200, styled=False)
    lines = [re.split(r"\s{2,}", line) for line in shown.splitlines()]
    found = {}
    for above, below in pairwise(lines):
        if above[0] in GENERATORS:
            errors = [word for word in below if word.startswith("±")]
            pairs = zip(above[1:4], errors, strict=True)
            found[above[0]] = [f"{number.strip('*')} {error}" for number, error in pairs]
    assert found == texts


def test_the_picture(connection, texts):
    words = re.findall(r"<text[^>]*>(.*?)</text>", leaderboards.svg(connection))
    shown = {word for line in words for word in html.unescape(line).replace("\xa0", " ").replace("*", " ").split()}
    assert {word for line in texts.values() for text in line for word in text.split()} <= shown


def test_latex(connection, texts):
    lines = leaderboards.latex(connection).splitlines()
    found = {}
    for above, below in pairwise(lines):
        name, *values = (cell.strip() for cell in above.removesuffix(r" \\").split(" & "))
        if (generator := bare(name)) in GENERATORS:
            errors = re.findall(r"scriptsize (\S+)\}", below)
            pairs = zip((re.sub(r"\\textbf\{(.*)\}", r"\1", cell) for cell in values[:3]), errors, strict=True)
            words = [f"{number} {error}" for number, error in pairs]
            found[generator] = [word.replace(r"\dag{}", "†").replace(r"$\pm$", "±") for word in words]
    assert found == texts


def test_csv(connection, expected):
    found: dict[str, dict[str, tuple[float, float, bool]]] = {}
    for line in csv.DictReader(io.StringIO(leaderboards.csv(connection))):
        numbers = float(line["mean"]), float(line["stderr"]), line["imputed"] == "true"
        found.setdefault(line["generator"], {})[line["metric"]] = numbers
    assert set(found) == set(expected)
    for generator, line in expected.items():
        for metric, (mean, error, imputed) in zip(METRICS, line, strict=True):
            assert found[generator][metric] == (pytest.approx(mean), pytest.approx(error), imputed)


def test_html(connection, texts, expected):
    page = Page(leaderboards.html(connection))
    rows: dict[str, list[str]] = {}
    numbers: dict[str, list[float]] = {}
    name = ""
    for one in page.elements:
        if "start" not in one["within"]:
            continue
        if one["tag"] == "th" and one["attributes"].get("scope") == "row":
            name = one["text"].split()[0]
        elif one["tag"] == "td" and name:
            rows.setdefault(name, []).append(" ".join(one["text"].replace(" best", "").split()))
            numbers.setdefault(name, []).append(one["attributes"].get("data-s"))
    assert {name: line[:3] for name, line in rows.items()} == texts
    for name, line in expected.items():
        assert [float(number) for number in numbers[name][:3]] == pytest.approx([mean for mean, *_ in line])
