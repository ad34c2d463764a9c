"""Settings that a training cannot use end in one line, before anything runs."""

from __future__ import annotations

from typing import Any

from bench.errors import BenchError


def check_least(config: Any, name: str, **least: float) -> None:
    """Raise a BenchError where a field of a config is below the least value that it may have.

    Args:
        config: a dataclass.
        name: of the generator, for the message.
        least: field -> least value.
    """
    for field, low in least.items():
        if (value := getattr(config, field)) < low:
            raise BenchError(f"{field} = {value} of {name}: must be at least {low}")
