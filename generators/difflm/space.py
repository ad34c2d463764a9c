"""A look at the latent space: the way from one record to another, and the train records around a latent.

Sources: spherical interpolation is Shoemake 1985 ("Animating rotation with quaternion curves",
section 3.3), used between latents by White 2016 (arXiv 1609.04468): it keeps to the norms that the
prior puts its mass on, where a straight line passes nearer to the origin.
"""

from __future__ import annotations

import torch

from bench.errors import BenchError

ENTRIES = 2**24  # distances held at a time: 64 MiB
LEAST_SINE = 1e-4  # below it the great circle is a line up to rounding, or, for opposites, not determined


def interpolate(first: torch.Tensor, second: torch.Tensor, steps: int) -> torch.Tensor:
    """Latents on the way from one posterior mean to another, both ends included.

    Spherical; a straight line where the two point the same way, opposite ways, or one is zero.

    Args:
        first, second: (latent,).
        steps: latents, at least 2.

    Returns:
        (steps, latent).

    Raises:
        BenchError: fewer than 2 steps.
    """
    if steps < 2:
        raise BenchError(f"{steps} steps cannot lead from one record to another; give at least 2")
    share = torch.linspace(0.0, 1.0, steps, dtype=first.dtype, device=first.device)[:, None]
    cosine = torch.nn.functional.cosine_similarity(first, second, dim=0).clamp(-1.0, 1.0)
    angle = cosine.arccos()
    if angle.sin() < LEAST_SINE or not first.any() or not second.any():
        return (1 - share) * first + share * second
    return (((1 - share) * angle).sin() * first + (share * angle).sin() * second) / angle.sin()


def nearest_train_neighbours(
    latent: torch.Tensor, train_latents: torch.Tensor, k: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The nearest train latents by Euclidean distance, found exactly; memory does not grow with the rows.

    Args:
        latent: (rows, latent).
        train_latents: (records, latent).
        k: neighbours of each row.

    Returns:
        distance: (rows, k), nearest first.
        index: (rows, k) int64 into `train_latents`.

    Raises:
        BenchError: k is not in 1..records.
    """
    if not 1 <= k <= len(train_latents):
        raise BenchError(f"{k} neighbours were asked for; give 1 to {len(train_latents)}, the number of train records")
    parts = []
    for block in latent.split(max(1, ENTRIES // len(train_latents))):
        # by differences: |a|^2 - 2ab + |b|^2 loses near neighbours to cancellation
        distance = torch.cdist(block, train_latents, compute_mode="donot_use_mm_for_euclid_dist")
        parts.append(distance.topk(k, dim=1, largest=False))
    return torch.cat([part.values for part in parts]), torch.cat([part.indices for part in parts])
