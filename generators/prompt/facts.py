"""What a prompt says of a table beside examples: types, ranges, decimals, labels, what may be missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.records import Schema


@dataclass(frozen=True)
class Facts:
    """Of one column, in train.

    Args:
        missing: share of records without a value.
        low, high: least and largest number; None where there is none.
        whole: all numbers are whole.
        labels: most frequent first, at most as many as are listed.
        count: how many labels there are.
    """

    missing: float
    low: float | None = None
    high: float | None = None
    whole: bool = False
    labels: tuple[str, ...] = ()
    count: int = 0

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Facts:
        """What `dataclasses.asdict` made, also after JSON."""
        return cls(**{**state, "labels": tuple(state["labels"])})


def learn_facts(train: pd.DataFrame, schema: Schema, listed: int) -> dict[str, Facts]:
    """Facts of every column of canonical train records; `listed` labels at most."""
    return {column.name: facts_of(train[column.name], column.kind, listed) for column in schema.columns}


def facts_of(values: pd.Series, kind: str, listed: int) -> Facts:
    missing = float(values.isna().mean())
    there = values.dropna()
    if kind == "categorical":
        counts = there.value_counts()
        # equally frequent labels stand in the order of the alphabet, whatever pandas does
        ordered = sorted(counts.index, key=lambda label: (-counts[label], label))
        return Facts(missing, labels=tuple(map(str, ordered[:listed])), count=len(counts))
    if kind in ("integer", "real") and len(there):
        low, high = there.min(), there.max()
        low, high = (int(low), int(high)) if kind == "integer" else (float(low), float(high))
        return Facts(missing, low, high, whole=bool((there % 1 == 0).all()))
    return Facts(missing)


def spelled(schema: Schema, facts: Mapping[str, Facts]) -> str:
    """A line a column."""
    lines = []
    for column in schema.columns:
        lines.append(f"- {column.name}: {'; '.join(parts(column.kind, facts[column.name]))}")
        if column.description:
            lines[-1] += f" ({column.description})"
    return "\n".join(lines)


def parts(kind: str, facts: Facts) -> Sequence[str]:
    """What is to be said of a column."""
    if facts.missing == 1:
        return ["always null"]
    if kind == "categorical":
        names = ", ".join(map(quoted, facts.labels))
        more = f" and {facts.count - len(facts.labels)} others" if facts.count > len(facts.labels) else ""
        said = [f"a string, one of {names}{more}" if names else f"a string, one of {facts.count} labels"]
    elif kind == "integer":
        said = [f"a whole number from {facts.low} to {facts.high}"]
    elif kind == "real":
        said = [f"a number from {facts.low:g} to {facts.high:g}" + (", whole" if facts.whole else "")]
    elif kind == "json":
        said = ["a JSON value"]
    else:
        said = ["a string of free text"]
    if facts.missing:
        return [*said, f"null in {facts.missing:.0%} of the records" if facts.missing >= 0.01 else "rarely null"]
    return [*said, "never null"]


def quoted(label: str) -> str:
    escaped = label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
