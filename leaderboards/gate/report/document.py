"""The verdict for programs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from leaderboards.gate.verdict import Comparison, Verdict


def json_text(verdict: Verdict) -> str:
    """One object: `passed`, the regressions and what is broken, and every comparison that was made."""
    value = {
        "passed": verdict.passed,
        "baseline": verdict.baseline,
        "run": verdict.run,
        "level": verdict.level,
        "regressions": [entry(one) for one in verdict.regressions],
        "broken": [asdict(one) for one in verdict.broken],
        "improvements": [entry(one) for one in verdict.improvements],
        "failed_in_both": [asdict(one) for one in verdict.failed_in_both],
        "new": verdict.new,
        "notes": verdict.notes,
        "not_gated": verdict.not_gated,
        "comparisons": [entry(one) for one in verdict.comparisons],
    }
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def entry(one: Comparison) -> dict[str, Any]:
    fields = {**asdict(one), "difference": one.difference}
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in fields.items()
    }
