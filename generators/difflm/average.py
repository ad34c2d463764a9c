"""Exponential moving average of weights: what is kept of a training run.

Weights that are picked in the middle of a run still jump from step to step, and the marginals of what
they sample jump with them; their average does not.
"""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, decay: float, step: int) -> None:
    """Move `average` towards `model` after `step` steps, faster at first: a short run must forget its random start."""
    share = 1 - min(decay, (1 + step) / (10 + step))
    for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
        slow.lerp_(fast, share)
