"""Profiles: TOML files beside this one, read without loading anything heavy."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from bench.errors import unknown_name

DEFAULT = "demo"


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.toml"))


def read(name: str) -> dict[str, Any]:
    """What a profile's file says.

    Raises:
        BenchError: no such profile.
    """
    if name not in names():
        raise unknown_name("profile", name, names())
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))
