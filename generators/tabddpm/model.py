"""TabDDPM's denoiser: a multilayer perceptron with embeddings of the timestep and of the class.

Source: Kotelnikov et al. 2023 (arXiv 2209.15421), section 3, equations 3 to 5.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from generators.ddpm.layers import LabelsFirst, MixedLinear, timestep_embedding


class Denoiser(nn.Module):
    """Says the noise of the numbers and the clean labels of the categories.

    Args:
        numbers: how many.
        sizes: labels of every categorical column.
        classes: of the target that it is conditioned on; 0 for none.
        layers: widths of the hidden layers.
        embedding: width of the embeddings.
        dropout: rate behind every hidden layer.
    """

    def __init__(
        self, numbers: int, sizes: Sequence[int], classes: int, layers: Sequence[int], embedding: int, dropout: float
    ) -> None:
        super().__init__()
        self.numbers = numbers
        self.read = MixedLinear(numbers, sizes, embedding)
        self.time = nn.Sequential(nn.Linear(embedding, embedding), nn.SiLU(), nn.Linear(embedding, embedding))
        self.classes = nn.Embedding(classes, embedding) if classes else None
        widths = (embedding, *layers)
        self.hidden = nn.Sequential(
            *(
                part
                for wide, narrow in itertools.pairwise(widths)
                for part in (nn.Linear(wide, narrow), nn.ReLU(), nn.Dropout(dropout))
            )
        )
        self.write = LabelsFirst(widths[-1], numbers + sum(sizes))

    def forward(
        self, numbers: torch.Tensor, codes: torch.Tensor, step: torch.Tensor, label: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the denoiser says of noisy records.

        Args:
            numbers: (batch, numbers).
            codes: (batch, columns).
            step: (batch,), or (1,) where all are at one step.
            label: code of the class (batch,); None where there is none.

        Returns:
            Noise of the numbers (batch, numbers), logits of the labels of all columns (labels, batch).
        """
        distinct, place = step.unique(return_inverse=True)
        context = self.time(timestep_embedding(distinct, self.time[0].in_features))[place]
        if self.classes is not None:
            context = context + functional.silu(self.classes(label))
        said = self.write(self.hidden(self.read(numbers, codes) + context)).float()
        return said[: self.numbers].T, said[self.numbers :]
