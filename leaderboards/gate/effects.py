"""The smallest effect that matters, metric by metric: `effects.toml` and what a user says in its place."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable
from pathlib import Path

from bench.errors import BenchError, unknown_name

EFFECTS = Path(__file__).with_name("effects.toml")


def stated() -> dict[str, float]:
    """Metric -> minimum effect, in the metric's unit."""
    entries = tomllib.loads(EFFECTS.read_text(encoding="utf-8"))
    return {metric: float(entry["minimum"]) for metric, entry in entries.items()}


def overridden(texts: Iterable[str], known: Iterable[str]) -> dict[str, float]:
    """The stated effects with those of texts such as `xgboost_auc=0.02` in their place or beside them.

    Args:
        texts: what the user wrote.
        known: metrics that the baseline holds.

    Raises:
        BenchError: a text of another form, a number below zero, or a metric that the baseline does not hold.
    """
    effects, known = stated(), set(known)
    for text in texts:
        metric, separator, number = (part.strip() for part in text.partition("="))
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not separator or not metric or not 0 <= value < math.inf:
            raise BenchError(f"--effect '{text}' is not of the form METRIC=VALUE with a value of at least 0")
        if metric not in known:
            raise unknown_name("metric", metric, known)
        effects[metric] = value
    return effects
