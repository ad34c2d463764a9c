"""The data of pictures, from hand-made details and from a run of a small table."""

import json

import numpy as np
import pandas as pd
import pytest

import bench
from bench import store as bench_store
from bench.shards import DATABASE
from leaderboards.site.figures import MOST_COLUMNS, decimals, figures

SHAPE, TREND, DISTANCE = "column_shape_error_percent", "pair_trend_error_percent", "dcr_median"
KEY = ("adult", "demo", "tabular", "adultdemodigest", "harness", "demo")
LEVELS = [0.0, 0.5, 1.0]


@pytest.fixture
def keep(store):
    """Writes a cell with one score and its details."""

    def write(metric, details, *, protocol="harness", value=1.0, **cell):
        key = store.cell(cell.pop("generator", "smote"), {metric: value}, protocol=protocol, **cell)
        store.connection.execute(
            "UPDATE scores SET details = ? WHERE cell_id = ? AND metric = ?", [json.dumps(details), key, metric]
        )

    return write


def shapes(**columns):
    """Details of the shape error: name -> (error, plot)."""
    return {
        "columns": {name: error for name, (error, _) in columns.items() if error is not None},
        "plots": {"levels": LEVELS, "columns": {name: plot for name, (_, plot) in columns.items()}},
    }


def test_columns_come_with_their_errors_the_largest_first(store, keep):
    number = {"quantiles": [[0.0, 1 / 3, 2.0], None]}
    labels = {"labels": ["a", None], "frequencies": [[2 / 3, 1 / 3], [1.0, 0.0]], "rest": [0.0, 0.0]}
    keep(SHAPE, shapes(small=(1.23456, number), large=(50.0, labels), lost=(None, number)))
    found = figures(store.connection)[KEY]["smote"]["columns"]
    assert [column["name"] for column in found["columns"]] == ["lost", "large", "small"]
    assert [column["error"] for column in found["columns"]] == [None, 50.0, 1.235]
    assert found["columns"][1]["labels"] == ["a", None]
    assert found["columns"][1]["frequencies"] == [[0.6667, 0.3333], [1.0, 0.0]]
    assert found["columns"][2]["quantiles"] == [[0.0, 0.333, 2.0], None]
    assert found["levels"] == LEVELS
    assert found["left_out"] == []
    assert (found["split_seed"], found["seed"]) == (0, 0)


def test_of_a_wide_table_the_rest_is_named(store, keep):
    plot = {"quantiles": [[0.0, 1.0, 2.0]] * 2}
    keep(SHAPE, shapes(**{f"c{i}": (float(i), plot) for i in range(MOST_COLUMNS + 3)}))
    found = figures(store.connection)[KEY]["smote"]["columns"]
    assert len(found["columns"]) == MOST_COLUMNS
    assert found["columns"][0]["name"] == f"c{MOST_COLUMNS + 2}"
    assert found["left_out"] == ["c2", "c1", "c0"]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1_600_000_000.0, 1_600_003_600.4], [1_600_000_000.0, 1_600_003_600.0]),
        ([12285.0, 1484705.0], [12000.0, 1485000.0]),
        ([0.0, 0.00123456], [0.0, 0.001235]),
        ([7.25, 7.25], [7.25, 7.25]),
    ],
)
def test_quantiles_keep_four_digits_of_their_range(values, kept):
    assert [round(value, decimals(values)) for value in values] == pytest.approx(kept, rel=1e-12)


def test_associations_name_what_they_leave_out(store, keep):
    maps = {"columns": ["b", "c"], "left_out": 1, "real": [[None, 1], [1, None]]}
    keep(TREND, {"columns": ["a", "b", "c"], "associations": maps | {"synthetic": maps["real"]}})
    keep("spearman_error_percent", {"rows": ["a", "c"], "columns": ["a", "c"]})
    found = figures(store.connection)[KEY]["smote"]
    assert list(found) == ["associations"]
    assert found["associations"]["numeric"] == [False, True]
    assert found["associations"]["left_out"] == ["a"]
    assert found["associations"]["columns"] == ["b", "c"]


def test_distances_of_the_one_rule(store, keep):
    histogram = {"edges": [0, 1 / 3, 2 / 3], "synthetic": [0.25, 0.75], "holdout": [1.0, 0.0]}
    keep(DISTANCE, {"holdout": 0.98765432, "histogram": histogram}, protocol="tabsyn", value=0.123456)
    keep(DISTANCE, {"holdout": 7.0, "histogram": histogram}, protocol="sdmetrics", generator="copula")
    found = figures(store.connection)[KEY]
    assert found["smote"]["dcr"]["edges"] == [0, 0.3333, 0.6667]
    assert found["smote"]["dcr"]["medians"] == {"synthetic": 0.1235, "holdout": 0.9877}
    assert "copula" not in found


def test_the_first_cell_that_has_the_details_is_drawn(store, keep):
    plot = {"quantiles": [[0.0, 1.0, 2.0]] * 2}
    keep(SHAPE, {"reason": "no column has values on both sides"}, split_seed=0, value=None)
    for split_seed, seed in ((2, 0), (1, 5), (1, 3)):
        keep(SHAPE, shapes(x=(10.0 * split_seed + seed, plot)), split_seed=split_seed, seed=seed)
    found = figures(store.connection)[KEY]["smote"]["columns"]
    assert (found["split_seed"], found["seed"]) == (1, 3)
    assert found["columns"][0]["error"] == 13.0


def test_the_current_cell_of_a_store_and_the_own_one_of_a_run(store, keep):
    plot = {"quantiles": [[0.0, 1.0, 2.0]] * 2}
    keep(SHAPE, shapes(x=(1.0, plot)), code="old", run="run1", day=1)
    keep(SHAPE, shapes(x=(2.0, plot)), code="new", run="run2", day=2)
    found = [figures(store.connection, run)[KEY]["smote"]["columns"]["columns"][0]["error"] for run in (None, "run1")]
    assert found == [2.0, 1.0]


def test_several_configs_of_a_generator_are_rows_of_their_own(store, keep):
    keep(SHAPE, shapes(x=(1.0, {"quantiles": [None, None]})), config="abcdef789")
    store.cell("smote", config="123456789")
    assert list(figures(store.connection)[KEY]) == ["smote #abcdef"]


def test_a_store_without_details_has_no_pictures(store, keep):
    for metric, protocol in ((SHAPE, "harness"), (TREND, "harness"), (DISTANCE, "tabsyn")):
        keep(metric, {}, protocol=protocol)
    keep(SHAPE, {"columns": {}, "plots": {"levels": LEVELS, "columns": {}}}, dataset="magic", protocol="sdmetrics-0.11")
    assert figures(store.connection) == {KEY: {"smote": {}}}


def test_a_run_has_all_four(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"size": rng.normal(size=300), "rooms": rng.poisson(3, 300), "name": rng.choice(list("abc"), 300)}
    )
    table = tmp_path / "homes.csv"
    frame.assign(big=np.where(frame["size"] > 0, "yes", "no")).to_csv(table, index=False)
    evaluators = ["density", "correlation", "privacy"]
    bench.run("copula", str(table), evaluators, target="big", sentinels=False, results=tmp_path / "results")
    connection = bench_store.connect(tmp_path / "results" / DATABASE)
    ((key, rows),) = figures(connection).items()
    assert key[2] == "tabular"
    assert set(rows) == {"copula", "holdout"}
    drawn = rows["copula"]
    assert set(drawn) == {"columns", "associations", "projection", "dcr"}
    assert {column["name"] for column in drawn["columns"]["columns"]} == {"size", "rooms", "name", "big"}
    assert drawn["associations"]["numeric"] == [True, True, False, False]
    assert sum(drawn["dcr"]["synthetic"]) == pytest.approx(1, abs=0.01)
    json.dumps(rows, allow_nan=False)
