"""The store's views -> how a metric went over the runs of a store, one series for all that is comparable.

Every run counts with what it computed, not only the newest cells. A run that found its stages finished repeats their
values: it is shown as reused and is no second observation. A failed cell has no value; a run with one is shown and
marked, and no steps are looked for in it, as a mean over survivors has another level.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from bench.errors import BenchError, unknown_name
from leaderboards.aggregate import GROUP, PAIR, ROW, SENTINELS
from leaderboards.columns import Column
from leaderboards.history.steps import LEAST_VALUES, Step, detect
from leaderboards.settings import options

# What a series is of, and what begins a new one where it changes.
TRACK = ["dataset", *ROW, "protocol"]
RULE = ["variant", "dataset_digest", "split", "profile", "settings", "version"]
SERIES = TRACK + RULE
CALLED = {"dataset_digest": "data", "variant": "source of the data", "settings": "options of the scoring"}
WITHOUT_PROTOCOL = [name for name in SERIES if name not in ("protocol", "version")]

CELL = f"run_id, cell_id, {', '.join([*GROUP, *ROW, *PAIR])}"
SCORES = f"""
    SELECT DISTINCT {CELL}, evaluator, protocol, version, value, s.stderr, higher_is_better, t.finished_at
    FROM leaderboard_scores s JOIN leaderboard_stages t USING ({CELL})
    WHERE metric = ? AND t.stage = s.evaluator AND t.status = 'done' ORDER BY ALL
"""
# a cell has lost a score where a stage on the way to it failed
LOST = f"""
    SELECT {CELL}, any_value(stage) FILTER (list_contains(?, stage)) AS evaluator
    FROM leaderboard_stages GROUP BY ALL
    HAVING bool_or(status = 'failed' AND (stage IN ('fit', 'sample') OR list_contains(?, stage)))
       AND evaluator IS NOT NULL
    ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Point:
    """What one run computed.

    Args:
        run_id, started_at, commit, command: of the run; the commit is None outside a checkout.
        mean, stderr: over the cells that have a value; with a single cell the score's own error. NaN without any.
        cells: how many have a value.
        failed, undefined: how many failed, and how many have a score that is not defined.
        reused: every value was computed by an earlier run of the series.
        other_seeds: other split seeds and seeds than in the run before.
    """

    run_id: str
    started_at: datetime
    commit: str | None
    command: str
    mean: float
    stderr: float
    cells: int
    failed: int
    undefined: int
    reused: bool
    other_seeds: bool

    @property
    def observed(self) -> bool:
        """Whether it is a whole observation of its own, in which steps are looked for."""
        return self.cells > 0 and not (self.failed or self.undefined or self.reused)


@dataclass(frozen=True)
class Series:
    """One metric of one generator on one dataset, over comparable runs in the order of their starts.

    Args:
        name: the generator, with a piece of its config's hash where it has several.
        begins: what changed against the series before it; empty for a first one.
        steps: `place` is the number of the first point after the step.
    """

    column: Column
    dataset: str
    variant: str
    dataset_digest: str
    split: str
    profile: str
    settings: str
    generator: str
    config_hash: str
    name: str
    points: list[Point]
    begins: str = ""
    steps: list[Step] = field(default_factory=list)

    @property
    def observations(self) -> int:
        return sum(point.observed for point in self.points)

    @property
    def searched(self) -> bool:
        """Whether there were enough observations to look for steps."""
        return self.observations >= LEAST_VALUES

    @property
    def valued(self) -> list[Point]:
        return [point for point in self.points if point.cells]


def history(
    connection: duckdb.DuckDBPyConnection,
    metric: str,
    *,
    datasets: Sequence[str] = (),
    generators: Sequence[str] = (),
    protocol: str | None = None,
) -> list[Series]:
    """Every series of a metric, with its steps.

    Args:
        connection: an open store.
        metric: its name, such as `column_shape_error_percent`.
        datasets, generators: names; empty for all.
        protocol: only under this rule; None for all.

    Raises:
        BenchError: nothing is stored, a name is not known, or there is no such series.
    """
    metrics = names(connection, "metric")
    if not metrics:
        raise BenchError("the store holds no results yet; start with: bench run --dataset adult --generator smote")
    if metric not in metrics:
        raise unknown_name("metric", metric, metrics)
    scores, lost, runs = read(connection, metric)
    wanted = {"dataset": datasets, "generator": generators, "protocol": () if protocol is None else (protocol,)}
    for what, chosen in wanted.items():
        known = set(scores[what]) if what == "protocol" else names(connection, what)
        for name in chosen:
            if name not in known:
                raise unknown_name(what, name, known)
    found = build(metric, scores, lost, runs)
    found = [
        one for one in found if all(not chosen or value_of(one, what) in chosen for what, chosen in wanted.items())
    ]
    if not found:
        asked = "; ".join(f"{what} {', '.join(chosen)}" for what, chosen in wanted.items() if chosen)
        raise BenchError(f"no run has scored '{metric}' for {asked or 'any dataset'}; 'bench ls' shows what ran")
    return with_steps(found)


def names(connection: duckdb.DuckDBPyConnection, what: str) -> set[str]:
    view = "leaderboard_scores" if what == "metric" else "leaderboard_stages"
    return {name for (name,) in connection.execute(f"SELECT DISTINCT {what} FROM {view}").fetchall()}


def value_of(series: Series, what: str) -> str:
    return series.column.protocol if what == "protocol" else getattr(series, what)


def read(connection: duckdb.DuckDBPyConnection, metric: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Scores and lost cells with the options they were scored with, and the runs, in the order of their starts."""
    runs = connection.execute("SELECT * FROM leaderboard_runs ORDER BY started_at, run_id").df().set_index("run_id")
    specs = {run_id: json.loads(spec) for run_id, spec in runs["spec"].items()}
    scores = connection.execute(SCORES, [metric]).df()
    evaluators = sorted(scores["evaluator"].unique())
    lost = connection.execute(LOST, [evaluators, evaluators]).df()
    for frame in (scores, lost):
        pairs = zip(frame["run_id"], frame["evaluator"], strict=True)
        frame["settings"] = [options(specs[run_id], evaluator) for run_id, evaluator in pairs]
    return scores, lost, runs


def build(metric: str, scores: pd.DataFrame, lost: pd.DataFrame, runs: pd.DataFrame) -> list[Series]:
    """Every series without steps, dataset by dataset, sentinels last."""
    gone = pd.MultiIndex.from_frame(lost[["run_id", "cell_id"]])
    scores = scores[~pd.MultiIndex.from_frame(scores[["run_id", "cell_id"]]).isin(gone)]
    lost = with_rules(lost, scores)
    directions = scores.groupby(["protocol", "version"])["higher_is_better"].first()
    configs = pd.concat([scores, lost]).groupby(["dataset", "generator"])["config_hash"].nunique()
    failed = dict(iter(lost.groupby(SERIES)))
    found = []
    measured = dict(iter(scores.groupby(SERIES)))
    for key in dict.fromkeys([*measured, *failed]):
        own = dict(zip(SERIES, key, strict=True))
        column = Column(metric, own.pop("protocol"), own.pop("version"), bool(directions[key[3], key[-1]]))
        several = configs[own["dataset"], own["generator"]] > 1
        name = f"{own['generator']} #{own['config_hash'][:6]}" if several else own["generator"]
        made = points(measured.get(key, scores.iloc[:0]), failed.get(key, lost.iloc[:0]), runs)
        found.append(Series(column, **own, name=name, points=list(made)))
    found.sort(key=lambda one: (one.dataset, one.generator in SENTINELS, one.name, one.column.protocol, start(one)))
    return list(with_beginnings(found))


def with_rules(lost: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Lost cells with protocol and version: those of the run's other cells, else the newest ones of the metric."""
    known = scores[["run_id", *WITHOUT_PROTOCOL, "protocol", "version"]].drop_duplicates()
    joined = lost.merge(known, how="left", on=["run_id", *WITHOUT_PROTOCOL])
    alone = joined["protocol"].isna()
    newest = scores.groupby("protocol", as_index=False)["version"].max()
    alone_too = joined[alone].drop(columns=["protocol", "version"]).merge(newest, how="cross")
    return pd.concat([joined[~alone], alone_too]).astype({"version": "int64"})


def points(scores: pd.DataFrame, lost: pd.DataFrame, runs: pd.DataFrame) -> Iterator[Point]:
    seen: set[tuple[Any, ...]] = set()
    before: set[tuple[int, int]] | None = None
    present = {*scores["run_id"], *lost["run_id"]}
    for run in runs[runs.index.isin(present)].itertuples():
        own = scores[scores["run_id"] == run.Index]
        failed = lost[lost["run_id"] == run.Index]
        values = own["value"].dropna()
        if len(values) > 1:
            error = values.std(ddof=1) / np.sqrt(len(values))
        else:
            error = own["stderr"][values.index].iloc[0] if len(values) else np.nan
        # a stage that was found finished keeps the time at which it was computed
        computed = set(own[[*PAIR, "finished_at"]].itertuples(index=False, name=None))
        pairs = set(pd.concat([own, failed])[PAIR].itertuples(index=False, name=None))
        yield Point(
            run.Index,
            run.started_at.to_pydatetime(),
            run.git_commit if isinstance(run.git_commit, str) else None,
            run.command,
            float(values.mean()),
            float(error),
            len(values),
            len(failed),
            len(own) - len(values),
            bool(computed) and computed <= seen,
            before is not None and pairs != before,
        )
        seen |= computed
        before = pairs


def start(series: Series) -> tuple[datetime, str]:
    return series.points[0].started_at, series.points[0].run_id


def with_beginnings(found: Sequence[Series]) -> Iterator[Series]:
    """Series in order, each told what differs from the one of the same generator that began before it."""
    latest: dict[tuple[str, ...], Series] = {}
    for one in found:
        track = (one.dataset, one.generator, one.config_hash, one.column.protocol)
        if (earlier := latest.get(track)) is not None:
            changed = [(name, rule_of(earlier, name), rule_of(one, name)) for name in RULE]
            told = [f"{CALLED.get(name, name)} {old} → {new}" for name, old, new in changed if old != new]
            one = replace(one, begins=", ".join(told))  # noqa: PLW2901
        latest[track] = one
        yield one


def rule_of(series: Series, name: str) -> str:
    if name == "version":
        return str(series.column.version)
    value = getattr(series, name)
    return value[:8] if name == "dataset_digest" else value


def with_steps(found: Sequence[Series]) -> list[Series]:
    places = [np.flatnonzero([point.observed for point in one.points]) for one in found]
    values = [np.array([one.points[place].mean for place in own]) for one, own in zip(found, places, strict=True)]
    return [
        replace(one, steps=[replace(step, place=int(own[step.place])) for step in steps])
        for one, own, steps in zip(found, places, detect(values), strict=True)
    ]
