"""Low-rank adapters, and which weights of a network a saved state holds: those that are trained.

Source: LoRA (Hu et al. 2022, arXiv 2106.09685), through peft.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from peft import LoraConfig
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from bench.errors import BenchError
from generators.training.average import put_weights, trained_weights


def add_adapters(network: PreTrainedModel, rank: int, alpha: float) -> None:
    """Freeze a network and give every linear layer but the output embeddings adapters, in place.

    They are in float32 whatever the weights beside them are in: steps of a small learning rate vanish in the
    rounding of bfloat16.
    """
    network.requires_grad_(False)
    network.add_adapter(
        LoraConfig(
            task_type="CAUSAL_LM",
            r=rank,
            lora_alpha=alpha,
            target_modules="all-linear",
            fan_in_fan_out=any(isinstance(module, Conv1D) for module in network.modules()),
        )
    )
    for weight in network.parameters():
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
