"""What is drawn for a terminal, as text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from rich.console import Console


def drawn(draw: Callable[[Console], None], *, width: int, styled: bool) -> str:
    """What `draw` prints on a console of this width; `styled` adds terminal colours."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=styled,
        no_color=not styled,
        highlight=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        draw(console)
    # rich pads every line to the full width, which would wrap when the window is made smaller
    return re.sub(r" +$", "", capture.get(), flags=re.MULTILINE)
