"""A history as one row a run of a series, for other programs."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.columns import IDEALS
from leaderboards.history import words
from leaderboards.history.series import Series
from leaderboards.render.csv import separated

FIELDS = [
    *("metric", "protocol", "version", "higher_is_better", "best_value"),
    *("dataset", "variant", "dataset_digest", "split", "profile"),
    *("options", "generator", "config_hash", "run", "started_at", "commit", "command", "mean", "stderr", "cells"),
    *("failed", "undefined", "reused", "other_seeds", "step", "level_before", "level_after", "p_value"),
]


def render(found: Sequence[Series]) -> str:
    return separated(FIELDS, (row for series in found for row in rows(series)))


def rows(series: Series) -> list[dict[str, object]]:
    column = series.column
    shared = {
        "metric": column.metric,
        "protocol": column.protocol,
        "version": column.version,
        "higher_is_better": column.higher_is_better,
        "best_value": IDEALS.get(column.metric),
        "dataset": series.dataset,
        "variant": series.variant,
        "dataset_digest": series.dataset_digest,
        "split": series.split,
        "profile": series.profile,
        "options": series.settings,
        "generator": series.generator,
        "config_hash": series.config_hash,
    }
    steps = {step.place: step for step in series.steps}
    made = []
    for place, point in enumerate(series.points):
        own = {
            "run": point.run_id,
            "started_at": point.started_at.isoformat(),
            "commit": point.commit,
            "command": point.command,
            "mean": point.mean,
            "stderr": point.stderr,
            "cells": point.cells,
            "failed": point.failed,
            "undefined": point.undefined,
            "reused": point.reused,
            "other_seeds": point.other_seeds,
        }
        if (step := steps.get(place)) is not None:
            own |= {
                "step": words.direction(series, step),
                "level_before": step.before,
                "level_after": step.after,
                "p_value": step.p_value,
            }
        made.append(shared | own)
    return made
