"""The verdict as workflow commands of GitHub Actions, which it shows beside a commit.

Escaping as the runner undoes it: a message may hold no bare `%`, carriage return or line feed, the value of a
property in addition no `:` and `,`.
"""

from __future__ import annotations

from leaderboards.gate.report.words import broken, difference, headline
from leaderboards.gate.verdict import Verdict

MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = {**MESSAGE, ":": "%3A", ",": "%2C"}


def github(verdict: Verdict) -> str:
    """One line a finding: errors for what fails the gate, warnings for notes, notices for the rest."""
    found = [
        ("error", f"{one.dataset} {one.generator}: {one.what}", difference(one, verdict.level))
        for one in verdict.regressions
    ]
    found += [("error", f"{one.dataset} {one.generator}: {one.what}", broken(one)) for one in verdict.broken]
    found += [("warning", "bench gate", note) for note in verdict.notes]
    found += [
        ("notice", f"{one.dataset} {one.generator}: {one.what}", difference(one, verdict.level))
        for one in verdict.improvements
    ]
    found.append(("notice", "bench gate", headline(verdict)))
    return "".join(f"{annotation(*one)}\n" for one in found)


def annotation(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={escape(title, PROPERTY)}::{escape(message, MESSAGE)}"


def escape(text: str, characters: dict[str, str]) -> str:
    return "".join(characters.get(char, char) for char in text)
