"""What a notebook calls."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import bench
from bench.errors import BenchError
from bench.frames import from_frame

pytestmark = pytest.mark.usefixtures("fakes")


@pytest.fixture
def people(table) -> pd.DataFrame:
    return pd.read_csv(table)


def test_importing_the_package_imports_no_pandas():
    script = "import sys, bench; print('pandas' in sys.modules); bench.load; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_evaluate_scores_a_frame_beside_the_reference(people):
    synthetic, test = people.head(10), people.tail(10)
    scores = bench.evaluate(people, synthetic, target="class", test=test, evaluators=["fake_mean"]).set_index("metric")
    numbers = ["age", "income=net"]
    assert scores.loc["mean", "value"] == pytest.approx(synthetic[numbers].mean().mean())
    assert scores.loc["mean", "reference"] == pytest.approx(test[numbers].mean().mean())
    assert scores.loc["mean", "evaluator"] == "fake_mean"


def test_names_of_columns_that_are_numbers_are_text_on_both_sides(people):
    numbered = people.set_axis(range(4), axis=1)
    arguments = {"target": "3", "kinds": {"0": "real"}, "evaluators": ["fake_mean"]}
    scores = [
        bench.evaluate(numbered, numbered, test=numbered.tail(9), **arguments),
        bench.evaluate(numbered, numbered.rename(columns=str), test=numbered.tail(9).rename(columns=str), **arguments),
        bench.evaluate(from_frame(numbered, kinds={"0": "real"}), numbered, evaluators=["fake_mean"]),
    ]
    values = [one.set_index("metric").loc["mean", "value"] for one in scores]
    assert values == pytest.approx([people[["age", "income=net"]].mean().mean()] * 3)
    with pytest.raises(BenchError, match="column '1' stands more than once"):
        bench.evaluate(people.set_axis([1, "1", "a", "b"], axis=1), people, evaluators=["fake_mean"])


def test_without_test_records_a_fifth_is_held_out_by_the_seed(people):
    def reference(seed):
        scores = bench.evaluate(people, people, target="class", evaluators=["fake_mean"], seed=seed)
        return scores.set_index("metric").loc["mean", "reference"]

    assert reference(1) == reference(1) != reference(2)


def test_every_evaluator_that_fits_scores_and_perfect_records_have_no_shape_error():
    rng = np.random.default_rng(0)
    real = pd.DataFrame({"x": rng.normal(size=200), "label": rng.choice(["a", "b"], size=200)})
    scores = bench.evaluate(real, real, test=real, evaluators=["density", "correlation", "validity"])
    assert set(scores["evaluator"]) == {"density", "correlation", "validity"}
    values = scores.set_index(["metric", "protocol"])["value"]
    assert values["column_shape_error_percent", "harness"] == pytest.approx(0)


def test_options_reach_the_evaluator(people):
    with pytest.raises(ValueError, match="bad luck"):
        bench.evaluate(people, people, evaluators=["fake_mean"], options={"fake_mean": {"fail": "raise"}})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"evaluators": ["fake_man"]}, "did you mean 'fake_mean'"),
        ({"evaluators": ["code_validity"]}, "does not score tabular data"),
        ({"target": "clas"}, "did you mean 'class'"),
        ({"options": {"fake_mean": {"fial": 1}}}, "did you mean 'fail'"),
    ],
)
def test_bad_input_is_named(people, arguments, message):
    with pytest.raises(BenchError, match=message):
        bench.evaluate(people, people, **{"evaluators": ["fake_mean"], **arguments})


def test_records_with_other_columns_are_refused(people):
    with pytest.raises(BenchError, match="column 'age' is missing"):
        bench.evaluate(people, people.drop(columns="age"), evaluators=["fake_mean"])


def test_a_run_gives_scores_and_stages_as_frames(table, results):
    ended = bench.run("fake", str(table), "fake_mean", target="class", sentinels=False, results=results)
    assert set(ended.scores["generator"]) == {"fake", "holdout"}
    assert set(ended.stages["stage"]) == {"fit", "sample", "fake_mean"}
