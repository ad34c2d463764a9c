"""Which weights of a pretrained decoder are trained.

Sources: DiffLM (arXiv 2411.03250), section 3.2: the decoder stays frozen while encoder and injection
learn; low-rank adapters are those of `generators.language.adapters`.
"""

from __future__ import annotations

from transformers import PreTrainedModel

from generators.difflm.config import DiffLMConfig
from generators.language.adapters import add_adapters


def adapt(decoder: PreTrainedModel, config: DiffLMConfig) -> None:
    """Make a pretrained decoder's trained weights trainable and all others not, in place."""
    if config.decoder_training == "lora":
        add_adapters(decoder, config.lora_rank, config.lora_alpha)
    elif config.decoder_training == "frozen":
        decoder.requires_grad_(False)
