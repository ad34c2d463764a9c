"""Which records make a step: at random, but together with others of about their length.

A batch is padded to its longest record. Records that are sorted by length inside pools of many batches
need little padding, and a pool is still a random part of the table.
"""

from __future__ import annotations

import torch

POOL = 50  # batches


def one_pass(lengths: torch.Tensor, batch: int, generator: torch.Generator) -> torch.Tensor:
    """Batches of one pass over the records, in random order.

    Args:
        lengths: (records,) tokens of each.
        batch: records of a batch, at most all of them.
        generator: of the order.

    Returns:
        (batches, batch) record numbers, each at most once; fewer than `batch` records, drawn at random,
        are left out.
    """
    order = torch.randperm(len(lengths), generator=generator)
    order = order[: len(order) // batch * batch]
    pools = [pool[torch.argsort(lengths[pool], stable=True)] for pool in order.split(POOL * batch)]
    batches = torch.cat(pools).view(-1, batch)
    return batches[torch.randperm(len(batches), generator=generator)]
