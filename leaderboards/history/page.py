"""A history as one HTML file that needs nothing beside it: a picture, its steps and a table of runs for each series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from leaderboards.history import words
from leaderboards.history.picture import picture
from leaderboards.history.series import Series

TEMPLATE = Path(__file__).with_name("page.html")


def render(found: Sequence[Series]) -> str:
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    sections = [
        {
            "series": series,
            "picture": Markup(picture(series)),
            "rows": [words.row(series, place) for place in range(len(series.points))],
        }
        for series in found
    ]
    return template.render(metric=words.plain(found[0].column.metric), sections=sections, found=found, words=words)
