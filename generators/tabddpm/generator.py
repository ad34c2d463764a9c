"""TabDDPM as a generator of tables.

Source: Kotelnikov et al. 2023, "TabDDPM: Modelling Tabular Data with Diffusion Models" (arXiv 2209.15421). The code of
its authors reads the logarithms of one-hot vectors, -69 for a zero, where the paper and this read the vectors
themselves, and samples from the last weights, where this samples from their average. It also lets the expected clean
numbers run free; here they are held inside of the scores of train, as in the code of Ho et al. 2020: the first steps of
a cosine schedule multiply the error of the network by more than a thousand, and whole records end at the extremes.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from bench.condition import Condition, OneOf
from bench.errors import BenchError
from bench.progress import Progress
from generators.columns import Encoded
from generators.ddpm.gaussian import GaussianDiffusion
from generators.ddpm.multinomial import MultinomialDiffusion
from generators.ddpm.schedule import cosine_betas
from generators.tabddpm.config import TabDDPMConfig
from generators.tabddpm.model import Denoiser
from generators.training.average import put_weights, update_average
from generators.training.checkpoint import Checkpoint
from generators.training.device import pick_device
from generators.training.loop import train as train_loop
from generators.training.neural import NeuralTable


class TabDDPM(NeuralTable):
    """One denoiser of all columns; the target of a classification is not diffused but given to it.

    Classes are drawn as often as train has them, or from those that a condition names; other conditions are met by
    rejection. Whether a number is missing is diffused like a category.
    """

    Config = TabDDPMConfig
    config: TabDDPMConfig

    @property
    def target(self) -> int | None:
        """The position of a classification's target among the choices; None where there is none."""
        name = self.schema.target
        return self.table.choice(name) if name in self.table.layout.labels else None

    @property
    def diffused(self) -> list[int]:
        """The choices that are diffused: all but the target."""
        return [place for place in range(len(self.table.sizes)) if place != self.target]

    @property
    def sizes(self) -> list[int]:
        """Labels of the diffused choices."""
        return [self.table.sizes[place] for place in self.diffused]

    def build(self) -> nn.ModuleDict:
        config, numbers = self.config, len(self.table.layout.numbers)
        betas = cosine_betas(config.timesteps)
        classes = 0 if self.target is None else self.table.sizes[self.target]
        networks = nn.ModuleDict()
        if numbers or self.sizes:
            networks["denoiser"] = Denoiser(
                numbers, self.sizes, classes, config.layers, config.embedding, config.dropout
            )
        networks["gaussian"] = GaussianDiffusion(betas, "large")
        if self.sizes:
            networks["multinomial"] = MultinomialDiffusion(self.sizes, betas)
        return networks

    def train(self, train: Encoded, validation: Encoded, progress: Progress, checkpoint: Checkpoint | None) -> None:
        if "denoiser" not in self.networks:
            return
        config, denoiser = self.config, self.networks["denoiser"]
        numbers = torch.from_numpy(train.numbers).to(self.device)
        codes = torch.from_numpy(train.codes).to(self.device)
        batch = min(config.batch, len(train))
        adam = torch.optim.AdamW(
            denoiser.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        falling = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - step / max(config.steps, 1))
        average = copy.deepcopy(denoiser).requires_grad_(False)

        def step(number: int) -> dict[str, float]:
            rows = torch.randint(len(train), (batch,)).to(self.device)
            adam.zero_grad()
            shown = self.learn(numbers[rows], codes[rows])
            adam.step()
            falling.step()
            update_average(average.parameters(), denoiser.parameters(), config.ema_decay, number)
            return shown

        parts = {"denoiser": denoiser, "average": average, "adam": adam, "falling": falling}
        self.networks.train()
        train_loop(parts, step, steps=config.steps, name="tabddpm", progress=progress, checkpoint=checkpoint)
        put_weights(denoiser, dict(average.named_parameters()))

    def learn(self, numbers: torch.Tensor, codes: torch.Tensor) -> dict[str, float]:
        """Add the gradients of the loss of a batch (batch, numbers), (batch, choices); as many parts as fit."""
        totals = {"mse": 0.0, "nats": 0.0}
        for rows in torch.arange(len(codes), device=codes.device).split(self.most_records):
            gaussian, multinomial = self.losses(numbers[rows], codes[rows])
            share = len(rows) / len(codes)
            # equation 5: an estimate of the whole bound of the categories, mean over the columns
            ((gaussian + self.config.timesteps * multinomial) * share).backward()
            totals["mse"] += gaussian.item() * share
            totals["nats"] += multinomial.item() * share
        return totals

    def losses(self, numbers: torch.Tensor, codes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean squared error of the noise, and nats of a step and a column, of clean records."""
        gaussian, label = self.networks["gaussian"], None if self.target is None else codes[:, self.target]
        step = torch.randint(self.config.timesteps, (len(codes),)).to(self.device)
        noise = torch.randn_like(numbers)
        clean = codes[:, self.diffused]
        noisy = self.networks["multinomial"].noisy(clean, step) if self.sizes else clean
        said, logits = self.denoise(gaussian.noisy(numbers, noise, step), noisy, step, label)
        mse = (said - noise).square().mean() if numbers.shape[1] else noise.new_zeros(())
        if not self.sizes:
            return mse, noise.new_zeros(())
        multinomial = self.networks["multinomial"]
        return mse, multinomial.loss(multinomial.spans.log_softmax(logits), clean, noisy, step).mean()

    def denoise(
        self, numbers: torch.Tensor, codes: torch.Tensor, step: torch.Tensor, label: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        with pick_device().autocast():
            return self.networks["denoiser"](numbers, codes, step, label)

    @property
    def most_records(self) -> int:
        """Records whose labels are held at once."""
        return self.networks["multinomial"].spans.most_records if self.sizes else self.config.batch

    def draw(self, n: int, where: Condition) -> Encoded:
        label = None if self.target is None else self.classes(n, where)
        codes = torch.zeros(n, len(self.table.sizes), dtype=torch.long)
        numbers = torch.zeros(n, len(self.table.layout.numbers))
        if label is not None:
            codes[:, self.target] = label
        if "denoiser" in self.networks:
            for rows in torch.arange(n).split(self.most_records):
                part = None if label is None else label[rows].to(self.device)
                drawn_numbers, drawn_codes = self.walk(len(rows), part)
                numbers[rows], codes[rows[:, None], self.diffused] = drawn_numbers.cpu(), drawn_codes.cpu()
        return Encoded(numbers.numpy(), codes.numpy())

    def walk(self, n: int, label: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Numbers and diffused codes of `n` records, from noise."""
        gaussian = self.networks["gaussian"]
        least = [scale.least for scale in self.table.scales.values()]
        limit = -torch.special.ndtri(torch.tensor(least, device=self.device))
        numbers = torch.randn(n, len(self.table.layout.numbers), device=self.device)
        codes = torch.zeros(n, 0, dtype=torch.long, device=self.device)
        if self.sizes:
            codes = self.networks["multinomial"].even(n)
        for number in reversed(range(self.config.timesteps)):
            step = torch.tensor([number], device=self.device)
            said, logits = self.denoise(numbers, codes, step, label)
            start = gaussian.start(numbers, said, step).clamp(-limit, limit)
            numbers = gaussian.previous(numbers, start, step)
            if self.sizes:
                multinomial = self.networks["multinomial"]
                codes = multinomial.previous(multinomial.spans.log_softmax(logits), codes, step)
        return numbers, codes

    def classes(self, n: int, where: Condition) -> torch.Tensor:
        """Codes of the target (n,), as often as train has them among those that the condition lets through."""
        labels, wanted = self.table.labels[self.schema.target], where.get(self.schema.target)
        shares = np.array(labels.shares)
        if isinstance(wanted, OneOf):
            shares = np.where([value in wanted.values for value in labels.values], shares, 0.0)
            if not shares.any():
                raise BenchError(f"no train record has {wanted.describe(self.schema.target)}")
        return torch.multinomial(torch.from_numpy(shares), n, replacement=True)
