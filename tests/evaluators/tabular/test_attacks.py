"""Membership and attribute inference on generators that leak all, half or nothing of their train rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from bench.records import Column, Schema
from evaluators.tabular.membership import attack_scores, true_positives
from evaluators.tabular.privacy import Privacy

SIZE = 800
CLOUD = Schema((*(Column(f"x{i}", "real") for i in range(4)), Column("c", "categorical")))
ATTACKS = ("membership_distance_auc", "membership_density_auc")


def cloud(rows, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)), columns=[f"x{i}" for i in range(4)])
    return frame.assign(c=pd.Series(rng.choice(list("abc"), size=rows), dtype="str"))


def found(data, synthetic, **options):
    return {
        score.metric: score for score in Privacy(**options).evaluate(data, synthetic) if score.protocol == "harness"
    }


@pytest.fixture
def data(make_dataset):
    return make_dataset(cloud(SIZE, 0), cloud(SIZE, 1), schema=CLOUD)


@pytest.mark.parametrize("attack", ATTACKS)
def test_more_copies_of_train_rows_are_a_better_attack(data, attack):
    fresh = cloud(SIZE, 2)
    values = []
    for copies in (SIZE, SIZE // 2, 0):
        synthetic = pd.concat([data.train.iloc[:copies], fresh.iloc[copies:]], ignore_index=True)
        values.append(found(data, synthetic)[attack])
    everything, half, nothing = values
    assert everything.value > 0.999
    # half of the members are found for certain, of the others half are above a random outsider
    assert half.value == pytest.approx(0.75, abs=0.05)
    assert abs(nothing.value - 0.5) < 3 * nothing.stderr
    assert everything.details["true_positive_percent_at_1_percent_false"] == 100
    assert half.details["true_positive_percent_at_1_percent_false"] > 40
    assert "leaks" in everything.details["reading"]
    assert "leaks" in half.details["reading"]
    assert "cannot" in nothing.details["reading"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_fresh_real_rows_show_what_no_leak_gets(data, attack):
    details = found(data, data.train)[attack].details
    assert abs(details["fresh_real_rows"] - 0.5) < 3 * details["fresh_real_rows_stderr"]
    # a tenth of a percent of 400 outsiders is not one of them
    assert "true_positive_percent_at_0.1_percent_false" not in details
    assert (details["members"], details["outsiders"], details["reference_rows"]) == (400, 400, 400)


def test_the_standard_error_is_the_spread_over_fresh_rows(make_dataset):
    values, errors = [], []
    for s in range(25):
        score = found(make_dataset(cloud(200, 3 * s), cloud(200, 3 * s + 1), schema=CLOUD), cloud(200, 3 * s + 2))[
            "membership_density_auc"
        ]
        values.append(score.value)
        errors.append(score.stderr)
    assert abs(np.mean(values) - 0.5) < 4 * np.std(values, ddof=1) / 5
    assert np.mean(errors) == pytest.approx(np.std(values, ddof=1), rel=0.4)


def test_the_density_attack_forgives_rows_in_dense_places():
    radius = np.array([1.0, 2.0, 4.0, 8.0])
    scores = attack_scores(radius, radius)
    assert (np.diff(scores["distance"]) < 0).all()
    assert (scores["density"] == 0).all()


def test_the_density_attack_ranks_by_the_ratio_and_is_defined_at_zero():
    radius, reference = np.array([1.0, 0.0, 0.0, 3.0, 2.0]), np.array([2.0, 1.0, 0.0, 0.0, 2.0])
    ratio = np.array([2.0, np.inf, 1.0, 0.0, 1.0])
    order = attack_scores(radius, reference)["density"]
    np.testing.assert_array_equal(np.argsort(order, kind="stable"), np.argsort(ratio, kind="stable"))


def test_true_positives_are_those_of_the_roc_curve():
    rng = np.random.default_rng(0)
    member = np.repeat([True, False], 500)
    score = np.round(rng.normal(size=1000) + member, 2)
    false, true, _ = roc_curve(member, score, drop_intermediate=False)
    for rate in (0.01, 0.1, 0.5):
        assert true_positives(score, member, rate) == true[false <= rate].max()
    assert roc_auc_score(member, score) > 0.7


def test_a_copied_table_gives_away_values_and_a_fresh_one_only_what_is_known_of_the_population(make_dataset):
    rng = np.random.default_rng(0)

    def table(rows):
        x = rng.normal(size=(rows, 3))
        noise = rng.random(rows) < 0.3
        secret = np.where(noise, rng.random(rows) < 0.5, x[:, 0] > 0)
        frame = pd.DataFrame(x, columns=["x", "y", "z"])
        return frame.assign(secret=pd.Series(np.where(secret, "yes", "no"), dtype="str"))

    schema = Schema((*(Column(name, "real") for name in "xyz"), Column("secret", "categorical")))
    train, test, fresh = table(1000), table(1000), table(1000)
    data = make_dataset(train, test, schema=schema)
    metric = "attribute_inference_advantage_percent"
    leak, none = (found(data, synthetic, sensitive="secret")[metric] for synthetic in (train, fresh))
    assert leak.details["train_percent"] == 100
    assert leak.value > 20
    assert "leaks" in leak.details["reading"]
    assert abs(none.value) < 3 * none.stderr
    # a rule that 85 % of the records follow, told by a neighbour that follows it as often
    assert none.details["holdout_percent"] > 60 > none.details["most_frequent_value_percent"]
    p, q = (none.details[name] / 100 for name in ("train_percent", "holdout_percent"))
    assert none.stderr == pytest.approx(100 * np.sqrt((p * (1 - p) + q * (1 - q)) / 1000), rel=0.01)


def test_a_number_is_guessed_right_in_its_tenth(make_dataset):
    rng = np.random.default_rng(0)
    schema = Schema((Column("x", "real"), Column("secret", "real")))

    def table(rows):
        return pd.DataFrame({"x": rng.normal(size=rows), "secret": rng.exponential(size=rows)}).mask(
            rng.random((rows, 2)) < [0, 0.1]
        )

    train = table(2000)
    score = found(make_dataset(train, table(2000), schema=schema), table(2000), sensitive="secret")[
        "attribute_inference_advantage_percent"
    ]
    # ten parts of 9 % and the missing values, guessed without any knowledge
    assert score.details["holdout_percent"] == pytest.approx(100 * (10 * 0.09**2 + 0.1**2), abs=2)
    copy = found(make_dataset(train, table(2000), schema=schema), train, sensitive="secret")
    assert copy["attribute_inference_advantage_percent"].details["train_percent"] == 100


def test_a_table_of_one_column_has_nothing_to_infer_from(make_dataset):
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    data = make_dataset(frame, frame, schema=Schema((Column("x", "real"),)))
    score = found(data, frame, sensitive="x")["attribute_inference_advantage_percent"]
    assert np.isnan(score.value)
    assert "beside 'x'" in score.details["reason"]
