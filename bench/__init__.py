"""What a run is, where data comes from, where results go.

`bench.load`, `bench.run` and `bench.evaluate` are imported when first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.api import evaluate, load, run

__all__ = ["evaluate", "load", "run"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'bench' has no attribute '{name}'")
    return getattr(import_module("bench.api"), name)
