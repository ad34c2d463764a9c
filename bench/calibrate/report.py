"""The page of a calibration: which metric sees which damage, in one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from bench.calibrate.damages import Damage
from bench.calibrate.expectations import Outcome
from bench.calibrate.measure import Failure
from bench.calibrate.verdict import Finding, Verdict

TEMPLATE = Path(__file__).with_name("page.html")
# Symbols as well as colours, for whoever cannot tell the colours apart.
SYMBOLS: dict[Finding, str] = {
    "sees": "▼",
    "out of order": "≶",
    "blind": "·",
    "flattered": "▲",
    "undefined": "∅",
}
# Of a small picture, in its own units: the whole, and where the points lie.
WIDTH, HEIGHT = 180.0, 92.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 170.0, 8.0, 74.0


@dataclass(frozen=True)
class Calibration:
    """What was found on one dataset."""

    dataset: str
    verdicts: list[Verdict]
    outcomes: list[Outcome]
    failures: list[Failure]

    @property
    def unmet(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.met]

    @property
    def passed(self) -> bool:
        return not self.unmet and not self.failures

    @property
    def rows(self) -> dict[tuple[str, str, str], dict[str, Verdict]]:
        """Evaluator, metric and protocol -> damage -> verdict."""
        table: dict[tuple[str, str, str], dict[str, Verdict]] = {}
        for verdict in self.verdicts:
            one = verdict.reading
            table.setdefault((one.evaluator, one.metric, one.protocol), {})[one.damage] = verdict
        return table

    def outcome(self, verdict: Verdict) -> Outcome | None:
        """What was expected of a verdict; the unmet expectation where there are several."""
        found = [outcome for outcome in self.outcomes if outcome.verdict is verdict]
        return min(found, key=lambda outcome: outcome.met, default=None)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        entries = []
        for verdict in self.verdicts:
            outcome = self.outcome(verdict)
            expected = None if outcome is None else {"must_see": outcome.must_see, "met": outcome.met}
            entry = asdict(verdict)
            entries.append({**entry.pop("reading"), **entry, "expected": expected})
        return {"dataset": self.dataset, "verdicts": entries, "failures": [asdict(one) for one in self.failures]}


def words(verdict: Verdict) -> str:
    """A verdict in a few words, with its symbol."""
    text = f"from {verdict.sees_from}" if verdict.finding == "sees" else verdict.finding
    return f"{SYMBOLS[verdict.finding]} {text}"


def demand(outcome: Outcome) -> str:
    """An expectation in a few words."""
    return "must see" if outcome.must_see else "must not see"


def course(verdict: Verdict) -> str:
    """All levels in one line."""
    pairs = zip(verdict.reading.labels, verdict.means, verdict.errors, strict=True)
    return ", ".join(f"{label}: {number(mean)} ± {number(error)}" for label, mean, error in pairs)


def number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "not defined"


def picture(verdict: Verdict) -> dict[str, Any]:
    """Where the points of a small picture lie, and what its axes say; no point where a mean is not defined."""
    means, errors = np.array(verdict.means), np.nan_to_num(np.array(verdict.errors))
    known = np.isfinite(means)
    low = float(np.min(means - errors, where=known, initial=np.inf))
    high = float(np.max(means + errors, where=known, initial=-np.inf))
    span = high - low
    places = np.linspace(LEFT + 8, RIGHT - 8, len(means))

    def height(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * ((value - low) / span if span > 0 else 0.5)

    points = [
        {
            "x": round(x, 1),
            "y": round(height(mean), 1),
            "top": round(height(mean + e), 1),
            "end": round(height(mean - e), 1),
        }
        for x, mean, e, there in zip(places, means, errors, known, strict=True)
        if there
    ]
    return {
        "points": points,
        "line": " ".join(f"{point['x']},{point['y']}" for point in points),
        "fresh": round(height(means[0]), 1) if known[0] else None,
        "ticks": list(zip(places.round(1).tolist(), verdict.reading.labels, strict=True)),
        "low": number(low) if known.any() else "",
        "high": number(high) if span > 0 else "",
    }


def page(title: str, facts: Sequence[str], damages: Sequence[Damage], found: Sequence[Calibration]) -> str:
    """The page.

    Args:
        title: heading.
        facts: how it was computed, one short text each.
        damages: all that were done.
        found: one for each dataset.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        title=title,
        facts=facts,
        damages=damages,
        found=found,
        symbols=SYMBOLS,
        words=words,
        demand=demand,
        course=course,
        picture=picture,
        number=number,
        box={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
    )


def complaints(found: Calibration) -> list[str]:
    """One line for every unmet expectation and every evaluator that raised."""
    lines = []
    for outcome in found.unmet:
        one = outcome.verdict.reading
        lines.append(
            f"{found.dataset}: {one.metric} ({one.protocol}) {demand(outcome)} {one.damage}: "
            f"{words(outcome.verdict)}; {course(outcome.verdict)}"
        )
    for failure in found.failures:
        place = f"{failure.damage} {failure.label}".strip() if failure.damage else "undamaged records"
        lines.append(f"{found.dataset}: {failure.evaluator} raised on {place}, seed {failure.seed}: {failure.error}")
    return lines
