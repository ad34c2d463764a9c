"""The verdict for people."""

from __future__ import annotations

from collections.abc import Iterator

from leaderboards.gate.report.words import broken, difference, headline, number
from leaderboards.gate.verdict import Comparison, Verdict
from leaderboards.render.text import plain


def text(verdict: Verdict) -> str:
    """One finding a line, what fails first."""
    return "".join(f"{indent}{plain(line)}\n" for indent, line in lines(verdict))


def lines(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Indentation and line."""
    yield "", headline(verdict)
    yield "", f"baseline {verdict.baseline}"
    yield "", f"run {verdict.run}"
    yield "", f"chance of a false alarm at most {100 * verdict.level:g} %, over all comparisons together (Holm)"
    yield from section("regressions", [comparison(one, verdict.level) for one in verdict.regressions])
    yield from section(
        "broken: in the baseline and not in the run",
        [f"{one.dataset} {one.generator} {broken(one)}" for one in verdict.broken],
    )
    yield from section("improvements", [comparison(one, verdict.level) for one in verdict.improvements])
    yield from section(
        "failed in both", [f"{one.dataset} {one.generator} {broken(one)}" for one in verdict.failed_in_both]
    )
    yield from section("only in the run", verdict.new)
    yield from section("to be noted", verdict.notes)
    if verdict.not_gated:
        yield "", f"not gated, as no minimum effect is stated: {', '.join(verdict.not_gated)}"
    minima = {one.metric: one.minimum for one in verdict.comparisons}
    if minima:
        stated = ", ".join(f"{metric} {number(minimum)}" for metric, minimum in sorted(minima.items()))
        yield "", f"smallest differences that matter: {stated}"


def section(title: str, found: list[str]) -> Iterator[tuple[str, str]]:
    if found:
        yield "", f"{title}:"
        yield from (("  ", line) for line in found)


def comparison(one: Comparison, level: float) -> str:
    return f"{one.dataset} {one.generator} {one.what}: {difference(one, level)}"
