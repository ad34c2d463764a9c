"""What cannot be compared: other data, other rules, or too few seeds to tell noise from change."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bench.errors import BenchError
from leaderboards.gate.cells import KEY, Gated, competitors
from leaderboards.gate.snapshot import Snapshot

DATA = ["variant", "dataset_digest", "split"]


def check_runs(baseline: Snapshot, run: Snapshot) -> None:
    """Refuse two runs of other settings or other data.

    Raises:
        BenchError: says what differs and what to do.
    """
    if baseline.facts["profile"] != run.facts["profile"]:
        raise differs("profile", baseline.facts["profile"], run.facts["profile"])
    for name in ("where", "records"):
        old, new = ({**one.settings, **one.spec}.get(name) for one in (baseline, run))
        if old != new:
            raise differs(f"'{name}'", old, new)
    used = [set(one.rows["stage"]) for one in (baseline, run)]
    evaluators = [one.settings.get("evaluators", {}) for one in (baseline, run)]
    for name in sorted(used[0] & used[1]):
        old, new = (of.get(name, {}) for of in evaluators)
        for option in sorted({*old, *new}):
            if old.get(option) != new.get(option):
                raise differs(f"evaluators.{name}.{option}", old.get(option), new.get(option))
    old, new = (one.rows.drop_duplicates(["dataset", *DATA]).set_index("dataset")[DATA] for one in (baseline, run))
    for dataset in sorted(set(old.index) & set(new.index)):
        for name in DATA:
            before, after = (sorted(set(frame.loc[[dataset], name])) for frame in (old, new))
            if len(before) > 1 and before == after:
                raise BenchError(f"cannot compare: '{dataset}' stands for several data, {', '.join(before)}")
            if before != after:
                raise differs(f"{name.replace('_', ' ')} of '{dataset}'", ", ".join(before), ", ".join(after))


def check_cells(old: pd.DataFrame, new: pd.DataFrame) -> None:
    """Refuse runs without two common cells of one generator on one dataset.

    Args:
        old, new: labelled rows of the baseline and of the run.

    Raises:
        BenchError: says how many seeds to run.
    """
    before, after = (competitors(rows)[KEY].drop_duplicates() for rows in (old, new))
    if before.empty:
        raise BenchError("the baseline holds no generator beside the sentinels, nothing can get worse")
    common = before.merge(after, on=KEY)
    if common.empty:
        raise BenchError(
            f"the run has no cell of the baseline: {described(after)} against {described(before)}; "
            "run it with the baseline's datasets, generators and seeds"
        )
    if common.groupby(["dataset", "entry"]).size().max() < 2:
        raise BenchError(
            "one seed cannot tell noise from change; run baseline and run with at least 3 seeds, better 5: "
            "--set seeds=[0,1,2,3,4]"
        )


def check_rules(gated: list[Gated], new: pd.DataFrame) -> None:
    """Refuse a run that computed a gated metric by another rule only.

    Raises:
        BenchError: names the metric and both rules; or nothing is gated.
    """
    if not gated:
        raise BenchError("no metric of the baseline has a stated minimum effect; name one with --effect METRIC=VALUE")
    for one in gated:
        same = new[new["metric"] == one.metric]
        rules = set(zip(same["protocol"], same["version"], strict=True))
        if rules and (one.protocol, one.version) not in rules:
            found = ", ".join(f"{protocol} v{version}" for protocol, version in sorted(rules))
            raise differs(f"protocol of {one.metric}", f"{one.protocol} v{one.version}", found)


def differs(what: str, old: Any, new: Any) -> BenchError:
    return BenchError(
        f"cannot compare: {what} is {new} in the run and {old} in the baseline; "
        "run with the baseline's settings, or write a new baseline with --update"
    )


def described(cells: pd.DataFrame) -> str:
    names = ", ".join(sorted(set(cells["entry"]))) or "no generator"
    seeds = ", ".join(str(seed) for seed in sorted(set(cells["seed"])))
    return f"{names} on {', '.join(sorted(set(cells['dataset'])))} with seeds {seeds}" if len(cells) else names
