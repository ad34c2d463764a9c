"""Where the networks run, and in what precision."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Device:
    """A device with the choices that are fastest there.

    Args:
        name: cpu or cuda.
        bfloat16: whether matrix products run in bfloat16 (weights stay float32).
        attention: transformers' `attn_implementation`. On CPUs the fused kernel is slow backward in
            bfloat16, and the explicit product wins at the lengths of records (measured: 1.2 to 2.4 x).
    """

    name: str
    bfloat16: bool
    attention: str

    def autocast(self) -> AbstractContextManager[None]:
        return torch.autocast(self.name, torch.bfloat16, enabled=self.bfloat16)


def pick_device() -> Device:
    """The accelerator where there is one, else the CPU; bfloat16 only where the hardware multiplies it."""
    if torch.cuda.is_available():
        return Device("cuda", torch.cuda.is_bf16_supported(), "sdpa")
    capability = torch.backends.cpu.get_cpu_capability()
    native = capability.startswith("AVX512") and torch.cpu._is_avx512_bf16_supported()
    return Device("cpu", native or torch.cpu._is_amx_tile_supported(), "eager")
