"""Two snapshots -> a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from leaderboards.aggregate import SENTINELS
from leaderboards.columns import IDEALS, losses
from leaderboards.gate import cells, refuse, statistics
from leaderboards.gate.cells import KEY, PAIR, UNIT, Gated
from leaderboards.gate.snapshot import Snapshot
from leaderboards.gate.verdict import Change, Comparison, Verdict

LEVEL = 0.05
# Two machines need not agree to the last digit on the same records.
SAME = 1e-6


def compare(baseline: Snapshot, run: Snapshot, effects: Mapping[str, float], level: float = LEVEL) -> Verdict:
    """Whether a run is worse than its baseline.

    Args:
        baseline, run: what to compare.
        effects: metric -> the smallest difference that matters; others are not gated.
        level: chance of a false alarm over all comparisons together.

    Raises:
        BenchError: they cannot be compared; says why.
    """
    refuse.check_runs(baseline, run)
    old, new, notes = cells.labelled(baseline.rows, run.rows)
    refuse.check_cells(old, new)
    notes += sentinels(old, new)
    old, new = cells.competitors(old), cells.competitors(new)
    gated = cells.gated(old, effects)
    refuse.check_rules(gated, new)
    lost, both, repaired = cells.broken(old, new, gated)
    comparisons, lonely = compared(old, new, gated, level)
    ended, planned = run.facts["ended"], run.facts["planned"]
    if planned and ended < planned:
        notes.append(f"only {ended} of the {planned} cells that the run planned have ended")
    return Verdict(
        baseline=baseline.name,
        run=run.name,
        level=level,
        comparisons=corrected(comparisons, level),
        broken=lost,
        failed_in_both=both,
        notes=notes + repaired + lonely,
        not_gated=cells.not_gated(new, effects),
        new=new_cells(old, new),
    )


def compared(
    old: pd.DataFrame, new: pd.DataFrame, gated: list[Gated], level: float
) -> tuple[list[Comparison], list[str]]:
    """Every mean of the gated metrics with p values that are not corrected yet, and what had one pair only."""
    comparisons, lonely = [], {}
    for one in gated:
        mine, others = (one.of(rows).fillna({"column": ""}) for rows in (old, new))
        pairs = mine.merge(others, on=[*KEY, "column"], suffixes=("_old", "_new"))
        pairs = pairs.dropna(subset=["value_old", "value_new"]).sort_values(PAIR)
        for (dataset, entry, column), own in pairs.groupby([*UNIT, "column"]):
            if len(own) < 2:
                lonely[dataset, entry] = f"{dataset} {entry}: one pair only, not compared"
                continue
            higher = bool(own["higher_is_better_old"].iloc[0])
            sides = [own[[name]].to_numpy(dtype=float) for name in ("value_old", "value_new")]
            splits = own["split_seed"].to_numpy(dtype=np.int64)
            before, after = (losses(one.metric, higher, side) for side in sides)
            # a difference that is shown has the direction of the values, unless these have a best one
            shown = (before, after) if one.metric in IDEALS else sides
            low, high = statistics.interval(*shown, splits, level)
            comparisons.append(
                Comparison(
                    dataset=dataset,
                    generator=entry,
                    metric=one.metric,
                    protocol=one.protocol,
                    version=one.version,
                    column=column,
                    higher_is_better=higher,
                    baseline=float(sides[0].mean()),
                    run=float(sides[1].mean()),
                    low=float(low[0]),
                    high=float(high[0]),
                    minimum=one.minimum,
                    p_worse=float(statistics.p_worse(before, after, splits)[0]),
                    p_better=float(statistics.p_worse(after, before, splits)[0]),
                    pairs=len(own),
                    change="none",
                )
            )
    return comparisons, list(lonely.values())


def corrected(comparisons: list[Comparison], level: float) -> list[Comparison]:
    """With p values corrected for the number of comparisons, and the change that they say."""
    worse, better = (
        statistics.holm(np.array([getattr(one, name) for one in comparisons])) for name in ("p_worse", "p_better")
    )
    return [
        replace(one, p_worse=float(up), p_better=float(down), change=change(one, up, down, level))
        for one, up, down in zip(comparisons, worse, better, strict=True)
    ]


def change(one: Comparison, worse: float, better: float, level: float) -> Change:
    if worse <= level and one.loss > one.minimum:
        return "worse"
    return "better" if better <= level and -one.loss > one.minimum else "none"


def sentinels(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Notes on values of sentinels and of the holdout that are not what they were."""
    notes = []
    before, after = (
        rows[rows["generator"].isin(list(SENTINELS)) & rows["metric"].notna()].fillna({"column": ""})
        for rows in (old, new)
    )
    on = [*KEY, "metric", "protocol", "version", "column"]
    for (dataset, entry), own in before.merge(after, on=on, suffixes=("_old", "_new")).groupby(UNIT):
        moved = own[~np.isclose(own["value_old"], own["value_new"], rtol=SAME, atol=SAME, equal_nan=True)]
        if len(moved):
            names = sorted(set(moved["metric"]))
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            notes.append(
                f"{dataset} {entry}: {len(moved)} of {len(own)} values are not the baseline's ({shown}): "
                "the measure itself has changed"
            )
    return notes


def new_cells(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    before = set(cells.keys(old))
    added = [key for key in dict.fromkeys(cells.keys(new)) if key not in before]
    counts: dict[str, int] = {}
    for dataset, entry, *_ in added:
        counts[f"{dataset} {entry}"] = counts.get(f"{dataset} {entry}", 0) + 1
    return [f"{name}: {count} {'cell' if count == 1 else 'cells'}" for name, count in counts.items()]
