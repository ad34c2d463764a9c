"""CoDi: two diffusions that evolve together, one of the numbers and one of the categories."""

from generators.codi.config import CoDiConfig
from generators.codi.generator import CoDi

__all__ = ["CoDi", "CoDiConfig"]
