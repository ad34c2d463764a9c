"""DiffLM: VAE, latent diffusion and a language model steered by soft prompts (arXiv 2411.03250)."""

from generators.difflm.config import DiffLMConfig
from generators.difflm.generator import DiffLM

__all__ = ["DiffLM", "DiffLMConfig"]
