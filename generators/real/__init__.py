"""The ceiling: train records drawn with replacement."""

from generators.real.config import RealConfig
from generators.real.generator import Real

__all__ = ["Real", "RealConfig"]
