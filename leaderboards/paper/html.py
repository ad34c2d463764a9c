"""Pages in one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from leaderboards.paper.model import Report
from leaderboards.paper.words import meanings
from leaderboards.render.text import plain

TEMPLATE = Path(__file__).with_name("page.html")


def render(reports: Sequence[Report]) -> str:
    title = reports[0].title if len(reports) == 1 else "Printed and measured"
    environment = jinja2.Environment(
        autoescape=True, finalize=shown, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(title=title, reports=reports, certainty=meanings())


def shown(value: Any) -> Any:
    """Texts of a store without control characters; what is no text as it is."""
    return plain(value) if isinstance(value, str) else value
