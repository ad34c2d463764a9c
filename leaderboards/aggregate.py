"""The store's views -> one table a dataset: mean ± standard error over split seeds and seeds.

A failed cell counts as the floor sentinel (`marginals`) on the same split and seed, and is marked;
a mean over survivors would reward a generator for crashing where the data is hard.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pandas as pd

from bench.errors import BenchError, unknown_name
from leaderboards.columns import Column, check_metrics, choose
from leaderboards.settings import options

CEILING, FLOOR, REFERENCE = "real", "marginals", "holdout"
SENTINELS = {CEILING: "ceiling", FLOOR: "floor", REFERENCE: "reference"}
# Differences below this part of the values are rounding noise.
ROUNDING = 1e-9

GROUP = ["dataset", "variant", "family", "dataset_digest", "split", "profile"]
ROW = ["generator", "config_hash"]
PAIR = ["split_seed", "seed"]
SCORE = ["evaluator", "metric", "protocol", "version", "value", "stderr", "higher_is_better", "imputed"]
SCORES = f"SELECT DISTINCT {', '.join(GROUP + ROW + PAIR + SCORE)} FROM leaderboard_scores"
STAGES = f"""
    SELECT DISTINCT {", ".join(GROUP + ROW + PAIR)}, stage, status, phase, error, wall_seconds,
           TRY_CAST(details ->> 'returned' AS DOUBLE) AS returned
    FROM leaderboard_stages
"""
SPECS = "SELECT run_id, spec FROM leaderboard_runs"
USED = f"""
    SELECT DISTINCT {", ".join(GROUP)}, stage, run_id FROM leaderboard_stages
    WHERE current AND stage NOT IN ('fit', 'sample')
"""


@dataclass(frozen=True, eq=False)
class Summary:
    """What one generator reached in one column.

    Args:
        values: one value a cell, indexed by (split seed, seed); imputed ones included.
        mean: over the cells; NaN where a failed cell could not be imputed.
        stderr: standard error of the mean; of one observation the score's own.
        imputed: some cells failed and count as the floor sentinel.
    """

    values: pd.Series
    mean: float
    stderr: float
    imputed: bool

    @property
    def single(self) -> bool:
        """Whether there is one observation: a single cell, or the same value in all, as held-out records have."""
        return one_value(self.values)


@dataclass(frozen=True)
class Failure:
    """A stage that failed, on how many cells, and why."""

    name: str
    stage: str
    phase: str
    error: str
    cells: int


@dataclass(frozen=True, eq=False)
class Row:
    """A generator in one configuration."""

    name: str
    generator: str
    summaries: dict[Column, Summary]
    fit_seconds: float
    records_per_second: float
    failures: list[Failure]
    best: frozenset[Column] = frozenset()
    config_hash: str = ""
    sample_seconds: float = np.nan

    @property
    def sentinel(self) -> str | None:
        return SENTINELS.get(self.generator)


@dataclass(frozen=True, eq=False)
class Table:
    """All that is comparable: one dataset from one source, one split protocol, one profile.

    Args:
        pairs: the (split seed, seed) of its cells.
        mixed: evaluators whose scores were computed with different settings in different cells, with these settings.
    """

    dataset: str
    variant: str
    family: str
    dataset_digest: str
    split: str
    profile: str
    pairs: pd.MultiIndex
    columns: list[Column]
    rows: list[Row]
    mixed: Mapping[str, list[str]] = field(default_factory=dict)


def tables(
    connection: duckdb.DuckDBPyConnection, run_id: str | None = None, metrics: Sequence[str] = ()
) -> list[Table]:
    """Every table of the store or of one run, rows in no particular order.

    Raises:
        BenchError: nothing is stored, or the run or a metric is not known.
    """
    stages = read(connection, STAGES, run_id)
    if stages.empty:
        known = [run for (run,) in connection.execute("SELECT DISTINCT run_id FROM leaderboard_stages").fetchall()]
        if run_id is not None and known:
            raise unknown_name("run", run_id, known)
        raise BenchError("the store holds no results yet; start with: bench run --dataset adult --generator smote")
    scores = read(connection, SCORES, run_id)
    check_metrics(scores, metrics)
    groups = dict(iter(scores.groupby(GROUP)))
    mixed = {} if run_id is not None else mixtures(connection)
    return [
        build(dict(zip(GROUP, key, strict=True)), groups.get(key, scores.iloc[:0]), own, metrics, mixed.get(key, {}))
        for key, own in stages.groupby(GROUP)
    ]


def read(connection: duckdb.DuckDBPyConnection, query: str, run_id: str | None) -> pd.DataFrame:
    """The rows of a run, or the current ones, in an order that does not hang on how the store keeps them."""
    if run_id is None:
        # a cell that changed code has computed anew replaces the older one; a run shows what it computed
        return connection.execute(f"{query} WHERE current ORDER BY ALL").df()
    return connection.execute(f"{query} WHERE run_id = ? ORDER BY ALL", [run_id]).df()


def mixtures(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, ...], dict[str, list[str]]]:
    """Of every table with current cells of different settings: evaluator -> the settings, where it has several."""
    specs = {run: json.loads(spec) for run, spec in connection.execute(SPECS).fetchall()}
    used = connection.execute(USED).df()
    used = used[used["run_id"].isin(list(specs))]
    used["settings"] = [options(specs[run], name) for run, name in zip(used["run_id"], used["stage"], strict=True)]
    found: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for (*key, evaluator), own in used.groupby([*GROUP, "stage"])["settings"]:
        if own.nunique() > 1:
            found.setdefault(tuple(key), {})[evaluator] = sorted(own.unique())
    return found


def build(
    key: dict[str, str],
    scores: pd.DataFrame,
    stages: pd.DataFrame,
    metrics: Sequence[str],
    mixed: Mapping[str, list[str]],
) -> Table:
    columns = choose(scores, metrics)
    evaluators = {column: scores.loc[scores["metric"] == column.metric, "evaluator"].unique() for column in columns}
    floor_scores, floor_stages = (frame[frame["generator"] == FLOOR] for frame in (scores, stages))
    floor_rules, floor_losses = by_rule(floor_scores), failed(floor_stages)
    floors = {
        column: measure(floor_rules, floor_losses, column, evaluators[column])["value"].groupby(level=PAIR).mean()
        for column in columns
    }
    configs = stages.groupby("generator")["config_hash"].nunique()
    rows = []
    for (generator, config), own_stages in stages.groupby(ROW):
        name = generator if configs[generator] == 1 else f"{generator} #{config[:6]}"
        own_scores = scores[(scores["generator"] == generator) & (scores["config_hash"] == config)]
        rules, losses = by_rule(own_scores), failed(own_stages)
        summaries = {}
        for column in columns:
            measured = measure(rules, losses, column, evaluators[column])
            if len(measured):
                summaries[column] = summarise(measured, None if generator in SENTINELS else floors[column])
        fit, sample, speed = costs(own_stages)
        own_failures = failures(name, own_stages)
        rows.append(
            Row(name, generator, summaries, fit, speed, own_failures, config_hash=config, sample_seconds=sample)
        )
    pairs = pd.MultiIndex.from_frame(stages[PAIR].drop_duplicates().sort_values(PAIR))
    return Table(**key, pairs=pairs, columns=columns, rows=rows, mixed=mixed)


def by_rule(scores: pd.DataFrame) -> dict[tuple[str, str, int], pd.DataFrame]:
    """(metric, protocol, version) -> value, stderr and imputed of every cell, indexed by (split seed, seed)."""
    indexed = scores.set_index(PAIR).sort_index()
    return dict(iter(indexed.groupby(["metric", "protocol", "version"])[["value", "stderr", "imputed"]]))


def failed(stages: pd.DataFrame) -> pd.DataFrame:
    """The stages that failed, indexed by (split seed, seed)."""
    return stages[stages["status"] == "failed"].set_index(PAIR)


def measure(
    rules: Mapping[tuple[str, str, int], pd.DataFrame],
    losses: pd.DataFrame,
    column: Column,
    evaluators: Sequence[str],
) -> pd.DataFrame:
    """value, stderr and imputed of every cell, indexed by (split seed, seed); NaN where the cell failed."""
    measured = rules.get((column.metric, column.protocol, column.version))
    if measured is None:
        measured = pd.DataFrame({"value": [], "stderr": [], "imputed": []}, dtype=float, index=losses.index[:0])
    lost = losses.index[losses["stage"].isin(["fit", "sample", *evaluators])].unique()
    if lost.empty:
        return measured
    measured = measured[~measured.index.isin(lost)]
    return measured.reindex(measured.index.union(lost).sort_values())


def summarise(measured: pd.DataFrame, floor: pd.Series | None) -> Summary:
    """Mean and standard error of the mean over cells, each cell counted as one observation.

    Args:
        measured: as `measure` returns it, at least one cell.
        floor: the floor sentinel's values, what a failed cell counts as; None for a sentinel itself.
    """
    values = measured["value"]
    imputed = bool(measured["imputed"].eq(True).any())
    if floor is not None and values.isna().any():
        values = values.fillna(floor).fillna(floor.mean())
        imputed = True
    own = measured["stderr"].iloc[0]
    stderr = own if one_value(values) else values.std(ddof=1, skipna=False) / np.sqrt(len(values))
    return Summary(values, float(values.mean(skipna=False)), float(stderr), imputed)


def one_value(values: pd.Series) -> bool:
    """Whether all values are the same but for rounding."""
    return bool(np.isclose(values, values.iloc[0], rtol=ROUNDING, atol=0, equal_nan=True).all())


def costs(stages: pd.DataFrame) -> tuple[float, float, float]:
    """Mean seconds of a fit and of a sample, and records a second; failed stages count, NaN without any."""
    ran = stages[stages["phase"].ne("upstream")]
    samples = ran[ran["stage"] == "sample"]
    seconds = samples["wall_seconds"].sum()
    speed = samples["returned"].sum() / seconds if seconds > 0 else np.nan
    fits = ran.loc[ran["stage"] == "fit", "wall_seconds"]
    return float(fits.mean()), float(samples["wall_seconds"].mean()), float(speed)


def failures(name: str, stages: pd.DataFrame) -> list[Failure]:
    """Failed stages, those with the same reason counted together; what failed only for an earlier one is left out."""
    own = stages[(stages["status"] == "failed") & stages["phase"].ne("upstream")]
    own = own.fillna({"phase": "raised", "error": ""})
    counts = own.groupby(["stage", "phase", "error"]).size()
    return [Failure(name, stage, phase, error, int(cells)) for (stage, phase, error), cells in counts.items()]
