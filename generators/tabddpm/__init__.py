"""TabDDPM: Gaussian diffusion of numbers and multinomial diffusion of categories with one denoiser."""

from generators.tabddpm.config import TabDDPMConfig
from generators.tabddpm.generator import TabDDPM

__all__ = ["TabDDPM", "TabDDPMConfig"]
