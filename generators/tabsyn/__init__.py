"""TabSyn: score-based diffusion in the latent space of a transformer autoencoder of the columns."""

from generators.tabsyn.config import TabSynConfig
from generators.tabsyn.generator import TabSyn

__all__ = ["TabSyn", "TabSynConfig"]
