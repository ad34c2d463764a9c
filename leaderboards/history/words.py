"""The words, numbers and rows of a history that its formats share."""

from __future__ import annotations

import math
from collections.abc import Sequence

from leaderboards.columns import Column, loss
from leaderboards.history.series import Point, Series
from leaderboards.history.steps import LEAST_VALUES, Step
from leaderboards.render.text import NOTHING, plain

HEADINGS = ["run", "started (UTC)", "commit", "mean", "± standard error", "cells", "remarks"]
COMMIT_LENGTH = 12


def value(column: Column, number: float) -> str:
    return NOTHING if math.isnan(number) else column.write(number)


def error(column: Column, number: float) -> str:
    return "" if math.isnan(number) else f"±{column.write(number)}"


def commit(point: Point) -> str:
    """The first figures of the commit, and `+` where files were changed."""
    text = plain(point.commit or "")
    return text[:COMMIT_LENGTH] + "+" * (text.endswith("+") and len(text) > COMMIT_LENGTH)


def started(point: Point) -> str:
    return f"{point.started_at:%Y-%m-%d %H:%M}"


def title(series: Series) -> str:
    return plain(f"{series.name} on {series.dataset}")


def provenance(series: Series) -> str:
    """What all points of a series share."""
    column = series.column
    parts = [
        f"{column.metric} {column.arrow}",
        f"protocol {column.protocol} v{column.version}",
        f"{series.variant} data {series.dataset_digest[:8]}",
        f"profile {series.profile}",
        f"split {series.split}",
    ]
    return plain(" · ".join(parts + ([f"options {series.settings}"] if series.settings != "{}" else [])))


def reach(series: Series) -> str:
    """From which value to which, over how many runs."""
    runs = counted(len(series.points), "run")
    if not (valued := series.valued):
        return f"no value in {runs}"
    last = written(series.column, valued[-1])
    if len(valued) == 1:
        return f"{last} in {runs}"
    return f"{written(series.column, valued[0])} → {last} over {runs}"


def written(column: Column, point: Point) -> str:
    return f"{value(column, point.mean)} {error(column, point.stderr)}".rstrip()


def direction(series: Series, step: Step) -> str:
    column = series.column
    before, after = (loss(column.metric, column.higher_is_better, level) for level in (step.before, step.after))
    return "better" if after < before else "worse"


def step_line(series: Series, step: Step) -> str:
    """A step in one sentence: the two levels, and the first run after it."""
    point = series.points[step.place]
    levels = f"{value(series.column, step.before)} → {value(series.column, step.after)}"
    origin = f", commit {commit(point)}" if point.commit else ""
    seeds = ", which has other seeds than the run before" if point.other_seeds else ""
    return plain(
        f"step, {direction(series, step)}: {levels} from run {point.run_id}{origin} on (p = {p_value(step)}){seeds}"
    )


def p_value(step: Step) -> str:
    return f"{step.p_value:.1g}" if step.p_value < 0.001 else f"{step.p_value:.3f}"


def lines(series: Series) -> list[str]:
    """What is to be said of a series beside its values."""
    said = [f"a series of its own since its first run: {series.begins}"] if series.begins else []
    if not series.searched:
        seen = counted(series.observations, "whole observation")
        said.append(f"no steps looked for: {seen}, {LEAST_VALUES} are needed")
    elif not series.steps:
        said.append("no step found")
    return [plain(line) for line in said] + [step_line(series, step) for step in series.steps]


def remarks(series: Series, place: int) -> list[str]:
    """What is to be said of one point."""
    point = series.points[place]
    said = [
        (any(step.place == place for step in series.steps), "first after a step"),
        (point.failed > 0, f"{counted(point.failed, 'cell')} failed"),
        (point.undefined > 0, f"{counted(point.undefined, 'cell')} without a defined value"),
        (point.reused, "reused"),
        (point.other_seeds, "other seeds"),
    ]
    return [text for true, text in said if true]


def row(series: Series, place: int) -> list[str]:
    """One point under `HEADINGS`."""
    point = series.points[place]
    return [
        plain(point.run_id),
        started(point),
        commit(point) or NOTHING,
        value(series.column, point.mean),
        error(series.column, point.stderr),
        str(point.cells),
        ", ".join(remarks(series, place)),
    ]


def commands(series: Series) -> list[tuple[str, str]]:
    """First run and command, once for each command that differs from that of the run before."""
    told: list[tuple[str, str]] = []
    for point in series.points:
        text = plain(point.command)
        if not told or told[-1][1] != text:
            told.append((plain(point.run_id), text))
    return told


def legend(found: Sequence[Series]) -> list[str]:
    """Every remark that the series really use, explained."""
    points = [point for series in found for point in series.points]
    several = any(point.cells > 1 for point in points)
    said = ["mean ± standard error over the cells of a run"] if several else ["± the score's own standard error"]
    if several and any(point.cells == 1 for point in points):
        said[0] += ", the score's own where there is one cell"
    if any(point.reused for point in points):
        said.append("reused: all values were computed by an earlier run, which counts once")
    if any(point.failed or point.undefined for point in points):
        said.append("a run with a failed or undefined cell is shown, and left out when steps are looked for")
    if any(series.steps for series in found):
        said.append("step: change of level, false in any of these series at most once in 20 histories without one")
    return said


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
