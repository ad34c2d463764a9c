"""Which weights are trained, and what a checkpoint holds: those and nothing else.

Sources: DiffLM (arXiv 2411.03250), section 3.2: the decoder stays frozen while encoder and injection
learn; low-rank adapters are those of LoRA (Hu et al. 2022, arXiv 2106.09685), through peft.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from peft import LoraConfig
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from bench.errors import BenchError
from generators.difflm.config import DiffLMConfig
from generators.training.average import put_weights, trained_weights


def adapt(decoder: PreTrainedModel, config: DiffLMConfig) -> None:
    """Make a pretrained decoder's trained weights trainable and all others not, in place.

    Adapters go to every linear layer but the output embeddings. They are in float32 whatever the
    weights beside them are in: steps of a small learning rate vanish in the rounding of bfloat16.
    """
    if config.decoder_training == "full":
        return
    decoder.requires_grad_(False)
    if config.decoder_training == "lora":
        decoder.add_adapter(
            LoraConfig(
                task_type="CAUSAL_LM",
                r=config.lora_rank,
                lora_alpha=config.lora_alpha,
                target_modules="all-linear",
                fan_in_fan_out=any(isinstance(module, Conv1D) for module in decoder.modules()),
            )
        )
        for weight in decoder.parameters():
            if weight.requires_grad:
                weight.data = weight.data.float()


def load_trained_weights(model: nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Put back what `trained_weights` gave of a model of the same config.

    Raises:
        BenchError: the weights are those of another model.
    """
    own = trained_weights(model)
    differing = own.keys() ^ weights.keys() or {name for name in own if own[name].shape != weights[name].shape}
    if differing:
        raise BenchError(f"the saved weights are of another model: {len(differing)} differ, such as {min(differing)}")
    put_weights(model, weights)
