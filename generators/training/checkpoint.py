"""The state of a fit that is under way, kept in a folder so that a killed fit goes on where it stopped."""

from __future__ import annotations

import hashlib
import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

State = dict[str, Any]


class Checkpoint:
    """Named states of one fit. A file is whole or not there; what cannot be used counts as not there."""

    def __init__(self, folder: Path, fingerprint: str, seconds: float = 60.0) -> None:
        """Keep states in a folder.

        Args:
            folder: is made by the first save.
            fingerprint: of everything that the fit depends on, see `fingerprint`; states with another one
                are not loaded.
            seconds: least time between two saves that nobody insists on.
        """
        self.folder = Path(folder)
        self.fingerprint = fingerprint
        self.seconds = seconds
        self._saved = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether enough time has passed since the last save of any name."""
        return time.monotonic() - self._saved >= self.seconds

    def load(self, name: str) -> State | None:
        """The state last saved under a name, on the CPU; None where there is none of this fit."""
        try:
            content = torch.load(self._path(name), map_location="cpu", weights_only=True)
            return content["state"] if content["fingerprint"] == self.fingerprint else None
        except (OSError, EOFError, RuntimeError, pickle.UnpicklingError, LookupError, TypeError, ValueError):
            return None

    def save(self, name: str, make_state: Callable[[], State], *, now: bool = False) -> None:
        """Keep a state: tensors, numbers, strings, lists and dicts of these.

        Args:
            name: of the state; an older one is replaced.
            make_state: is called only where a save is due.
            now: save even if it is not due.
        """
        if not (now or self.due):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        building = self.folder / f".{name}.{os.getpid()}"
        try:
            torch.save({"fingerprint": self.fingerprint, "state": make_state()}, building)
            building.replace(self._path(name))
        finally:
            building.unlink(missing_ok=True)
        self._saved = time.monotonic()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pt"


def fingerprint(*parts: object) -> str:
    """A hash of tensors by their values and of everything else by its repr."""
    digest = hashlib.sha256(torch.__version__.encode())
    for part in parts:
        if isinstance(part, torch.Tensor):
            digest.update(f"\0{part.dtype} {tuple(part.shape)}\0".encode())
            digest.update(part.detach().cpu().reshape(-1).view(torch.uint8).numpy())
        else:
            digest.update(f"\0{part!r}\0".encode())
    return digest.hexdigest()


def random_state() -> State:
    """Of torch's global generators, which dropout draws from."""
    state = {"cpu": torch.get_rng_state()}
    return state | {"cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else state


def set_random_state(state: State) -> None:
    """What `random_state` gave."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
