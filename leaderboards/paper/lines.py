"""A measured line in words: its name, where it comes from, and its verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence

from leaderboards.aggregate import Summary
from leaderboards.paper.ablation import differences
from leaderboards.paper.compare import compared
from leaderboards.paper.measured import Measured
from leaderboards.paper.methods import TRAIN_ROWS, Method
from leaderboards.paper.model import Column, Entry, Line
from leaderboards.paper.pages import Page
from leaderboards.render.text import IMPUTED, INCOMPLETE, NOT_DEFINED, SINGLE, listed, plain

ROLES = {"real": "real, drawn with replacement (ceiling)", "marginals": "marginals (floor)"}


def measured_line(
    page: Page, one: Measured, every: Sequence[Measured], methods: Sequence[Method], theirs: Sequence[Line]
) -> Line:
    """What one config of a generator reached, compared with what is printed of it.

    Args:
        page: it stands on.
        one: what was measured.
        every: everything that is measured on the page.
        methods: of the page.
        theirs: its printed lines.
    """
    own = [method for method in methods if method.generator == one.key.generator]
    same = [method.name for method in own if same_model(page, method, one)]
    line = Line(
        heading(page, one, every, own),
        "measured",
        source(page, one),
        one.key.split,
        one.key.protocol,
        {column: entry(column, summary, len(one.pairs)) for column, summary in one.summaries.items()},
        {column: summary.mean for column, summary in one.summaries.items()},
        generator=one.key.generator,
        profile=one.key.profile,
        models=tuple(same),
    )
    names = same or [method.name for method in own]
    return compared(line, one.key, bool(same), [other for other in theirs if other.method in names])


def same_model(page: Page, method: Method, one: Measured) -> bool:
    if page.name == "code":
        return all(method.model in name for name in one.key.language_model.lower().split(", "))
    return method.same_model(one.config)


def heading(page: Page, one: Measured, every: Sequence[Measured], own: Sequence[Method]) -> str:
    """The generator; its config too where there are several."""
    name = one.key.generator
    if name == TRAIN_ROWS:
        return f"{own[0].name if own else name} ({page.reference})"
    text = ROLES.get(name, name)
    others = [other for other in every if other.key.generator == name]
    if page.only or len({other.key.config_hash for other in others}) > 1:
        text += f" #{one.key.config_hash[:6]}"
    if page.only:
        text += f": {differences([o for o in others if o.key.profile == one.key.profile])[one.key.config_hash]}"
    return plain(text)


def source(page: Page, one: Measured) -> str:
    """Profile, data and seeds."""
    key = one.key
    facts = [
        f"profile {key.profile}",
        "original data",
        f"split seeds {listed(one.pairs.get_level_values(0))}",
        f"seeds {listed(one.pairs.get_level_values(1))}",
    ]
    if page.name == "code":
        facts.append(f"language model {key.language_model or 'not known'}")
    if key.restricted:
        facts.append("records restricted by a condition")
    if key.version:
        facts.append("other records of the same name")
    if key.records:
        facts.append(f"{key.records} records sampled")
    return plain(", ".join(facts))


def entry(column: Column, summary: Summary, cells: int) -> Entry:
    """A measured number; it is marked where the line has more cells on another dataset."""
    if math.isnan(summary.mean):
        return Entry(NOT_DEFINED)
    error = "" if math.isnan(summary.stderr) else f"±{column.write(summary.stderr)}{SINGLE * summary.single}"
    marks = IMPUTED * summary.imputed + INCOMPLETE * (len(summary.values) < cells)
    return Entry(column.write(summary.mean) + marks, error)
