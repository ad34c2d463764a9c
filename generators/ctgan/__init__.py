"""CTGAN: a conditional Wasserstein GAN on mode-specific numbers and one-hot categories."""

from generators.ctgan.config import CTGANConfig
from generators.ctgan.generator import CTGAN

__all__ = ["CTGAN", "CTGANConfig"]
