"""The formats of a page that do not depend on where it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leaderboards.paper import html, latex, markdown
from leaderboards.paper.model import Report

FORMATS: dict[str, Callable[[Sequence[Report]], str]] = {
    "md": markdown.render,
    "latex": latex.render,
    "html": html.render,
}
