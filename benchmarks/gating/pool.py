"""Pools of cells that differ by their seeds alone, and the scores of their damaged records.

Cells are run through the harness, damaged records are scored by the same evaluators; both are kept in the
results folder, so what is finished is found again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import bench
from bench import config, provenance, shards, store
from bench.choose import choose
from bench.frames import conform
from bench.records import Dataset
from bench.runner import RunResult
from bench.stages import RECORDS
from benchmarks.gating.damage import planted
from evaluators.base import Score
from leaderboards.columns import MAIN_PROTOCOL
from leaderboards.gate import Snapshot, snapshot, stated
from leaderboards.gate.cells import gated
from leaderboards.gate.snapshot import ONE_COLUMN, column_parts

Key = tuple[str, str, int, str]
BUDGETS = ("steps", "diffusion_steps")
PROFILE = "demo"


@dataclass
class Pool:
    """All cells of one generator on one dataset, as losses: smaller is better.

    Args:
        dataset, generator: which.
        comparisons: (metric, protocol, version, column) of each comparison.
        minimum: the smallest effect that matters, shape (comparisons,).
        honest: losses, shape (seeds, comparisons).
        damaged: (kind, where) -> the same of damaged cells, whose seeds are the first of the honest ones.
        harmless: the noise that makes train rows themselves no less likely under the known truth: uniform draws in a
            column that is uniform, and tells nothing of the others, are no damage.
    """

    dataset: str
    generator: str
    comparisons: list[Key]
    minimum: NDArray[np.float64]
    honest: NDArray[np.float64]
    damaged: dict[tuple[str, str], NDArray[np.float64]] = field(default_factory=dict)
    harmless: set[tuple[str, str]] = field(default_factory=set)

    @property
    def title(self) -> str:
        return f"{self.generator} on {self.dataset}"


def build(
    generator: str,
    datasets: Sequence[str],
    seeds: int,
    damaged_seeds: int,
    halved_seeds: int,
    *,
    evaluators: Sequence[str],
    results: Path,
) -> list[Pool]:
    """The pools of one generator, one a dataset; what is not in the results folder yet is computed.

    Args:
        generator: a registered name.
        datasets: registered names.
        seeds: of honest cells, counted from 0.
        damaged_seeds: how many of these are damaged; 0 for no damage to records.
        halved_seeds: how many are trained again with half the budget, where the generator has one; 0 for none.
        evaluators: registered names.
        results: folder.
    """
    effects = stated()
    print(f"{generator}: {seeds} seeds on {', '.join(datasets)}", flush=True)
    run = cells(generator, datasets, range(seeds), {}, evaluators, results)
    honest = read(run)
    half = halved(generator) if halved_seeds else {}
    halves = read(cells(generator, datasets, range(halved_seeds), half, evaluators, results)) if half else None
    pools = []
    for dataset in datasets:
        own = honest.scores[honest.scores["dataset"] == dataset]
        rules = gated(own, effects)
        higher = {
            key: bool(up)
            for one in rules
            for key, up in zip(keys(one.of(own)), one.of(own)["higher_is_better"], strict=True)
        }
        named = sorted(higher)
        minimum = {one.metric: one.minimum for one in rules}
        pool = Pool(dataset, generator, named, np.array([minimum[key[0]] for key in named]), losses(own, named, higher))
        if halves is not None:
            trained = halves.scores[halves.scores["dataset"] == dataset]
            pool.damaged["half the budget", ""] = losses(trained, named, higher)
        pools.append(pool)
        if not damaged_seeds:
            continue
        data = bench.load(dataset)
        for (kind, where), rows in damaged(run, data, damaged_seeds, evaluators, results).items():
            pool.damaged[kind, where] = carried(losses(rows, named, higher), pool.honest, sampling(own, named))
        pool.harmless = harmless(data, effects)
    return pools


def halved(generator: str) -> dict[str, int]:
    """Settings that give a generator half of its training budget; empty where it has none."""
    options = config.settings(PROFILE).generators.get(generator, {})
    return {f"generators.{generator}.{name}": options[name] // 2 for name in BUDGETS if name in options}


def cells(
    generator: str,
    datasets: Sequence[str],
    seeds: Sequence[int],
    settings: dict[str, int],
    evaluators: Sequence[str],
    results: Path,
) -> RunResult:
    return bench.run(
        generator,
        datasets,
        evaluators,
        profile=PROFILE,
        settings={"seeds": list(seeds), **settings},
        sentinels=False,
        results=results,
        command="python -m benchmarks.gate",
    )


def read(run: RunResult) -> Snapshot:
    with store.connect(run.results / shards.DATABASE, read_only=True) as connection:
        found = snapshot(connection, run.run_id)
    own = found.rows["generator"] != "holdout"
    return Snapshot(found.facts, found.rows[own])


def keys(rows: pd.DataFrame) -> list[Key]:
    columns = [rows["metric"], rows["protocol"], rows["version"], rows["column"].fillna("")]
    return list(zip(*columns, strict=True))


def losses(rows: pd.DataFrame, named: list[Key], higher: dict[Key, bool]) -> NDArray[np.float64]:
    """Shape (seeds, comparisons); NaN where a value is not defined or not there."""
    table = rows.assign(key=keys(rows)).pivot_table(index="seed", columns="key", values="value", dropna=False)
    signs = np.array([-1.0 if higher[key] else 1.0 for key in named])
    return table.reindex(columns=pd.Index(named, tupleize_cols=False)).sort_index().to_numpy(dtype=float) * signs


def sampling(rows: pd.DataFrame, named: list[Key]) -> NDArray[np.bool_]:
    """Which comparisons are about the sampling itself, not about its records."""
    stages = dict(zip(keys(rows), rows["stage"], strict=True))
    return np.array([stages[key] == "sample" for key in named])


def carried(
    damaged: NDArray[np.float64], honest: NDArray[np.float64], sampled: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Damaged cells with the honest cells' values of what damage to the records does not change."""
    return np.where(sampled, honest[: len(damaged)], damaged)


def damaged(
    run: RunResult, data: Dataset, seeds: int, evaluators: Sequence[str], results: Path
) -> dict[tuple[str, str], pd.DataFrame]:
    """The scores of every planted damage, one frame a damage; each is computed once and kept."""
    folder = results / "gate"
    ready = choose("evaluators", evaluators, config.settings(PROFILE).evaluators)
    damages = planted(data)
    rows: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for done in run.cells:
        cell = done.cell
        if cell.dataset != data.name or cell.generator == "holdout" or cell.seed >= seeds:
            continue
        sample = next(job for job in cell.stages if job.stage == "sample")
        records = None
        for index, (what, plant) in enumerate(damages.items()):
            path = folder / f"{provenance.hashed([cell.cell_id, *what])}.json"
            if not path.exists():
                if records is None:
                    kept = shards.stages_folder(results) / sample.key / RECORDS
                    records = conform(pd.read_parquet(kept), data.schema)
                    print(f"  {data.name} {cell.generator} seed {cell.seed}: damaging", flush=True)
                broken = plant(records, np.random.default_rng([cell.seed, index]))
                found = [
                    score
                    for chosen in ready.values()
                    for one in chosen.make().evaluate(data, broken, seed=cell.seed)
                    for score in flat(one)
                ]
                shards.write_json(path, found)
            frame = pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))
            rows.setdefault(what, []).append(frame.assign(seed=cell.seed))
    return {what: pd.concat(frames, ignore_index=True) for what, frames in rows.items()}


def harmless(data: Dataset, effects: Mapping[str, float]) -> set[tuple[str, str]]:
    """The noise that makes train rows no less likely under the known truth, by more than what matters."""
    (truth,) = choose("evaluators", ["likelihood"], {}).values()

    def unlikely(records: pd.DataFrame) -> dict[str, float]:
        return {score.metric: score.value for score in truth.make().evaluate(data, records, seed=0)}

    before = unlikely(data.train)
    found = set()
    for (kind, column), plant in planted(data).items():
        if kind == "noise":
            after = unlikely(plant(data.train, np.random.default_rng(0)))
            if before and all(after[metric] - value <= effects[metric] for metric, value in before.items()):
                found.add((kind, column))
    return found


def flat(score: Score) -> list[dict[str, object]]:
    """A score and, where it is a mean over columns or pairs, the part of every column."""
    known = {"protocol": score.protocol, "version": score.version}
    found = [{"metric": score.metric, "column": None, "value": score.value, **known}]
    if score.protocol == MAIN_PROTOCOL and score.metric in ONE_COLUMN:
        found += [
            {"metric": ONE_COLUMN[score.metric], "column": name, "value": value, **known}
            for name, value in column_parts(score.metric, score.details).items()
        ]
    return found
