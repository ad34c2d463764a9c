"""From evaluators to the page: planted faults of metrics are found, and those of the house order what they must."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from bench import config, registry
from bench.calibrate import report, run
from bench.calibrate.damages import DAMAGES
from bench.calibrate.expectations import Expectation, check, read_expectations
from bench.calibrate.measure import measure, simulator
from bench.calibrate.verdict import judge
from bench.choose import choose
from bench.errors import BenchError
from bench.shards import to_json
from evaluators import Evaluator, Score

CHEAP = {"mle": {"trials": 1, "maximum_trees": 30}, "detection": {"trees": 20}}
TABULAR = "evaluators.tabular."


@dataclass(frozen=True)
class Nothing:
    """Nothing to choose."""


class Means(Evaluator):
    """Distance of the means of the numeric columns in deviations; sees a shift and little else."""

    Config = Nothing
    families = frozenset({"tabular"})
    metric = "<i>mean</i>"
    higher_is_better = False

    def evaluate(self, data, synthetic, *, seed=0, progress=None):
        train = data.train[data.schema.numeric].astype(float)
        gaps = (synthetic[data.schema.numeric].astype(float).mean() - train.mean()) / train.std()
        value = float(gaps.abs().mean())
        return [Score(self.metric, value, np.nan, self.higher_is_better, "harness", 1, len(synthetic))]


class Upside(Means):
    """Declares the wrong direction."""

    higher_is_better = True


class Crashing(Means):
    def evaluate(self, data, synthetic, *, seed=0, progress=None):
        if len(synthetic) < 100:
            raise ValueError("too\nfew")
        return super().evaluate(data, synthetic, seed=seed)


EXPECTED = [Expectation(Means.metric, "<b>means</b>", ("shift",), ("marginals", "copies"))]


def calibrated(evaluator, damages=("shift", "marginals", "copies", "shrunk"), expectations=EXPECTED):
    wanted = run.wanted_damages(damages)
    readings, failures = measure(simulator("beijing"), {"means": evaluator}, wanted, rows=500, seeds=4)
    verdicts = [judge(reading) for reading in readings]
    return report.Calibration("beijing", verdicts, check(verdicts, expectations), failures)


def test_a_sound_metric_meets_what_is_expected_of_it():
    found = calibrated(Means())
    assert found.passed
    assert len(found.outcomes) == 3
    assert {one.reading.damage: one.finding for one in found.verdicts}["shift"] == "sees"


def test_a_metric_of_the_wrong_direction_is_found():
    found = calibrated(Upside(), ("shift", "marginals"))
    assert [(one.verdict.reading.damage, one.verdict.finding) for one in found.unmet] == [("shift", "flattered")]
    (line,) = report.complaints(found)
    assert line.startswith("beijing: <i>mean</i> (harness) must see shift: ▲ flattered; 0: ")


def test_a_metric_that_sees_what_it_must_not_is_found():
    other = [Expectation("*", "copies", ("copies",), ("shift",))]
    found = calibrated(Means(), expectations=other)
    assert {(one.verdict.reading.damage, one.must_see) for one in found.unmet} == {("shift", False), ("copies", True)}


def test_an_evaluator_that_raises_costs_nothing_but_its_own_values():
    found = calibrated(Crashing())
    assert not found.passed
    assert {(one.damage, one.label) for one in found.failures} == {("shrunk", "1/10"), ("shrunk", "1/30")}
    assert found.failures[0].error == "ValueError: too few"
    assert {one.reading.damage: one.finding for one in found.verdicts}["shift"] == "sees"
    assert {one.reading.damage: one.finding for one in found.verdicts}["shrunk"] == "undefined"


def test_the_page_is_complete_self_contained_and_escaped():
    found = calibrated(Upside())
    text = report.page("A <title>", ["made & measured"], run.wanted_damages(()), [found, replace(found, dataset="b")])
    assert "A &lt;title&gt;" in text
    assert "made &amp; measured" in text
    assert "<i>mean" not in text
    assert "<b>means" not in text
    assert "&lt;i&gt;mean&lt;/i&gt;" in text
    assert "4 of 6 expectations are not met" in text
    assert not re.findall(r"(?:src|href)=\"(?!#)|<script|url\(|@import", text)
    targets = re.findall(r'href="#([^"]+)"', text)
    assert len(targets) == 8  # one metric, four damages, two datasets
    assert set(targets) == set(re.findall(r'<figure id="([^"]+)"', text))
    assert len(set(targets)) == len(targets)
    assert all(damage.name in text for damage in DAMAGES)


def test_the_numbers_are_json():
    entries = json.loads(to_json(calibrated(Upside()).to_dict()))["verdicts"]
    shift = next(entry for entry in entries if entry["damage"] == "shift")
    assert shift["expected"] == {"must_see": True, "met": False}
    assert np.array(shift["values"]).shape == (4, 4)
    assert shift["labels"] == ["0", "0.1", "0.3", "1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"must_see": ("noize",)}, "damage 'noize' is not known; did you mean 'noise'?"),
        ({"must_see": ("noise",), "must_not_see": ("noise",)}, "'noise' is to be seen and not to be seen"),
    ],
)
def test_an_expectation_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(BenchError, match=re.escape(message)):
        Expectation("m", "nothing", **arguments)


def test_tables_without_a_known_truth_are_refused():
    for name in ("toolbench", "people.csv"):
        with pytest.raises(BenchError, match="cannot serve"):
            simulator(name)
    with pytest.raises(BenchError, match="did you mean 'adult'"):
        simulator("adlut")


def house_evaluators():
    """Those of this repository; a package beside it has no expectations here."""
    return [name for name, one in registry.plug_ins("evaluators").items() if one.entry.module.startswith(TABULAR)]


def unmet(done):
    return [line for one in done.found for line in report.complaints(one)]


def test_every_metric_of_the_house_must_see_something():
    forgotten = []
    expectations = [one for one in read_expectations() if one.must_see]
    for dataset in ("adult", "beijing"):
        one = simulator(dataset)(150, 0)
        for name, chosen in choose("evaluators", house_evaluators(), CHEAP).items():
            for score in chosen.make().evaluate(one.data, one.fresh, seed=0):
                if not any(wanted.covers(name, score.metric, score.protocol) for wanted in expectations):
                    forgotten.append(f"{name}: {score.metric} ({score.protocol})")
    assert forgotten == []


def test_cheap_metrics_order_the_damage_as_they_must():
    assert unmet(run.calibrate(["beijing"], ["density", "validity"], rows=1500, seeds=4)) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", ["adult", "beijing"])
def test_every_metric_orders_the_damage_as_it_must(name):
    options = config.settings(overrides=run.BUDGET).evaluators
    assert unmet(run.calibrate([name], house_evaluators(), options=options)) == []


def test_expectations_are_asked_where_they_were_stated():
    asked = Expectation("column_shape_error_percent", "shapes", ("marginals",), datasets=("adult",))
    there, elsewhere = (
        run.calibrate([name], ["density"], ["marginals"], expectations=[asked], rows=100, seeds=2).found[0]
        for name in ("adult", "beijing")
    )
    assert not there.passed
    assert elsewhere.passed
