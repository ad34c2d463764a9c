import json

import numpy as np
import pytest

from bench.errors import BenchError
from leaderboards.gate import compare, snapshot, stated

SHAPE, AUC = "column_shape_error_percent", "xgboost_auc"
ONE_COLUMN = "single_column_shape_error_percent"


def judge(runs, old="old", new="new", effects=None, level=0.05):
    return compare(runs.snapshot(old), runs.snapshot(new), effects or stated(), level)


def whats(found) -> list[str]:
    return [f"{one.dataset} {one.generator} {one.what}" for one in found]


def test_two_honest_runs_pass(two):
    verdict = judge(two)
    assert verdict.passed
    assert verdict.broken == verdict.improvements == []
    assert whats(verdict.comparisons) == [
        f"adult smote {SHAPE}",
        f"adult smote {ONE_COLUMN} of age",
        f"adult smote {ONE_COLUMN} of job",
        f"adult smote {AUC}",
    ]


def test_equal_runs_pass_with_differences_of_zero(two):
    verdict = judge(two, "old", "old")
    assert verdict.passed
    assert {one.difference for one in verdict.comparisons} == {0}


def test_a_worse_run_fails_and_the_other_way_round_it_is_an_improvement(two):
    two.run("bad")
    two.fill("bad", worse=3, start=7)
    verdict = judge(two, new="bad")
    assert not verdict.passed
    assert set(whats(verdict.regressions)) == set(whats(verdict.comparisons)) - {f"adult smote {AUC}"}
    assert {one.pairs for one in verdict.regressions} == {5}
    back = judge(two, "bad", "new")
    assert back.passed
    assert len(back.improvements) == 3


def test_one_column_of_many_is_found_where_the_mean_hides_it(runs):
    for place, name in enumerate(("old", "new")):
        runs.run(name)
        for seed in range(5):
            columns = {f"c{i}": 5 + float(np.random.default_rng([place, seed, i]).normal(0, 0.1)) for i in range(20)}
            columns["c7"] += 3.0 * place
            runs.cell(name, seed, {SHAPE: float(np.mean(list(columns.values())))}, columns)
    verdict = judge(runs)
    assert whats(verdict.regressions) == [f"adult smote {ONE_COLUMN} of c7"]


@pytest.mark.parametrize(("minimum", "passed"), [(2.0, False), (4.0, True)])
def test_a_difference_counts_only_above_the_smallest_that_matters(two, minimum, passed):
    two.run("bad")
    two.fill("bad", worse=3, start=7)
    effects = {SHAPE: minimum}
    assert judge(two, new="bad", effects=effects).passed is passed


def test_a_metric_where_more_is_better_fails_when_it_falls(runs):
    for name, auc in (("old", 0.9), ("new", 0.8)):
        runs.run(name)
        for seed in range(3):
            runs.cell(name, seed, {AUC: auc + seed / 1000})
    verdict = judge(runs)
    assert [one.loss for one in verdict.regressions] == pytest.approx([0.1])
    assert judge(runs, "new", "old").improvements[0].loss == pytest.approx(-0.1)


@pytest.mark.parametrize(
    ("metric", "best", "off", "step"),
    [
        ("c2st_xgboost_auc", 0.5, 0.35, 1e-4),
        ("dcr_share_percent", 50.0, 44.0, 1e-2),
        ("membership_distance_auc", 0.5, 0.45, 1e-4),
        ("log_likelihood_gap_nats", 0.0, -3.0, 1e-3),
    ],
)
def test_a_metric_is_worse_beyond_its_best_value_too(runs, metric, best, off, step):
    for name, value in (("best", best), ("off", off), ("other side", 2 * best - off)):
        runs.run(name)
        for seed in range(5):
            runs.cell(name, seed, {metric: value + seed * step}, higher=False)
    broken, repaired, mirrored = (
        judge(runs, "best", "off"),
        judge(runs, "off", "best"),
        judge(runs, "off", "other side"),
    )
    assert [one.loss for one in broken.regressions] == pytest.approx([abs(off - best)], rel=0.01)
    assert repaired.passed
    assert [one.change for one in repaired.comparisons] == ["better"]
    assert mirrored.passed
    assert mirrored.improvements == []


def test_pairs_are_cells_of_one_split_and_seed(runs):
    """Shuffled seeds would give other differences; only common ones count."""
    for name, step in (("old", 0.0), ("new", 1.0)):
        runs.run(name)
        for split in (0, 1):
            for seed in (3, 1, 2):
                runs.cell(name, seed, {SHAPE: 10 * split + seed + step}, split_seed=split)
    verdict = judge(runs)
    (one,) = verdict.comparisons
    assert (one.pairs, one.baseline, one.run, one.low <= 1 <= one.high) == (6, 7.0, 8.0, True)


def test_the_worst_comes_first(two):
    two.run("bad")
    for seed in range(5):
        two.cell("bad", seed, {SHAPE: 6 + seed / 100, AUC: 0.5 + seed / 1000})
    assert [one.metric for one in judge(two, new="bad").regressions] == [AUC, SHAPE]


def test_a_metric_without_a_stated_effect_is_named_and_not_gated(two):
    for name in ("old", "new"):
        for seed in range(5):
            two.cell(name, seed, {"spearman_error_percent": 1.0 + (name == "new") * 9})
    verdict = judge(two)
    assert verdict.passed
    assert verdict.not_gated == ["spearman_error_percent"]
    assert not judge(two, effects={"spearman_error_percent": 1.0}).passed


def test_a_missing_cell_is_a_regression(two):
    two.run("bad")
    two.fill("bad", range(4))
    verdict = judge(two, new="bad")
    assert not verdict.passed
    (one,) = verdict.broken
    assert (one.what, one.reason, one.cells) == ("cell", "not in the run", ((0, 4),))


def test_a_failed_cell_is_a_regression_with_its_error_and_without_its_consequences(two):
    two.run("bad")
    two.fill("bad", range(3))
    for seed in (3, 4):
        key = two.cell("bad", seed, failed=("fit", "memory", "no room"), scores={})
        two.store.stage(key, "sample", 0, ("sample", "upstream", "fit failed"))
        two.store.stage(key, "density", 0, ("density", "upstream", "fit failed"))
    (one,) = judge(two, new="bad").broken
    assert (one.what, one.reason, one.cells) == ("stage fit", "memory: no room", ((0, 3), (0, 4)))


def test_a_stage_that_was_not_run_is_a_regression(two):
    for seed in range(5):
        key = two.cell("old", seed, {})
        two.store.stage(key, "validity", 1.0)
    (one,) = judge(two).broken
    assert (one.what, one.reason, len(one.cells)) == ("stage validity", "not run", 5)


@pytest.mark.parametrize(
    ("value", "reason"), [(None, "not defined"), ("gone", "not there"), (float("nan"), "not defined")]
)
def test_a_score_that_is_no_number_any_more_is_a_regression(two, value, reason):
    two.run("bad")
    two.fill("bad", start=1)
    where = "WHERE metric = 'xgboost_auc' AND cell_id LIKE '%-2bad'"
    two.connection.execute(f"DELETE FROM scores {where}" if value == "gone" else f"UPDATE scores SET value = ? {where}",
                           [] if value == "gone" else [value])  # fmt: skip
    verdict = judge(two, new="bad")
    (one,) = verdict.broken
    assert (one.what, one.reason, one.cells) == (AUC, reason, ((0, 2),))
    assert {one.metric: one.pairs for one in verdict.comparisons}[AUC] == 4


def test_what_failed_in_both_is_listed_and_no_regression(two):
    for name in ("old", "new"):
        two.cell(name, 5, {}, failed=("density", "timeout", "too slow"))
    verdict = judge(two)
    assert verdict.passed
    assert [(one.what, one.reason) for one in verdict.failed_in_both] == [("stage density", "timeout: too slow")]


def test_what_failed_in_the_baseline_alone_is_noted(two):
    two.cell("old", 5, {}, failed=("density", "timeout", "too slow"))
    two.fill("new", [5])
    verdict = judge(two)
    assert verdict.passed
    assert "works now" in verdict.notes[0]


def test_cells_of_the_run_alone_are_listed(two):
    two.fill("new", [5, 6])
    two.fill("new", [0], dataset="magic", generator="copula")
    assert judge(two).new == ["adult smote: 2 cells", "magic copula: 1 cell"]


def test_a_changed_config_is_compared_and_named(two):
    two.run("bad")
    two.fill("bad", config="other", start=7)
    two.connection.execute("""UPDATE cells SET config = '{"steps": 400}' WHERE config_hash = 'other'""")
    verdict = judge(two, new="bad")
    assert len(verdict.comparisons) == 4
    assert verdict.notes == ["config of smote has changed: steps None -> 400 (on adult)"]


def test_several_configs_of_a_generator_are_paired_by_their_hash(runs):
    for name in ("old", "new"):
        runs.run(name)
        for config, worse in (("aaaaaaaa", 0), ("bbbbbbbb", 4 * (name == "new"))):
            runs.fill(name, config=config, worse=worse, start=name == "new")
    verdict = judge(runs)
    assert {one.generator for one in verdict.regressions} == {"smote #bbbbbb"}
    assert {one.generator for one in verdict.comparisons} == {"smote #aaaaaa", "smote #bbbbbb"}


def test_sentinels_are_not_gated_and_a_changed_one_is_noted(two):
    for name, value in (("old", 1.0), ("new", 9.0)):
        for seed in range(5):
            two.cell(name, seed, {SHAPE: value}, generator="real")
            two.cell(name, seed, {SHAPE: 1.0}, generator="holdout")
    verdict = judge(two)
    assert verdict.passed
    assert verdict.notes == [
        f"adult real: 5 of 5 values are not the baseline's ({SHAPE}): the measure itself has changed"
    ]


def test_a_run_that_was_stopped_is_said_to_be_so(two):
    two.run("bad", planned=9)
    two.fill("bad")
    assert "only 5 of the 9 cells that the run planned have ended" in judge(two, new="bad").notes


def test_a_generator_with_one_pair_beside_others_is_noted(two):
    for name in ("old", "new"):
        two.fill(name, [0], generator="copula")
    verdict = judge(two)
    assert verdict.notes == ["adult copula: one pair only, not compared"]


def refusal(runs, **options) -> str:
    with pytest.raises(BenchError) as error:
        judge(runs, **options)
    return str(error.value)


@pytest.mark.parametrize(
    ("run", "cells", "message"),
    [
        ({"profile": "cpu"}, {"profile": "cpu"}, "profile is cpu in the run and demo in the baseline"),
        ({"records": 50}, {}, "'records' is 50 in the run and None in the baseline"),
        ({"where": ["a=b"]}, {}, "'where' is ['a=b'] in the run and [] in the baseline"),
        ({"evaluators": {"density": {"bins": 9}}}, {}, "evaluators.density.bins is 9 in the run and None"),
        ({}, {"variant": "original"}, "variant of 'adult' is original in the run and demo"),
        ({}, {"protocol": "other"}, "protocol of column_shape_error_percent is other v1 in the run and harness v1"),
        ({}, {"version": 2}, "protocol of column_shape_error_percent is harness v2 in the run and harness v1"),
        (
            {},
            {"generator": "copula"},
            "no cell of the baseline: copula on adult with seeds 0, 1, 2, 3, 4 against smote",
        ),
        ({}, {"dataset": "magic"}, "no cell of the baseline: smote on magic"),
        ({}, {"generator": "real"}, "no cell of the baseline: no generator against smote"),
    ],
)
def test_what_cannot_be_compared_is_refused(two, run, cells, message):
    two.run("other", **run)
    two.fill("other", **cells)
    assert message in refusal(two, new="other")


def test_other_data_are_refused(two):
    two.run("other")
    two.fill("other")
    two.connection.execute("UPDATE cells SET dataset_digest = 'x' WHERE cell_id LIKE '%other'")
    assert "dataset digest of 'adult' is x in the run" in refusal(two, new="other")


def test_several_data_of_one_name_are_refused(two):
    for name in ("old", "new"):
        two.fill(name, variant="file")
    assert "'adult' stands for several data, demo, file" in refusal(two)


def test_another_split_is_refused(two):
    two.run("other")
    two.fill("other")
    two.connection.execute("UPDATE cells SET split = 'tabsyn' WHERE cell_id LIKE '%other'")
    assert "split of 'adult' is tabsyn in the run and harness" in refusal(two, new="other")


def test_settings_of_an_evaluator_that_was_not_used_do_not_matter(two):
    two.run("other", evaluators={"judge": {"url": "x"}})
    two.fill("other")
    assert judge(two, new="other").passed


def test_one_seed_is_refused_with_how_many_to_run(runs):
    for name in ("old", "new"):
        runs.run(name)
        runs.fill(name, [0])
    assert "--set seeds=[0,1,2,3,4]" in refusal(runs)


def test_a_baseline_of_sentinels_alone_is_refused(runs):
    runs.run("old")
    runs.fill("old", generator="marginals")
    assert "no generator beside the sentinels" in refusal(runs, new="old")


def test_nothing_gated_is_refused(two):
    assert "no metric of the baseline has a stated minimum effect" in refusal(two, effects={"nothing": 1.0})


def test_the_newest_run_is_the_default(two):
    assert snapshot(two.connection).facts["run_id"] == "new"


def test_unknown_runs_and_empty_stores_are_refused(runs):
    with pytest.raises(BenchError, match="holds no run yet"):
        snapshot(runs.connection)
    runs.run("old")
    with pytest.raises(BenchError, match="did you mean 'old'"):
        snapshot(runs.connection, "odl")
    with pytest.raises(BenchError, match="no cell of run 'old' has ended"):
        snapshot(runs.connection, "old")


def test_the_part_of_a_column_in_the_pairs_is_the_mean_over_its_pairs(two):
    names = ["a", "b", "c"]
    for run, step in (("old", 0.0), ("new", 6.0)):
        for seed in range(5):
            noise = np.random.default_rng([seed, int(step)]).normal(size=3) / 10
            ab, ac, bc = noise + np.array([1 + step, 2 + step, 3])
            matrix = [[None, ab, ac], [ab, None, bc], [ac, bc, None]]
            key = two.cell(run, seed, {"pair_trend_error_percent": (ab + ac + bc) / 3})
            details = json.dumps({"rows": names, "columns": names, "error_percent": matrix, "associations": {}})
            two.connection.execute(
                "UPDATE scores SET details = ? WHERE cell_id = ? AND metric = 'pair_trend_error_percent'",
                [details, key],
            )
    found = {one.column: one for one in judge(two).comparisons if one.metric.startswith("single_column_pair")}
    assert {name: round(one.difference) for name, one in found.items()} == {"a": 6, "b": 3, "c": 3}
    assert found["a"].baseline == pytest.approx(1.5, abs=0.2)
    assert {one.change for one in found.values()} == {"worse"}
