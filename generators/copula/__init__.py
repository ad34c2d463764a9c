"""Gaussian copula: every column has its own distribution, and one correlation matrix joins them."""

from generators.copula.config import CopulaConfig
from generators.copula.generator import Copula

__all__ = ["Copula", "CopulaConfig"]
