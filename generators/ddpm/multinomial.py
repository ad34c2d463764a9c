"""Multinomial diffusion of categories, whose denoiser says how likely every clean label is.

Sources: Hoogeboom et al. 2021 (arXiv 2102.05379), section 4: equations 11 to 15; TabDDPM (Kotelnikov et al. 2023,
arXiv 2209.15421), section 3. Step t of the papers is t - 1 here. With probability alpha_t a step keeps the label,
else it draws one evenly, so that the posterior differs from a constant only at the noisy and at the clean label:
the bound of all labels needs one pass over them, and sampling one draw. What the denoiser says of a clean label is
put into the posterior in its place, which reads the noisy label once more: at the optimum it is what the other
columns say.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.special import xlogy

from generators.ddpm.spans import Spans


class MultinomialDiffusion(nn.Module):
    """Noising and denoising of all categorical columns of a table.

    Args:
        sizes: labels of every column, at least one column.
        betas: the probability that a step draws a label anew; (timesteps,) float64.
    """

    def __init__(self, sizes: Sequence[int], betas: torch.Tensor) -> None:
        super().__init__()
        self.spans = Spans(sizes)
        kept = (1 - betas).cumprod(0)
        for name, values in {
            "kept": kept,
            "kept_before": torch.cat([kept.new_ones(1), kept[:-1]]),
            "keep": 1 - betas,
        }.items():
            self.register_buffer(name, values, persistent=False)

    def even(self, records: int) -> torch.Tensor:
        """Codes (records, columns) of pure noise."""
        shape = (records, len(self.spans.lengths))
        return (torch.rand(shape, device=self.keep.device) * self.spans.lengths).long()

    def noisy(self, codes: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """Codes drawn from q(x_t | x_0) for clean ones (batch, columns) at steps (batch,)."""
        stays = torch.rand(codes.shape, device=codes.device) < self.kept[step, None]
        return torch.where(stays, codes, self.even(len(codes)))

    def loss(
        self, log_start: torch.Tensor, codes: torch.Tensor, noisy: torch.Tensor, step: torch.Tensor
    ) -> torch.Tensor:
        """The term of the bound of every column at its step, in nats.

        KL(q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t)); at the first step, where the posterior is certain, that is
        the negative log-likelihood of the clean label. The term of the last step, which no denoiser changes, is
        left out.

        Args:
            log_start: log-probabilities of the clean labels as the denoiser sees them, (labels, batch).
            codes, noisy: clean and noisy codes (batch, columns).
            step: (batch,).

        Returns:
            (columns, batch).
        """
        codes, noisy, sizes = codes.T, noisy.T, self.spans.lengths[:, None]
        log_keep, log_renew = self.keep[step].log().float(), ((1 - self.keep[step]) / sizes).log().float()
        before, renewed = self.kept_before[step].float(), ((1 - self.kept_before[step]) / sizes).float()
        # log m: of the labels one step ahead, given the denoiser's view of the clean one
        log_ahead = torch.logaddexp(log_start + before.log(), self.spans.spread(renewed.log()))
        at_noisy = log_ahead.gather(0, self.spans.place(noisy))
        at_clean = log_ahead.gather(0, self.spans.place(codes))
        same = codes == noisy
        log_reach = torch.logaddexp(log_renew, log_keep + at_noisy)

        # q(x_{t-1} | x_t, x_0) at the clean label, at the noisy one where it is another, and at each of the others
        true_noisy = renewed + before * same
        total = log_renew.exp() + log_keep.exp() * true_noisy
        stay, renew = log_keep.exp() + log_renew.exp(), log_renew.exp()
        clean = torch.where(same, stay, renew) * (before + renewed) / total
        moved = torch.where(same, 0.0, stay * renewed / total)
        other = renew * renewed / total
        rest = moved + other * (sizes - 2 + same.to(other.dtype))  # all but the clean label, exactly 0 at step 0

        negative_entropy = xlogy(clean, before + renewed) + xlogy(rest, renewed)
        cross = (
            other * self.spans.total(log_ahead)
            + (clean - other) * at_clean
            + torch.where(same, 0.0, moved - other) * at_noisy
        )
        return negative_entropy - cross + log_reach - total.log()

    def previous(self, log_start: torch.Tensor, noisy: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """Codes drawn from p(x_{t-1} | x_t).

        The noisy label stays, or is drawn anew evenly, or from the denoiser's view of the clean one.

        Args:
            log_start: log-probabilities of the clean labels, (labels, batch).
            noisy: codes (batch, columns).
            step: (batch,), or (1,) where all are at one step.
        """
        start, sizes = log_start.exp(), self.spans.lengths[:, None]
        before, keep = self.kept_before[step].float(), self.keep[step].float()
        ahead = before * start.gather(0, self.spans.place(noisy.T)) + (1 - before) / sizes
        chance = keep * ahead
        stays = torch.rand_like(chance) * (chance + (1 - keep) / sizes) < chance
        drawn = self.spans.draw(start)
        even = torch.rand_like(chance) >= before
        drawn = torch.where(even, self.even(len(noisy)).T, drawn)
        return torch.where(stays, noisy.T, drawn).T
