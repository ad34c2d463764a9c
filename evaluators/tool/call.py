"""What is checked and what a check says: a function call, and the verdict on one or several of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# One expected call in the form of the Berkeley Function Calling Leaderboard:
# {function name: {parameter: [allowed value, ...]}}, "" among the values where the parameter may be left out.
Answer = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Call:
    """A function by its name and its arguments by theirs, all values parsed."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Whether calls are right, or the first rule that they break.

    Args:
        rule: name of the broken rule (`wrong_count`, `missing_required`); "" where all hold.
        message: one line that says what broke it.
    """

    rule: str = ""
    message: str = ""

    @property
    def valid(self) -> bool:
        return not self.rule


VALID = Verdict()


def as_list(values: Any) -> list[Any]:
    """The allowed values of an answer, where a single one may stand without a list."""
    return values if isinstance(values, list) else [values]


def show(value: object) -> str:
    """A value in one short line."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # too deep, or an integer too long
        text = type(value).__name__
    return text if len(text) <= 80 else f"{text[:77]}..."
