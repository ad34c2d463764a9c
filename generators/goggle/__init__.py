"""GOGGLE: a variational autoencoder whose decoder passes messages between the columns along a learnt graph."""

from generators.goggle.config import GOGGLEConfig
from generators.goggle.generator import GOGGLE

__all__ = ["GOGGLE", "GOGGLEConfig"]
