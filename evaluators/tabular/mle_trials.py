"""Finished fits of a search in one small file, so that an evaluation that was killed goes on from them.

A search is deterministic in its seed and in the losses of its trials. It needs no state of its own:
it is run again from its beginning, and what was computed already is looked up.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

FILE = "trials.json"
LIBRARIES = ("catboost", "numpy", "optuna", "scikit-learn", "xgboost")


class Trials:
    """Fingerprint of a fit -> its results; safe to use from several threads.

    Args:
        folder: where the file lies; None to keep the results in memory only.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / FILE
        self._lock = threading.Lock()
        self._known: dict[str, Any] = {}
        if self._path is not None:
            with suppress(OSError, ValueError, TypeError):  # none yet, or damaged: begin anew
                self._known = dict(json.loads(self._path.read_text(encoding="utf-8")))

    def remember(self, key: str, compute: Callable[[], Any]) -> Any:
        """The JSON-able result of `compute`, computed only where it is not known yet."""
        with self._lock:
            if key in self._known:
                return self._known[key]
        # through JSON, so that a run that goes on and one that was never stopped see the same values
        result = json.loads(json.dumps(compute()))
        with self._lock:
            self._known[key] = result
            self._write()
        return result

    def _write(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        building = self._path.with_name(f".{FILE}.{os.getpid()}")
        building.write_text(json.dumps(self._known), encoding="utf-8")
        building.replace(self._path)


def fingerprint(*parts: Any) -> str:
    """sha256 over arrays and JSON-able values, and over the versions of the libraries that fit."""
    state = hashlib.sha256(json.dumps([version(name) for name in LIBRARIES]).encode())
    for part in parts:
        if isinstance(part, np.ndarray):
            state.update(f"{part.dtype}{part.shape}".encode() + np.ascontiguousarray(part).tobytes())
        else:
            state.update(json.dumps(part, sort_keys=True).encode())
        state.update(b"\0")
    return state.hexdigest()
