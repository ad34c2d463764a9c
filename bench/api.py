"""What the commands call and what a notebook uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from bench import config, profiles, registry, runner
from bench.choose import choose
from bench.condition import Where, check_where, restrict
from bench.config import RunSpec
from bench.datasets import load
from bench.errors import BenchError
from bench.execute import Watcher
from bench.frames import conform, from_frame, with_text_names
from bench.progress import SILENT, Progress
from bench.records import Dataset, Kind, Task
from bench.runner import RunResult

__all__ = ["evaluate", "load", "run"]

HELD_OUT = 0.2
SCORE_COLUMNS = [
    "evaluator",
    "metric",
    "value",
    "stderr",
    "reference",
    "higher_is_better",
    "protocol",
    "version",
    "n",
    "details",
]


def run(
    generators: str | Sequence[str] = (),
    datasets: str | Sequence[str] = "all",
    evaluators: str | Sequence[str] = (),
    *,
    profile: str = profiles.DEFAULT,
    settings: Mapping[str, Any] | None = None,
    data_dir: Path | str | None = None,
    target: str | None = None,
    task: Task | None = None,
    kinds: Mapping[str, Kind] | None = None,
    sentinels: bool = True,
    jobs: int = 1,
    executor: Literal["inline", "process"] | None = None,
    results: Path | str = "results",
    force: bool = False,
    command: str = "bench.run",
    watcher: Watcher | None = None,
) -> RunResult:
    """Run generators on datasets and score what they sample.

    Args:
        generators: one registered name or several, or `all`.
        datasets: registered names, `all`, or paths of files.
        evaluators: registered names; all that fit where none is given.
        profile: `demo`, `cpu` or another file of `bench/profiles/`.
        settings: what differs from the profile, by dotted name: `{"seeds": [0, 1], "evaluators.mle.trials": 5}`.
        data_dir: folder that holds the original files already.
        target: column to predict in a user's own file.
        task: of that column; guessed where it is not given.
        kinds: column of that file -> kind, where the guess would be wrong.
        sentinels: add `real` (ceiling) and `marginals` (floor).
        jobs: cells that run at the same time; several need a main module that may be imported again.
        executor: see `bench.config.RunSpec`.
        results: folder for stages, runs and the store; finished stages in it are not computed again.
        force: compute finished stages again.
        command: how the run was called, for the record.
        watcher: is told how far the run is.

    Returns:
        The run, with its scores and stages as data frames.

    Raises:
        BenchError: a name, option or file that cannot be used; says why and what to do.
    """
    values = {
        "generators": several(generators),
        "datasets": several(datasets),
        "evaluators": several(evaluators),
        "profile": profile,
        "settings": config.settings(profile, settings or {}),
        "data_dir": data_dir,
        "target": target,
        "task": task,
        "kinds": dict(kinds or {}),
        "sentinels": sentinels,
        "jobs": jobs,
        "executor": executor,
    }
    spec = config.validated(RunSpec, values, "option")
    return runner.run(spec, Path(results), command=command, force=force, watcher=watcher)


def several(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def evaluate(
    real: Dataset | pd.DataFrame,
    synthetic: pd.DataFrame,
    *,
    target: str | None = None,
    task: Task | None = None,
    kinds: Mapping[str, Kind] | None = None,
    test: pd.DataFrame | None = None,
    where: Where | None = None,
    evaluators: Sequence[str] = (),
    options: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> pd.DataFrame:
    """Score synthetic records against real ones.

    Args:
        real: a dataset, or a data frame of the records that the generator has learnt from. Names of columns
            that are no text, such as numbers, are taken as text here and everywhere below.
        synthetic: records with the same columns.
        target: column to predict in a plain frame.
        task: of that column; guessed where it is not given.
        kinds: column of that frame -> kind, where the guess would be wrong.
        test: real records that the generator has not seen. Without them a fifth of `real`, drawn by
            `seed`, plays their part: scores on test records are then too good for a generator that
            has learnt from all of `real`.
        where: the condition that the synthetic records were made under; they are compared with the real
            records that fulfil it.
        evaluators: registered names; all that fit where none is given.
        options: evaluator -> options, such as `{"mle": {"trials": 5}}`.
        seed: the only source of randomness.
        progress: where to report to.

    Returns:
        One row a score; `reference` is what real records score in place of the synthetic ones.

    Raises:
        BenchError: records that do not fit together, or that an evaluator cannot score.
    """
    data = real if isinstance(real, Dataset) else with_test(from_frame(real, target, task, kinds), test, seed)
    data = restrict(data, check_where(data.schema, where))
    records = conform(with_text_names(synthetic), data.schema)
    names = evaluators or list(registry.plug_ins("evaluators"))
    rows: list[dict[str, Any]] = []
    for name, one in choose("evaluators", names, options or {}).items():
        if data.family not in one.families:
            if name in evaluators:
                raise BenchError(f"evaluator '{name}' does not score {data.family} data")
            continue
        evaluator = one.make()
        scores = evaluator.evaluate(data, records, seed=seed, progress=progress)
        held = evaluator.evaluate(data, evaluator.reference_records(data), seed=seed, progress=progress)
        reference = {(score.metric, score.protocol): score.value for score in held}
        rows.extend(
            {"evaluator": name, **asdict(score), "reference": reference.get((score.metric, score.protocol), np.nan)}
            for score in scores
        )
    return pd.DataFrame(rows, columns=SCORE_COLUMNS)


def with_test(data: Dataset, test: pd.DataFrame | None, seed: int) -> Dataset:
    """A dataset that is all train, with a test part: the frame given, or a fifth of train."""
    if test is not None:
        return replace(data, test=conform(with_text_names(test), data.schema))
    order = np.random.default_rng(seed).permutation(len(data.train))
    held_out = max(1, round(HELD_OUT * len(order)))
    train, test = (
        data.train.iloc[np.sort(rows)].reset_index(drop=True) for rows in (order[held_out:], order[:held_out])
    )
    return replace(data, train=train, test=test)
