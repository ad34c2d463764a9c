"""Processes that were launched together and work on one thing (`accelerate launch`, torchrun)."""

from __future__ import annotations

import os


def process_index() -> int:
    """Of this process among those; 0 where it was started by itself. The one with 0 writes and speaks."""
    return int(os.environ.get("RANK", "0"))


def process_count() -> int:
    """How many processes were launched together; 1 where this one was started by itself."""
    return int(os.environ.get("WORLD_SIZE", "1"))
