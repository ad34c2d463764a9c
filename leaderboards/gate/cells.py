"""Which cells of two runs belong together, and what the baseline has that the run has not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from leaderboards.aggregate import SENTINELS
from leaderboards.columns import MAIN_PROTOCOL
from leaderboards.gate.snapshot import ONE_COLUMN
from leaderboards.gate.verdict import Broken

UNIT = ["dataset", "entry"]
PAIR = ["split_seed", "seed"]
KEY = [*UNIT, *PAIR]
UPSTREAM = "upstream"


@dataclass(frozen=True)
class Gated:
    """A metric with the rule that it is compared under and the smallest effect that matters."""

    metric: str
    protocol: str
    version: int
    minimum: float

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        own = (rows["metric"] == self.metric) & (rows["protocol"] == self.protocol) & (rows["version"] == self.version)
        return rows[own.fillna(False)]


def labelled(old: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Both with a column `entry`: the generator, with its config's hash where it has several.

    One config on each side is one entry, though it may have changed: that is what a gate is for.

    Returns:
        Rows of the baseline and of the run, and a note on every changed config.
    """
    configs = [rows.groupby(["dataset", "generator"])["config_hash"].agg(["nunique", "first"]) for rows in (old, new)]
    notes: dict[str, list[str]] = {}
    labels: list[dict[tuple[str, str, str], str]] = [{}, {}]
    single = {key for frame in configs for key, count in frame["nunique"].items() if count > 1}
    for place, rows in enumerate((old, new)):
        for key in rows[["dataset", "generator", "config_hash"]].drop_duplicates().itertuples(index=False):
            several = tuple(key[:2]) in single
            labels[place][tuple(key)] = f"{key[1]} #{key[2][:6]}" if several else key[1]
    for dataset, generator in sorted(set(configs[0].index) & set(configs[1].index)):
        first = [
            rows.loc[(rows["dataset"] == dataset) & (rows["generator"] == generator), "config"].iloc[0]
            for rows in (old, new)
        ]
        if (dataset, generator) not in single and (change := changed_options(*first)):
            notes.setdefault(f"config of {generator} has changed: {change}", []).append(dataset)
    named = [
        rows.assign(
            entry=[
                labels[place][key] for key in zip(rows["dataset"], rows["generator"], rows["config_hash"], strict=True)
            ]
        )
        for place, rows in enumerate((old, new))
    ]
    return named[0], named[1], [f"{note} (on {', '.join(where)})" for note, where in notes.items()]


def changed_options(old: str, new: str) -> str:
    before, after = json.loads(old), json.loads(new)
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return ", ".join(f"{name} {before.get(name)} -> {after.get(name)}" for name in names)


def competitors(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[~rows["generator"].isin(list(SENTINELS))]


def gated(old: pd.DataFrame, effects: Mapping[str, float]) -> list[Gated]:
    """The metrics of the baseline that have a stated effect, each under `harness` where it was computed so."""
    found = old[["metric", "protocol", "version"]].dropna().drop_duplicates()
    chosen = []
    for metric, minimum in effects.items():
        rules = found[found["metric"] == metric].itertuples(index=False)
        for _, protocol, version in sorted(rules, key=lambda rule: (rule[1] != MAIN_PROTOCOL, rule[1], -rule[2]))[:1]:
            chosen.append(Gated(metric, protocol, int(version), minimum))
    return chosen


def not_gated(rows: pd.DataFrame, effects: Mapping[str, float]) -> list[str]:
    return sorted(set(rows["metric"].dropna()) - set(effects) - {*ONE_COLUMN.values()})


def broken(old: pd.DataFrame, new: pd.DataFrame, metrics: list[Gated]) -> tuple[list[Broken], list[Broken], list[str]]:
    """What the baseline has and the run has not.

    Args:
        old, new: labelled rows without sentinels.
        metrics: those whose values must be there.

    Returns:
        What broke, what failed in both, and a note on what failed in the baseline alone. A consequence of
        another entry (the stages after a failed one, the scores of a missing stage) has no entry of its own.
    """
    lost: list[tuple[tuple[str, ...], str, str]] = []
    both: list[tuple[tuple[str, ...], str, str]] = []
    repaired: list[tuple[tuple[str, ...], str, str]] = []
    cells = set(keys(new))
    for key in sorted(set(keys(old)) - cells):
        lost.append((key, "cell", "not in the run"))
    before, after = (rows[rows["metric"].isna()] for rows in (old, new))
    outcomes = dict(
        zip(keys(after, "stage"), zip(after["status"], after["error"].fillna(""), strict=True), strict=True)
    )
    sound = set()
    for key, status, error in zip(keys(before, "stage"), before["status"], before["error"].fillna(""), strict=True):
        if key[:-1] not in cells:
            continue
        now, why = outcomes.get(key, ("missing", "not run"))
        if status == "done" and now == "done":
            sound.add(key)
        elif status == "done" and not why.startswith(UPSTREAM):
            lost.append((key[:-1], f"stage {key[-1]}", why))
        elif status == "failed" and now == "failed" and not error.startswith(UPSTREAM):
            both.append((key[:-1], f"stage {key[-1]}", why))
        elif status == "failed" and now == "done" and not error.startswith(UPSTREAM):
            repaired.append((key[:-1], f"stage {key[-1]}", error))
    for one in metrics:
        had, has = (values(one.of(rows)) for rows in (old, new))
        for key in had.dropna().index:
            *cell, stage, column = key
            if (*cell, stage) in sound and not pd.notna(has.get(key)):
                what = f"{one.metric} of {column}" if column else one.metric
                lost.append((tuple(cell), what, "not defined" if key in has.index else "not there"))
    notes = [f"{one.dataset} {one.generator}: {one.what} failed in the baseline ({one.reason}) and works now"
             for one in grouped(repaired)]  # fmt: skip
    return grouped(lost), grouped(both), notes


def keys(rows: pd.DataFrame, *more: str) -> list[tuple]:
    return list(rows[[*KEY, *more]].itertuples(index=False, name=None))


def values(rows: pd.DataFrame) -> pd.Series:
    """Indexed by cell, stage and column."""
    return rows.assign(column=rows["column"].fillna("")).set_index([*KEY, "stage", "column"])["value"]


def grouped(found: list[tuple[tuple[str, ...], str, str]]) -> list[Broken]:
    """Cells with the same trouble together."""
    together: dict[tuple[str, str, str, str], list[tuple[int, int]]] = {}
    for (dataset, entry, split_seed, seed), what, reason in found:
        together.setdefault((dataset, entry, what, reason), []).append((int(split_seed), int(seed)))
    return [Broken(*key, cells=tuple(sorted(set(cells)))) for key, cells in together.items()]
