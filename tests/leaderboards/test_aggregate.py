import json

import numpy as np
import pytest
from scipy import stats

from bench.errors import BenchError
from leaderboards import markdown
from leaderboards.aggregate import Row, Table, tables
from leaderboards.columns import Column

SHAPE = "column_shape_error_percent"
TREND = "pair_trend_error_percent"


def only(store, **options) -> Table:
    (table,) = tables(store.connection, **options)
    return table


def row(table: Table, name: str) -> Row:
    (found,) = [row for row in table.rows if row.name == name]
    return found


def column(table: Table, metric: str) -> Column:
    (found,) = [column for column in table.columns if column.metric == metric]
    return found


def summary(table: Table, name: str, metric: str = SHAPE):
    return row(table, name).summaries[column(table, metric)]


def test_mean_and_standard_error_over_split_seeds_and_seeds(store):
    values = [1.0, 1.5, 0.25, 3.0]
    for value, (split_seed, seed) in zip(values, [(0, 0), (0, 1), (1, 0), (1, 1)], strict=True):
        store.cell("smote", {SHAPE: value}, split_seed=split_seed, seed=seed, stderr=9.0)
    found = summary(only(store), "smote")
    assert found.mean == pytest.approx(5.75 / 4)
    assert found.stderr == pytest.approx(stats.sem(values))
    assert not found.single
    assert not found.imputed


def test_a_single_cell_shows_the_scores_own_standard_error(store):
    store.cell("smote", {SHAPE: 1.0}, stderr=0.125)
    found = summary(only(store), "smote")
    assert found.stderr == 0.125
    assert found.single


def test_equal_values_are_one_observation_with_the_scores_own_standard_error(store):
    # held-out records are the same for every seed, and their sums but for the last digit
    for seed, value in enumerate([0.3, 0.1 + 0.2, 0.3]):
        store.cell("holdout", {SHAPE: value}, seed=seed, stderr=0.5)
    found = summary(only(store), "holdout")
    assert (found.mean, found.stderr, found.single) == (pytest.approx(0.3), 0.5, True)


def test_cells_of_different_settings_in_one_mean_are_named(store):
    for seed, (run, settings) in enumerate([("few", {"records": 20}), ("all", {}), ("again", {})]):
        spec = json.dumps({"settings": settings})
        store.connection.execute(
            "INSERT INTO runs VALUES (?, '2026-01-01', 'demo', ?, '', '{}', '{}', NULL, 1)", [run, spec]
        )
        store.cell("smote", {SHAPE: 1.0 + seed}, seed=seed, run=run)
    assert only(store).mixed == {"density": ['{"records": 20}', "{}"]}
    assert only(store, run_id="few").mixed == {}
    assert "density was not computed with the same settings in all cells" in markdown(store.connection)


def test_a_failed_cell_counts_as_the_floor_on_the_same_seed(store):
    for seed, value in enumerate([1.0, 2.0]):
        store.cell("smote", {SHAPE: value}, seed=seed)
    store.cell("smote", seed=2, failed=("fit", "raised", "singular matrix"))
    for seed, value in enumerate([10.0, 20.0, 60.0]):
        store.cell("marginals", {SHAPE: value}, seed=seed)
    found = summary(only(store), "smote")
    assert found.mean == pytest.approx((1 + 2 + 60) / 3)
    assert found.imputed


def test_without_the_floor_on_that_seed_its_mean_counts(store):
    store.cell("smote", seed=7, failed=("sample", "timeout", "too slow"))
    for seed, value in enumerate([10.0, 20.0]):
        store.cell("marginals", {SHAPE: value}, seed=seed)
    assert summary(only(store), "smote").mean == 15.0


def test_survivors_alone_are_never_averaged(store):
    store.cell("smote", {SHAPE: 1.0}, seed=0)
    store.cell("smote", seed=1, failed=("fit", "memory", "out of memory"))
    found = summary(only(store), "smote")
    assert np.isnan(found.mean)


def test_an_undefined_score_counts_as_the_floor(store):
    store.cell("smote", {SHAPE: None})
    store.cell("marginals", {SHAPE: 4.0})
    found = summary(only(store), "smote")
    assert found.mean == 4.0
    assert found.imputed


def test_a_failed_evaluator_spoils_its_own_metrics_only(store):
    key = store.cell("smote", {SHAPE: 1.0}, failed=("mle", "raised", "one class"))
    store.stage(key, "mle", 1.0, failed=("mle", "raised", "one class"))
    store.cell("marginals", {SHAPE: 4.0})
    assert summary(only(store), "smote").mean == 1.0


def test_scores_of_a_cell_whose_new_fit_failed_do_not_count(store):
    store.cell("smote", {SHAPE: 1.0}, failed=("fit", "raised", "after a change of code"))
    store.cell("marginals", {SHAPE: 4.0})
    assert summary(only(store), "smote").mean == 4.0


def test_the_newest_computation_of_a_cell_counts_in_the_store_and_its_own_in_a_run(store):
    store.cell("smote", {SHAPE: 1.0}, run="run1")
    store.cell("smote", {SHAPE: 0.5}, run="run2", code="changed", day=2)
    assert summary(only(store), "smote").mean == 0.5
    assert summary(only(store, run_id="run1"), "smote").mean == 1.0


def test_a_cell_of_two_runs_counts_once(store):
    for run in ("run1", "run2"):
        store.cell("smote", {SHAPE: 1.0}, seed=0, run=run)
    store.cell("smote", {SHAPE: 4.0}, seed=1, run="run2")
    assert summary(only(store), "smote").mean == 2.5
    assert summary(only(store, run_id="run1"), "smote").mean == 1.0


@pytest.mark.parametrize("other", [{"variant": "original"}, {"profile": "cpu"}, {"dataset": "magic"}])
def test_what_is_not_comparable_stands_in_tables_of_its_own(store, other):
    store.cell("smote", {SHAPE: 1.0})
    store.cell("smote", {SHAPE: 3.0}, **other)
    assert sorted(summary(table, "smote").mean for table in tables(store.connection)) == [1.0, 3.0]


def test_configurations_and_versions_are_never_averaged(store):
    store.cell("difflm", {SHAPE: 1.0}, config="aaaaaaaa")
    store.cell("difflm", {SHAPE: 3.0}, config="bbbbbbbb", version=2)
    table = only(store)
    assert column(table, SHAPE).version == 2
    assert {row.name: len(row.summaries) for row in table.rows} == {"difflm #aaaaaa": 0, "difflm #bbbbbb": 1}


def test_costs_count_the_time_of_failed_stages(store):
    store.cell("smote", {SHAPE: 1.0}, seed=0, fit_seconds=2.0, sample_seconds=4.0, returned=1000)
    store.cell("smote", seed=1, fit_seconds=10.0, sample_seconds=6.0, returned=0, failed=("sample", "timeout", "slow"))
    found = row(only(store), "smote")
    assert found.fit_seconds == 6.0
    assert found.records_per_second == 100.0


def test_failures_with_the_same_reason_are_counted_together(store):
    for seed in range(3):
        store.cell("smote", seed=seed, failed=("fit", "raised", "singular"))
    store.cell("smote", seed=3, failed=("density", "upstream", "fit failed"))
    (failure,) = row(only(store), "smote").failures
    assert (failure.stage, failure.phase, failure.error, failure.cells) == ("fit", "raised", "singular", 3)


def test_main_metrics_by_default_and_every_other_on_demand(store):
    store.cell("smote", {SHAPE: 1.0, "xgboost_macro_f1": 0.5, TREND: 1.0})
    store.cell("smote", {TREND: 2.0}, protocol="sdmetrics-0.11", seed=1)

    def names(**options):
        return [(column.metric, column.protocol) for column in only(store, **options).columns]

    assert names() == [(SHAPE, "harness"), (TREND, "harness")]
    assert names(metrics=["xgboost_macro_f1"]) == [("xgboost_macro_f1", "harness")]
    assert names(metrics=[TREND]) == [(TREND, "harness"), (TREND, "sdmetrics-0.11")]
    assert len(names(metrics=["all"])) == 4


def test_unknown_names_are_refused(store):
    with pytest.raises(BenchError, match="no results yet"):
        tables(store.connection)
    store.cell("smote", {SHAPE: 1.0})
    with pytest.raises(BenchError, match="run 'run2' is not known; did you mean 'run1'"):
        tables(store.connection, "run2")
    with pytest.raises(BenchError, match=f"did you mean '{SHAPE}'"):
        tables(store.connection, metrics=["column_shape_eror_percent"])
