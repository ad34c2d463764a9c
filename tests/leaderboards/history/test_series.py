import numpy as np
import pytest
from scipy import stats

from bench.errors import BenchError
from leaderboards.history.series import history

SHAPE = "column_shape_error_percent"


def only(store, **chosen):
    (one,) = history(store.connection, SHAPE, **chosen)
    return one


def test_a_point_is_the_mean_and_standard_error_over_the_cells_of_its_run(store, runs):
    values = {0: 1.5, 1: 2.5, 2: 4.25}
    run_id = runs.add(values, commit="abc", command="bench run --dataset adult")
    (point,) = only(store).points
    assert point.mean == pytest.approx(np.mean([*values.values()]))
    assert point.stderr == pytest.approx(stats.sem([*values.values()]))
    assert (point.run_id, point.commit, point.command) == (run_id, "abc", "bench run --dataset adult")
    assert point.observed


def test_a_single_cell_has_the_error_of_its_score(store, runs):
    runs.add({0: 1.5}, stderr=0.25)
    assert only(store).points[0].stderr == 0.25


def test_runs_come_in_the_order_of_their_starts_and_replaced_cells_count(store, runs):
    for value in (3.0, 1.0, 2.0):
        runs.add({0: value})
    assert [point.mean for point in only(store).points] == [3.0, 1.0, 2.0]


def test_a_run_that_repeats_finished_stages_is_reused_and_no_observation(store, runs):
    runs.add({0: 1.0, 1: 2.0})
    runs.add({0: 1.0, 1: 2.0}, repeats=1)
    runs.add({0: 1.0, 1: 2.0})
    points = only(store).points
    assert [point.reused for point in points] == [False, True, False]
    assert only(store).observations == 2


def test_a_run_that_adds_a_cell_to_finished_ones_counts(store, runs):
    runs.add({0: 1.0})
    runs.add({0: 1.0, 1: 2.0}, repeats=1)
    first, second = only(store).points
    assert not second.reused
    assert second.other_seeds
    assert not first.other_seeds


@pytest.mark.parametrize("stage", ["fit", "sample", "density"])
def test_a_failed_cell_is_no_value_and_its_run_is_marked(store, runs, stage):
    runs.add({0: 1.0, 1: 3.0})
    runs.add({0: 1.0, 1: stage})
    runs.add({0: stage, 1: stage})
    whole, half, none = only(store).points
    assert (whole.failed, half.failed, none.failed) == (0, 1, 2)
    assert (half.mean, half.cells) == (1.0, 1)
    assert np.isnan(none.mean)
    assert [point.observed for point in (whole, half, none)] == [True, False, False]


def test_a_failure_elsewhere_loses_no_score(store, runs):
    run = runs.add({0: 1.0})
    (cell,) = store.connection.execute("SELECT cell_id FROM run_cells WHERE run_id = ?", [run]).fetchone()
    store.stage(cell, "mle", 1.0, ("mle", "raised", "no"))
    assert only(store).points[0].failed == 0


def test_a_generator_that_always_failed_is_shown_without_a_value(store, runs):
    runs.add({0: 1.0}, generator="copula")
    runs.add({0: "fit"}, generator="broken", same_run=True)
    broken, copula = history(store.connection, SHAPE)
    assert (broken.generator, copula.generator) == ("broken", "copula")
    assert (broken.points[0].failed, broken.valued) == (1, [])


@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_score_that_is_not_defined_is_no_value(store, runs, value):
    runs.add({0: 1.0, 1: value})
    (point,) = only(store).points
    assert (point.mean, point.cells, point.undefined, point.observed) == (1.0, 1, 1, False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"variant": "original"}, "source of the data demo → original"),
        ({"profile": "cpu"}, "profile demo → cpu"),
        ({"version": 2}, "version 1 → 2"),
        ({"settings": {"evaluators": {"density": {"bins": 5}}}}, 'options of the scoring {} → {"density"'),
        ({"settings": {"records": 300}}, 'options of the scoring {} → {"records": 300}'),
    ],
)
def test_what_is_not_comparable_begins_a_new_series_and_says_why(store, runs, change, told):
    runs.add({0: 1.0})
    runs.add({0: 2.0}, **change)
    runs.add({0: 3.0})
    first, second = history(store.connection, SHAPE)
    assert [point.mean for point in first.points] == [1.0, 3.0]
    assert [point.mean for point in second.points] == [2.0]
    assert first.begins == ""
    assert told in second.begins


def test_other_options_of_another_evaluator_change_nothing(store, runs):
    runs.add({0: 1.0})
    runs.add({0: 2.0}, settings={"evaluators": {"mle": {"trials": 1}}})
    assert len(only(store).points) == 2


def test_other_data_begin_a_new_series(store, runs):
    runs.add({0: 1.0})
    runs.add({0: 2.0})
    store.connection.execute("UPDATE cells SET dataset_digest = 'changed in a later run' WHERE cell_id LIKE '%-2'")
    first, second = history(store.connection, SHAPE)
    assert second.begins == "data adultdem → changed "
    assert len(first.points) == len(second.points) == 1


def test_configs_and_protocols_stand_apart_and_are_no_change_of_each_other(store, runs):
    runs.add({0: 1.0}, config="aaaaaaaa")
    runs.add({0: 2.0}, config="bbbbbbbb", same_run=True)
    runs.add({0: 2.0}, config="bbbbbbbb", protocol="tabsyn")
    found = history(store.connection, SHAPE)
    assert [one.name for one in found] == ["smote #aaaaaa", "smote #bbbbbb", "smote #bbbbbb"]
    assert [one.column.protocol for one in found] == ["harness", "harness", "tabsyn"]
    assert {one.begins for one in found} == {""}


def test_a_step_is_placed_among_all_points_though_some_do_not_count(store, runs):
    rng = np.random.default_rng(0)
    for place in range(14):
        value = (1.0 if place < 8 else 2.0) + 0.01 * rng.normal()
        runs.add({0: value, 1: "fit"} if place == 3 else {0: value, 1: value}, repeats=5 if place == 5 else None)
    series = only(store)
    (step,) = series.steps
    assert step.place == 8
    assert (step.before, step.after) == (pytest.approx(1.0, abs=0.02), pytest.approx(2.0, abs=0.02))


def test_a_metric_that_is_better_when_higher_keeps_its_direction(store, runs):
    runs.add({0: 0.5}, metric="xgboost_auc")
    (one,) = history(store.connection, "xgboost_auc")
    assert one.column.higher_is_better


def test_selection(store, runs):
    for dataset in ("adult", "magic"):
        for generator in ("smote", "real"):
            runs.add({0: 1.0}, dataset=dataset, generator=generator)
    named = [(one.dataset, one.generator) for one in history(store.connection, SHAPE)]
    assert named == [("adult", "smote"), ("adult", "real"), ("magic", "smote"), ("magic", "real")]
    (one,) = history(store.connection, SHAPE, datasets=["magic"], generators=["real"], protocol="harness")
    assert (one.dataset, one.generator) == ("magic", "real")


@pytest.mark.parametrize(
    ("metric", "chosen", "message"),
    [
        ("column_shape_eror_percent", {}, f"did you mean '{SHAPE}'"),
        (SHAPE, {"datasets": ["adlut"]}, "did you mean 'adult'"),
        (SHAPE, {"generators": ["smotte"]}, "did you mean 'smote'"),
        (SHAPE, {"protocol": "harnes"}, "did you mean 'harness'"),
        (SHAPE, {"datasets": ["adult"], "generators": ["copula"]}, "for dataset adult; generator copula"),
    ],
)
def test_what_is_not_there_ends_in_one_line(store, runs, metric, chosen, message):
    runs.add({0: 1.0})
    runs.add({0: 1.0}, generator="copula", dataset="magic")
    with pytest.raises(BenchError) as raised:
        history(store.connection, metric, **chosen)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_empty_store(store):
    with pytest.raises(BenchError, match="no results yet"):
        history(store.connection, SHAPE)
