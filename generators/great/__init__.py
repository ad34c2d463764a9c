"""GReaT: a language model of rows as texts, in any order of their columns."""

from generators.great.config import GReaTConfig
from generators.great.generator import GReaT

__all__ = ["GReaT", "GReaTConfig"]
