"""How a metric went over the runs of a store, and where its level changed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from leaderboards.history import csv, markdown, page, picture
from leaderboards.history import terminal as _terminal
from leaderboards.history.series import Series, history

__all__ = ["FORMATS", "history", "terminal"]

PIPED_WIDTH = 120
FORMATS = {"md": markdown.render, "csv": csv.render, "html": page.render, "svg": picture.sheet}


def terminal(found: Sequence[Series], *, styled: bool | None = None) -> str:
    """Chart lines fitted to the terminal; `styled` None asks the standard output for colours."""
    styled = sys.stdout.isatty() if styled is None else styled
    width = shutil.get_terminal_size((PIPED_WIDTH, 24)).columns if styled else PIPED_WIDTH
    return _terminal.render(found, width=width, styled=styled)
