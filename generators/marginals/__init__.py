"""The floor: every column drawn on its own from train, so that no relation between columns is left."""

from generators.marginals.config import MarginalsConfig
from generators.marginals.generator import Marginals

__all__ = ["Marginals", "MarginalsConfig"]
