import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from leaderboards.aggregate import Row, Summary, Table
from leaderboards.columns import Column
from leaderboards.rank import compare, direction, interval, mean_ranks, rank

ERROR = Column("column_shape_error_percent", "harness", 1, higher_is_better=False)
AUC = Column("xgboost_auc", "harness", 1, higher_is_better=True)
C2ST = Column("c2st_xgboost_auc", "harness", 1, higher_is_better=False)


def summary(values, stderr=float("nan"), imputed=False) -> Summary:
    index = pd.MultiIndex.from_tuples([(0, seed) for seed in range(len(values))], names=["split_seed", "seed"])
    series = pd.Series(np.asarray(values, dtype=float), index=index)
    own = stats.sem(series) if len(series) > 1 else stderr
    return Summary(series, float(series.mean()), float(own), imputed)


def row(generator, failures=(), **columns) -> Row:
    names = {"error": ERROR, "auc": AUC, "c2st": C2ST}
    summaries = {names[name]: found for name, found in columns.items()}
    return Row(generator, generator, summaries, float("nan"), float("nan"), list(failures))


def table(*rows: Row) -> Table:
    columns = [column for column in (ERROR, AUC, C2ST) if any(column in row.summaries for row in rows)]
    pairs = pd.MultiIndex.from_tuples([(0, 0)], names=["split_seed", "seed"])
    return Table("adult", "demo", "tabular", "d", "harness", "demo", pairs, columns, list(rows))


def order(ranked: Table) -> list[str]:
    return [row.name for row in ranked.rows]


def best(ranked: Table) -> dict[str, set[str]]:
    return {row.name: {column.metric for column in row.best} for row in ranked.rows if row.best}


def test_few_pairs_take_students_interval():
    first, second = [0.90, 0.91, 0.95], [0.80, 0.83, 0.81]
    differences = np.subtract(first, second)
    expected = stats.t.interval(0.95, 2, differences.mean(), stats.sem(differences))
    assert interval(summary(first), summary(second)) == pytest.approx(expected)


def test_the_bootstrap_counts_where_it_is_wider():
    # few large differences among many zeros: resampling reaches further up than a symmetric interval
    differences = np.r_[np.zeros(196), np.ones(4)]
    _, high = interval(summary(differences), summary(np.zeros(200)))
    resampled = stats.bootstrap((differences,), np.mean, method="percentile", n_resamples=20000, rng=1)
    assert high > stats.t.interval(0.95, 199, differences.mean(), stats.sem(differences))[1]
    assert high == pytest.approx(resampled.confidence_interval.high, abs=0.005)


def test_one_pair_takes_the_combined_standard_errors():
    low, high = interval(summary([5.0], stderr=3.0), summary([1.0], stderr=4.0))
    assert (low, high) == pytest.approx((4 - 1.96 * 5, 4 + 1.96 * 5), abs=1e-3)
    assert direction(summary([5.0], stderr=3.0), summary([1.0], stderr=4.0)) == 0
    assert direction(summary([15.0], stderr=3.0), summary([1.0], stderr=4.0)) == 1


def test_without_any_standard_error_no_difference_is_real():
    assert direction(summary([5.0]), summary([1.0])) == 0


@pytest.mark.parametrize("pairs", [2, 3, 5])
def test_equal_generators_are_called_different_at_most_as_often_as_stated(pairs):
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(400, 2, pairs))
    wrong = np.mean([direction(summary(first), summary(second)) != 0 for first, second in scores])
    assert wrong < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(scores))


def test_pairing_finds_a_difference_that_the_splits_would_hide():
    split_effect = np.array([0.0, 10.0, -10.0, 20.0])
    assert direction(summary(np.add(split_effect, [1.0, 1.1, 0.9, 1.0])), summary(split_effect)) == 1


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    pairs=st.integers(2, 6),
    others=st.integers(1, 4),
    higher_is_better=st.booleans(),
)
def test_a_clearly_separated_generator_comes_first_and_is_marked(seed, pairs, others, higher_is_better):
    rng = np.random.default_rng(seed)
    name, sign = ("auc", 1.0) if higher_is_better else ("error", -1.0)
    made = [row(f"other{place}", **{name: summary(rng.uniform(0, 1, pairs))}) for place in range(others)]
    made.insert(rng.integers(len(made) + 1), row("winner", **{name: summary(rng.uniform(0, 1, pairs) + sign * 1000)}))
    made.append(row("real", **{name: summary(rng.uniform(0, 1, pairs) + sign * 5000)}))
    ranked = rank(table(*made))
    assert order(ranked)[0] == "winner"
    assert order(ranked)[-1] == "real"
    assert list(best(ranked)) == ["winner"]


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=6), stderr=st.floats(0, 10))
def test_equal_generators_are_never_marked(values, stderr):
    # the second is the same up to rounding
    same = row("a", auc=summary(values, stderr)), row("b", auc=summary(np.multiply(values, 3) / 3, stderr))
    assert best(rank(table(*same, row("far", auc=summary(np.subtract(values, 1e7), stderr))))) == {}


def test_order_is_by_mean_rank_in_each_columns_direction():
    rows = [
        row("a", error=summary([3.0]), auc=summary([0.9])),  # ranks 3 and 1
        row("b", error=summary([1.0]), auc=summary([0.8])),  # ranks 1 and 2
        row("c", error=summary([2.0]), auc=summary([0.7])),  # ranks 2 and 3
    ]
    assert order(rank(table(*rows))) == ["b", "a", "c"]


def test_failed_generators_come_last_and_are_never_marked():
    failed = row("failed", failures=["any"], error=summary([0.1, 0.1], imputed=True))
    ranked = rank(table(failed, row("slow", error=summary([5.0, 5.1])), row("marginals", error=summary([9.0, 9.0]))))
    assert order(ranked) == ["slow", "failed", "marginals"]
    assert "failed" not in best(ranked)


def test_an_imputed_value_is_no_runner_up_while_there_are_measured_ones():
    imputed = row("imputed", error=summary([0.9, 30.0], imputed=True))
    rows = [row("leader", error=summary([1.0, 1.1])), row("next", error=summary([9.0, 9.2])), imputed]
    assert list(best(rank(table(*rows)))) == ["leader"]


def test_sentinels_come_in_a_fixed_order_after_all_others():
    rows = [row(name, error=summary([1.0])) for name in ("holdout", "marginals", "zeta", "real")]
    assert order(rank(table(*rows))) == ["zeta", "real", "marginals", "holdout"]


def test_a_generator_without_a_value_takes_the_last_rank_of_that_column():
    rows = [row("none", auc=summary([0.9])), row("full", auc=summary([0.8]), error=summary([1.0]))]
    rows.append(row("third", auc=summary([0.85]), error=summary([2.0])))
    # mean ranks: none (1 + 3) / 2, full (3 + 1) / 2, third (2 + 2) / 2; equal ones by name
    assert order(rank(table(*rows))) == ["full", "none", "third"]


def test_the_floor_of_a_failed_cell_does_not_decide_anyones_rank():
    rows = [row("a", error=summary([2.0])), row("failed", error=summary([0.1], imputed=True))]
    rows += [row("b", error=summary([3.0])), row("other failed", error=summary([9.0], imputed=True))]
    assert mean_ranks(rows, [ERROR]).tolist() == [1.0, 3.5, 2.0, 3.5]


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), min_size=2, max_size=7), shift=st.floats(0, 4))
def test_the_direction_is_what_the_interval_says(values, shift):
    first, second = summary([pair[0] + shift for pair in values]), summary([pair[1] for pair in values])
    low, high = interval(first, second)
    noise = 1e-9 * max(abs(first.mean), abs(second.mean))
    assert direction(first, second) == (low > noise) - (high < -noise)


def test_common_pairs_decide_where_cells_are_missing():
    # the easy seeds alone flatter the mean of the second, which is worse on each of them
    rows = [row("complete", error=summary([1.0, 2.0, 9.0])), row("partial", error=summary([2.0, 3.01]))]
    first, second = (found.summaries[ERROR] for found in rows)
    assert first.mean > second.mean
    assert direction(first, second) == -1
    assert direction(second, first) == 1
    assert best(rank(table(*rows))) == {}


def test_two_equal_differences_say_nothing_and_three_do():
    # shares of fifty problems move in steps of two percent
    first, second = [34.0, 30.0], [32.0, 28.0]
    assert np.isnan(interval(summary(first), summary(second))).all()
    assert direction(summary(first), summary(second)) == 0
    assert direction(summary([*first, 36.0]), summary([*second, 34.0])) == 1


def test_who_copies_is_no_better_than_who_is_not_told_apart():
    rows = [row(name, c2st=summary([value], stderr=0.003)) for name, value in [("copier", 0.35), ("ideal", 0.501)]]
    rows.append(row("far", c2st=summary([0.8], stderr=0.003)))
    ranked = rank(table(*rows))
    assert order(ranked) == ["ideal", "copier", "far"]
    assert best(ranked) == {"ideal": {"c2st_xgboost_auc"}}
    assert [compare(rows[1], other, C2ST) for other in rows] == [1, 0, 1]
    assert compare(rows[0], rows[2], C2ST) == 1


def test_noise_around_an_ideal_cancels_out():
    around, beside = summary([0.49, 0.51, 0.5]), summary([0.505, 0.506, 0.504])
    assert mean_ranks([row("around", c2st=around), row("beside", c2st=beside)], [C2ST]).tolist() == [1, 2]
