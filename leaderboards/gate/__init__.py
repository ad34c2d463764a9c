"""The regression gate: a run against a committed baseline, paired by cell and seed (docs/gate.md)."""

from leaderboards.gate.baseline import read, write
from leaderboards.gate.compare import LEVEL, compare
from leaderboards.gate.effects import overridden, stated
from leaderboards.gate.snapshot import Snapshot, snapshot

__all__ = ["LEVEL", "Snapshot", "compare", "overridden", "read", "snapshot", "stated", "write"]
