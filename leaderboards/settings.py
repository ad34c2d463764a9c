"""How the cells of a run were sampled and scored, as far as neither config, data nor profile tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def options(spec: Mapping[str, Any], evaluator: str) -> str:
    """What a run's spec says on how records were drawn and scored, beyond the generator's own config."""
    settings = spec.get("settings", {})
    said = {
        "records": settings.get("records"),
        "where": spec.get("where"),
        evaluator: settings.get("evaluators", {}).get(evaluator),
    }
    return json.dumps({name: value for name, value in said.items() if value}, sort_keys=True)
