"""The words and marks that all formats share."""

from __future__ import annotations

from collections.abc import Iterable

from leaderboards.paper.model import Entry
from leaderboards.render.text import EXPLAINED, NOT_DEFINED

# certainty in the store -> its letter and what it means
CERTAINTIES = {
    "stored": ("s", "taken from two summaries of the paper that agree, not from the paper itself"),
    "recalled": ("r", "written down from memory, not checked against the paper"),
    "weak": ("w", "a lead only: remembered without certainty, may be wrong"),
    "abstract": ("a", "stated in the paper's abstract"),
}
UNKNOWN, NOT_KNOWN = "?", "of a certainty that this version does not know"
PLUS_MINUS = "standard error of the mean over split seeds and seeds"
DIFFERENCE = "ours - printed, only where protocol, split, data and model agree; the printed number has no error"


def meanings() -> dict[str, str]:
    """Letter -> what it means."""
    return {mark: meaning for mark, meaning in CERTAINTIES.values()} | {UNKNOWN: NOT_KNOWN}


def letter(certainty: str) -> str:
    return CERTAINTIES.get(certainty, (UNKNOWN,))[0]


def legend(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Every mark that is really used, with its meaning."""
    entries = list(entries)
    used = {entry.certainty for entry in entries}
    lines = [(f"({mark})", f"printed; {meaning}") for mark, meaning in meanings().items() if mark in used]
    if any(entry.error for entry in entries):
        lines.append(("±", PLUS_MINUS))
    if any(entry.difference for entry in entries):
        lines.append(("Δ", DIFFERENCE))
    written = "".join(entry.value + entry.error for entry in entries)
    if any(entry.value == NOT_DEFINED for entry in entries):
        lines.append((NOT_DEFINED, "failed, or not defined for these records"))
    return lines + [(mark, meaning) for mark, meaning in EXPLAINED.items() if mark in written]
