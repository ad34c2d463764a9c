"""TVAE: a variational autoencoder on mode-specific numbers and one-hot categories."""

from generators.tvae.config import TVAEConfig
from generators.tvae.generator import TVAE

__all__ = ["TVAE", "TVAEConfig"]
