"""Exponential moving average of the weights that are trained: what is kept of a training run.

Weights that are picked in the middle of a run still jump from step to step, and the marginals of what
they sample jump with them; their average does not. Frozen weights are never copied: they may be those of
a decoder that fits into memory once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn

Weights = dict[str, torch.Tensor]


def trained_parameters(model: nn.Module) -> list[nn.Parameter]:
    """Every weight that is trained; frozen ones do not require a gradient."""
    return [weight for weight in model.parameters() if weight.requires_grad]


def trained_weights(model: nn.Module) -> Weights:
    """A copy of every weight that is trained, by name, in the order of `trained_parameters`."""
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}


@torch.no_grad()
def put_weights(model: nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Give the model the values of `weights`."""
    for name, value in weights.items():
        model.get_parameter(name).copy_(value)


@torch.no_grad()
def update_average(average: Iterable[torch.Tensor], weights: Iterable[torch.Tensor], decay: float, step: int) -> None:
    """Move averages towards weights after `step` steps, faster at first: a short run must forget its random start.

    Args:
        average: changed in place.
        weights: as they are now, in the same order.
        decay: share of the old average that stays; 0 makes the averages the weights themselves.
        step: how many steps were made.
    """
    share = 1 - min(decay, (1 + step) / (10 + step))
    for slow, fast in zip(average, weights, strict=True):
        slow.lerp_(fast.detach(), share)


@contextmanager
def swapped_in(model: nn.Module, average: Weights) -> Iterator[None]:
    """The model has the averaged weights inside the block, and its own ones again behind it."""
    swap(model, average)
    try:
        yield
    finally:
        swap(model, average)


@torch.no_grad()
def swap(model: nn.Module, weights: Weights) -> None:
    """Exchange values, one weight at a time: nothing is held twice but the largest of them."""
    for name, value in weights.items():
        weight = model.get_parameter(name)
        before = weight.detach().clone()
        weight.copy_(value)
        value.copy_(before)
