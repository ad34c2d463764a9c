"""Moment matching: latents that a diffusion draws get the mean and covariance of those it learnt from.

A denoiser of finite size misses low-order moments by a few percent, which shows in every marginal of the
records. The linear map between the two Gaussians with these moments that moves points least
(Olkin and Pukelsheim 1982; Peyré and Cuturi 2019, arXiv 1803.00567, remark 2.31) is close to the identity
and leaves the shape of the distribution to the diffusion.
"""

from __future__ import annotations

import torch

# Below this share of the largest eigenvalue a direction has no spread that could be stretched.
NEGLIGIBLE = 1e-9


def moment_map(drawn: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """`matrix` (latent, latent) and `offset` (latent,) with x -> matrix x + offset.

    Args:
        drawn: (n, latent) what the diffusion draws.
        wanted: (records, latent) what it learnt from.
    """
    first, second = drawn.double(), wanted.double()
    source, target = (torch.cov(one.T, correction=0).reshape(one.shape[1], -1) for one in (first, second))
    root, inverse = power(source, 0.5), power(source, -0.5)
    matrix = inverse @ power(root @ target @ root, 0.5) @ inverse
    offset = second.mean(dim=0) - matrix @ first.mean(dim=0)
    return matrix.to(drawn.dtype), offset.to(drawn.dtype)


def power(matrix: torch.Tensor, exponent: float) -> torch.Tensor:
    """A power of a symmetric positive semidefinite matrix; directions without spread are left at 0."""
    values, vectors = torch.linalg.eigh(matrix)
    there = values > NEGLIGIBLE * values.max()
    raised = torch.where(there, values.clamp(min=torch.finfo(values.dtype).tiny) ** exponent, 0.0)
    return (vectors * raised) @ vectors.T
