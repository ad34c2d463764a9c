"""SMOTE: interpolation between a train record and its neighbours of the same class."""

from generators.smote.config import SmoteConfig
from generators.smote.generator import Smote

__all__ = ["Smote", "SmoteConfig"]
