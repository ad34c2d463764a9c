"""A calibration from names to verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import registry
from bench.calibrate.damages import DAMAGES, Damage
from bench.calibrate.expectations import Expectation, check, read_expectations
from bench.calibrate.measure import measure, simulator
from bench.calibrate.report import Calibration
from bench.calibrate.verdict import LEVEL, judge
from bench.choose import Chosen, choose
from bench.errors import BenchError, unknown_name
from bench.progress import SILENT, Progress

FAMILY = "tabular"
# Hundreds of samples are scored, and a metric has to order them, not to be as sharp as it can.
BUDGET: dict[str, Any] = {
    "evaluators.mle.trials": 1,
    "evaluators.mle.maximum_trees": 100,
    "evaluators.detection.trees": 50,
}


@dataclass(frozen=True)
class Done:
    """What was asked for, and what was found on each dataset."""

    evaluators: dict[str, Chosen]
    damages: list[Damage]
    rows: int
    seeds: int
    found: list[Calibration]


def calibrate(
    datasets: Sequence[str],
    evaluators: Sequence[str] = (),
    damages: Sequence[str] = (),
    *,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    expectations: Sequence[Expectation] | None = None,
    rows: int = 2000,
    seeds: int = 5,
    progress: Progress = SILENT,
) -> Done:
    """Damage records of known truths and judge every metric.

    Args:
        datasets: names of simulated tables.
        evaluators: registered names; all of tables where none is given.
        damages: names; all where none is given.
        options: evaluator -> options.
        expectations: those that are kept with the harness, unless others are given.
        rows: of every sample.
        seeds: replicates, at least two.
        progress: where to report to.

    Raises:
        BenchError: an unknown name or option, or an evaluator or a dataset of another family.
    """
    wanted = wanted_damages(damages)
    chosen = wanted_evaluators(evaluators, options or {})
    draws = {name: simulator(name) for name in dict.fromkeys(datasets)}
    expectations = read_expectations() if expectations is None else expectations
    found = []
    for name, draw in draws.items():
        made = {one: plug_in.make() for one, plug_in in chosen.items()}
        readings, failures = measure(draw, made, wanted, rows=rows, seeds=seeds, progress=progress)
        verdicts = [judge(reading) for reading in readings]
        asked = [one for one in expectations if name in (one.datasets or draws)]
        found.append(Calibration(name, verdicts, check(verdicts, asked), failures))
    return Done(chosen, wanted, rows, seeds, found)


def wanted_damages(names: Sequence[str]) -> list[Damage]:
    known = {damage.name: damage for damage in DAMAGES}
    for name in names:
        if name not in known:
            raise unknown_name("damage", name, known)
    return [damage for name, damage in known.items() if name in (names or known)]


def wanted_evaluators(names: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> dict[str, Chosen]:
    chosen = choose("evaluators", names or registry.plug_ins("evaluators"), options)
    for name in names:
        if FAMILY not in chosen[name].families:
            raise BenchError(f"evaluator '{name}' does not score {FAMILY} data")
    return {name: one for name, one in chosen.items() if FAMILY in one.families}


def describe(done: Done) -> list[str]:
    """How it was computed, one sentence each."""
    settings = [f"{name}: {one.config}" for name, one in done.evaluators.items() if one.config]
    return [
        f"Each of {done.seeds} replicates draws {done.rows} train, validation, test, undamaged and to-be-damaged "
        "records from the simulator of the dataset: five independent samples. Undamaged records are what a perfect "
        "generator makes.",
        "All damages of a replicate start from the same records; what a small damage changes a larger one changes too.",
        "Two levels differ clearly where a one-sided t-test on their differences within the replicates, whose train "
        f"and test records are the same, has a p below {LEVEL}. The page makes hundreds of such comparisons, so a "
        "lone surprise may be chance; more replicates (--seeds) settle it.",
        "Expectations are declared beforehand, in bench/calibrate/expectations.toml, for two of the tables; metrics "
        "of other packages have none.",
        *settings,
    ]
