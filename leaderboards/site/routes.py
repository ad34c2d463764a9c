"""Names of pages inside the file: what stands behind # in an address, and as the id of a section."""

from __future__ import annotations

import re
from collections.abc import Iterable


def routes(kind: str, names: Iterable[tuple[str, ...]]) -> list[str]:
    """One route a name, no two equal, in letters that an address and an id hold unescaped.

    Args:
        kind: first part of every route, such as `dataset`.
        names: the parts of a name; parts are joined by a dash.
    """
    taken: set[str] = set()
    found = []
    for parts in names:
        start = f"{kind}/{'-'.join(slug(part) for part in parts)}"
        route, number = start, 1
        while route in taken:
            number += 1
            route = f"{start}-{number}"
        taken.add(route)
        found.append(route)
    return found


def slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-") or "unnamed"
