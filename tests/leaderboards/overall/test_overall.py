import math

import numpy as np
import pytest
from scipy import stats

from leaderboards.overall import overall

NAMES = ["adult", "beijing", "default", "magic", "shoppers"]


def simple(make, dataset, values, **options):
    """One value a generator in one column."""
    return make.table(dataset, *(make.row(name, {make.ERROR: [value]}) for name, value in values.items()), **options)


def test_mean_rank_is_over_metrics_and_then_over_datasets(make):
    def table(name, first, second, third):
        rows = [
            make.row(generator, {make.ERROR: [error], make.AUC: [auc]})
            for generator, (error, auc) in zip("abc", (first, second, third), strict=True)
        ]
        return make.table(name, *rows)

    # ranks: a 1, 2 and 3, 3; b 2, 1 and 1, 2; c 3, 3 and 2, 1
    found = overall([table("adult", (1, 0.8), (2, 0.9), (3, 0.7)), table("magic", (3, 0.7), (1, 0.8), (2, 0.9))])[0]
    assert found.generators == ["b", "a", "c"]
    assert [rank.mean for rank in found.ranks] == [1.5, 2.25, 2.25]
    assert [rank.stderr for rank in found.ranks] == pytest.approx(
        [stats.sem([1.5, 1.5]), stats.sem([1.5, 3]), stats.sem([3, 1.5])]
    )
    assert found.critical is None


def test_a_failed_generator_ranks_last_and_its_floor_does_not_help_it(make):
    def table(name, failed):
        return make.table(
            name,
            make.row("a", {make.ERROR: [2.0, 2.1]}),
            make.row("b", {make.ERROR: [3.0, 3.1]}),
            make.row("c", {make.ERROR: [0.1, 0.1]}, imputed=failed, failed=failed),
        )

    found = overall([table("adult", True), table("magic", False)])[0]
    assert {rank.generator: (rank.mean, rank.failed) for rank in found.ranks} == {
        "a": (1.5, 0), "b": (2.5, 0), "c": (2.0, 1),
    }  # fmt: skip


def test_what_was_not_run_everywhere_is_left_out_and_named(make):
    found = overall([
        *(simple(make, name, {"a": 1, "b": 2, "c": 3}) for name in NAMES[:3]),
        simple(make, "magic", {"a": 1, "b": 2, "c": 3, "new": 4}),
        simple(make, "shoppers", {"a": 1}),
    ])[0]  # fmt: skip
    assert found.datasets == ["adult", "beijing", "default", "magic"]
    assert found.generators == ["a", "b", "c"]
    assert found.left_out_generators == ["new"]
    assert found.left_out_datasets == ["shoppers"]


def test_a_failure_everywhere_is_no_absence(make):
    tables = [make.table(name, make.row("a", {make.ERROR: [1.0]}), make.row("b", {}, failed=True)) for name in NAMES]
    found = overall(tables)[0]
    assert [(rank.generator, rank.mean, rank.failed) for rank in found.ranks] == [("a", 1, 0), ("b", 2, 5)]
    assert found.wins.record("a") == (5, 0, 0)


def test_groups_that_are_not_comparable_stay_apart_and_sentinels_do_not_compete(make):
    found = overall([
        simple(make, "adult", {"a": 1, "b": 2, "real": 0}, profile="cpu"),
        simple(make, "magic", {"a": 1, "b": 2, "marginals": 3}, profile="cpu"),
        simple(make, "adult", {"b": 1, "a": 2}, profile="demo"),
        simple(make, "adult", {"holdout": 1}, profile="paper"),
    ])  # fmt: skip
    assert [(one.profile, one.datasets, one.generators) for one in found] == [
        ("cpu", ["adult", "magic"], ["a", "b"]),
        ("demo", ["adult"], ["b", "a"]),
    ]


def test_two_versions_of_a_datasets_data_count_once(make):
    fuller = simple(make, "adult", {"a": 1, "b": 2}, digest="bbbbbbbb")
    found = overall(
        [simple(make, "adult", {"a": 1}, digest="aaaaaaaa"), fuller, simple(make, "magic", {"a": 1, "b": 2})]
    )
    assert found[0].datasets == ["adult", "magic"]
    assert found[0].left_out_datasets == ["adult #aaaaaa"]


def test_configurations_are_matched_by_what_they_are(make):
    def rows(*configs):
        return [
            make.row(
                f"difflm #{config[:6]}" if len(configs) > 1 else "difflm",
                {make.ERROR: [1.0]}, generator="difflm", config=config,
            )
            for config in configs
        ]  # fmt: skip

    found = overall([make.table("adult", *rows("aaaaaaaa", "bbbbbbbb")), make.table("magic", *rows("bbbbbbbb"))])[0]
    # two configurations on one dataset, or one on two: as many cells, and only the former compares
    assert sorted([*found.generators, *found.left_out_generators]) == ["difflm #aaaaaa", "difflm #bbbbbb"]
    assert found.datasets == ["adult", "magic"]
    assert found.generators == ["difflm #bbbbbb"]


def test_two_configurations_on_different_datasets_are_two_generators(make):
    def table(dataset, config):
        tvae = make.row("tvae", {make.ERROR: [1.0]}, config=config)
        return make.table(dataset, tvae, make.row("smote", {make.ERROR: [2.0]}))

    (found,) = overall([table("adult", "aaaaaaaa"), table("magic", "bbbbbbbb")])
    assert found.left_out_generators or found.left_out_datasets
    assert "tvae" not in {*found.generators, *found.left_out_generators}


def test_wins_need_an_interval_without_zero(make):
    rng = np.random.default_rng(0)
    shift = rng.normal(size=6)
    rows = [
        make.row("good", {make.ERROR: shift + 1 + rng.normal(0, 0.01, 6), make.AUC: [0.9, 0.8, 0.7, 0.9, 0.8, 0.7]}),
        make.row("bad", {make.ERROR: shift + 2 + rng.normal(0, 0.01, 6), make.AUC: [0.8, 0.9, 0.7, 0.8, 0.9, 0.7]}),
        make.row("failed", {make.ERROR: [0.0] * 6}, imputed=True, failed=True),
    ]
    found = overall([make.table(name, *rows) for name in NAMES[:2]])[0]
    order = found.wins.generators
    wins = {(a, b): found.wins.wins[i, j] for i, a in enumerate(order) for j, b in enumerate(order)}
    assert wins["good", "bad"] == 2
    assert wins["bad", "good"] == 0
    assert wins["good", "failed"] == wins["bad", "failed"] == 4
    assert found.wins.record("good") == (6, 2, 0)
    assert found.wins.record("failed") == (0, 0, 8)
    assert (found.wins.comparisons == 4 * (1 - np.eye(3))).all()
    assert (found.wins.ties == found.wins.ties.T).all()


def test_the_direction_of_a_metric_decides_who_wins(make):
    rows = [
        make.row("high", {make.AUC: [0.9, 0.91, 0.9], make.ERROR: [9.0, 9.1, 9.0]}),
        make.row("low", {make.AUC: [0.5, 0.51, 0.5], make.ERROR: [1.0, 1.1, 1.0]}),
    ]
    found = overall([make.table("adult", *rows)])[0]
    assert found.wins.wins.tolist() == [[0, 1], [1, 0]]


def test_five_datasets_and_three_generators_get_a_critical_difference_over_one_rank_a_dataset(make):
    tables = [simple(make, name, {"a": 1, "b": 2, "c": 2}) for name in NAMES]
    critical = overall(tables)[0].critical
    assert critical is not None
    assert critical.mean_ranks == [1, 2.5, 2.5]
    assert overall(tables[:4])[0].critical is None


@pytest.mark.parametrize("values", [[float("nan")], [float("nan"), 1.0], []])
def test_scores_that_are_not_numbers_rank_last_and_never_win(make, values):
    scores = {make.ERROR: values} if values else {}
    rows = [make.row("a", {make.ERROR: [5.0, 6.0]}), make.row("b", scores), make.row("c", scores)]
    found = overall([make.table(name, *rows) for name in NAMES])[0]
    assert [rank.mean for rank in found.ranks] == [1, 2.5, 2.5]
    assert found.wins.record("b") == (0, 5, 5)


def test_one_seed_without_an_error_makes_no_winner(make):
    found = overall([simple(make, name, {"a": 1, "b": 2}) for name in NAMES[:2]])[0]
    assert found.wins.record("a") == (0, 2, 0)


def test_little_to_compare_ends_well(make):
    assert overall([]) == []
    single = overall([simple(make, "adult", {"a": 1})])[0]
    assert not single.worth_showing
    assert single.ranks[0].mean == 1
    assert math.isnan(single.ranks[0].stderr)
    assert single.wins.comparisons.tolist() == [[0]]
    nothing = overall(
        [make.table(name, make.row("a", {}, failed=True), make.row("b", {}, failed=True)) for name in NAMES]
    )
    assert [rank.failed for rank in nothing[0].ranks] == [5, 5]
    # no column to rank by
    assert nothing[0].wins.comparisons.sum() == 0


def test_wins_go_by_common_pairs_where_cells_are_missing(make):
    rows = [make.row("complete", {make.ERROR: [1.0, 2.0, 9.0]}), make.row("partial", {make.ERROR: [2.0, 3.01]})]
    found = overall([make.table("adult", *rows)])[0]
    assert found.wins.record("complete") == (1, 0, 0)
