"""Errors that a user can act on: one line that says what was wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BenchError(Exception):
    """Bad input or a bad environment. The command line prints the message and exits with code 2."""


def unknown_name(what: str, name: str, known: Iterable[str]) -> BenchError:
    """The error for a name that is not known, with the nearest known one."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(names)}"
    return BenchError(f"{what} '{name}' is not known; {hint}")
