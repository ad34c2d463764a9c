"""CoDi as a generator of tables.

Source: Lee, Kim and Park 2023, "CoDi: Co-evolving Contrastive Diffusion Models for Mixed-type Tabular Synthesis"
(arXiv 2304.12654). Where the paper and the code of its authors differ, this follows the paper: one-hot vectors are
read as such, the bound is the sum over labels, and the cross-entropies of the contrastive loss are those of the
predicted probabilities. The code also clips every noisy sample to -1..1, and keeps the weights that train the best
classifier; here the expected clean numbers are clipped, and the weights are averaged.
"""

from __future__ import annotations

import copy

import pandas as pd
import torch
from torch import nn

from bench.condition import Condition
from bench.progress import Progress
from bench.records import Schema
from generators.codi.config import CoDiConfig
from generators.codi.model import TabularUNet, contrast_of_categories, contrast_of_numbers
from generators.codi.ranges import RangeTable
from generators.columns import Encoded
from generators.ddpm.gaussian import GaussianDiffusion
from generators.ddpm.multinomial import MultinomialDiffusion
from generators.ddpm.schedule import linear_betas
from generators.training.average import put_weights, update_average
from generators.training.checkpoint import Checkpoint
from generators.training.device import pick_device
from generators.training.loop import train as train_loop
from generators.training.neural import NeuralTable


class CoDi(NeuralTable):
    """A diffusion of the numbers and one of the categories, each conditioned on the other's noisy sample.

    Whether a number is missing is a category. A table without numbers, or without categories, has one diffusion
    without condition and without contrastive loss. Conditions are met by rejection.
    """

    Config = CoDiConfig
    config: CoDiConfig
    table: RangeTable

    @staticmethod
    def learn_table(train: pd.DataFrame, schema: Schema, seed: int) -> RangeTable:
        return RangeTable.learn(train, schema)

    @staticmethod
    def restore_table(state: dict[str, object], schema: Schema) -> RangeTable:
        return RangeTable.restore(state, schema)

    def build(self) -> nn.ModuleDict:
        config, numbers, sizes = self.config, len(self.table.layout.numbers), self.table.sizes
        betas = linear_betas(config.timesteps, config.first_beta, config.last_beta)
        networks = nn.ModuleDict()
        if numbers:
            networks["numbers"] = TabularUNet(numbers, (), 0, sizes, config.widths, config.number_embedding)
            networks["gaussian"] = GaussianDiffusion(betas, "small")
        if sizes:
            networks["categories"] = TabularUNet(0, sizes, numbers, (), config.widths, config.category_embedding)
            # as in the code: the square root, so that both keep the same share of the signal
            networks["multinomial"] = MultinomialDiffusion(sizes, 1 - (1 - betas).sqrt())
        return networks

    @property
    def learners(self) -> nn.ModuleDict:
        """The networks that are trained."""
        return nn.ModuleDict({name: self.networks[name] for name in ("numbers", "categories") if name in self.networks})

    @property
    def most_records(self) -> int:
        """Records whose labels are held at once."""
        return self.networks["multinomial"].spans.most_records if self.table.sizes else self.config.batch

    def train(self, train: Encoded, validation: Encoded, progress: Progress, checkpoint: Checkpoint | None) -> None:
        config, learners = self.config, self.learners
        if not learners:
            return
        numbers = torch.from_numpy(train.numbers).to(self.device)
        codes = torch.from_numpy(train.codes).to(self.device)
        batch = min(config.batch, len(train))
        passes = config.epochs * -(-len(train) // batch)
        steps = min(passes, config.steps) if config.steps else passes
        warmup = max(1, min(config.warmup_steps, steps // 10))
        adam = torch.optim.Adam(learners.parameters(), lr=config.learning_rate, fused=True)
        warming = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: min(1.0, (step + 1) / warmup))
        average = copy.deepcopy(learners).requires_grad_(False)

        def step(number: int) -> dict[str, float]:
            rows = torch.randint(len(train), (batch,)).to(self.device)
            adam.zero_grad()
            shown = self.learn(numbers[rows], codes[rows])
            for network in learners.values():
                nn.utils.clip_grad_norm_(network.parameters(), config.clip)
            adam.step()
            warming.step()
            update_average(average.parameters(), learners.parameters(), config.ema_decay, number)
            return shown

        parts = {"learners": learners, "average": average, "adam": adam, "warming": warming}
        train_loop(parts, step, steps=steps, name="codi", progress=progress, checkpoint=checkpoint)
        put_weights(learners, dict(average.named_parameters()))

    def learn(self, numbers: torch.Tensor, codes: torch.Tensor) -> dict[str, float]:
        """Add the gradients of the losses of a batch (batch, numbers), (batch, choices); as many parts as fit."""
        totals: dict[str, float] = {}
        for rows in torch.arange(len(codes), device=codes.device).split(self.most_records):
            losses = self.losses(numbers[rows], codes[rows])
            share = len(rows) / len(codes)
            (sum(losses.values()) * share).backward()
            for name, loss in losses.items():
                totals[name] = totals.get(name, 0.0) + loss.item() * share
        return totals

    def losses(self, numbers: torch.Tensor, codes: torch.Tensor) -> dict[str, torch.Tensor]:
        """Diffusion and contrastive loss of both networks, of clean records."""
        config, networks, n = self.config, dict(self.networks.items()), len(codes)
        step = torch.randint(config.timesteps, (n,)).to(self.device)
        other = torch.randperm(n).to(self.device)
        noise = torch.randn_like(numbers)
        gaussian = networks.get("gaussian")
        multinomial = networks.get("multinomial")
        noisy_numbers, noisy_codes = numbers, codes
        # the negative condition is noise of another record, at the step of this one
        other_numbers, other_codes = numbers[other], codes[other]
        if gaussian is not None:
            noisy_numbers = gaussian.noisy(numbers, noise, step)
            other_numbers = gaussian.noisy(other_numbers, torch.randn_like(noise), step)
        if multinomial is not None:
            noisy_codes = multinomial.noisy(codes, step)
            other_codes = multinomial.noisy(other_codes, step)
        both = gaussian is not None and multinomial is not None
        losses = {}
        if gaussian is not None:
            said = self.noise_of(noisy_numbers, noisy_codes, step)
            losses["mse"] = (said - noise).square().mean()
            if both:
                negative = self.noise_of(noisy_numbers, other_codes, step)
                losses["contrast of numbers"] = config.contrast * contrast_of_numbers(
                    numbers,
                    gaussian.start(noisy_numbers, said, step),
                    gaussian.start(noisy_numbers, negative, step),
                    config.margin,
                )
        if multinomial is not None:
            said = self.labels_of(noisy_codes, noisy_numbers, step)
            losses["nats"] = config.timesteps * multinomial.loss(said, codes, noisy_codes, step).mean()
            if both:
                negative = self.labels_of(noisy_codes, other_numbers, step)
                losses["contrast of categories"] = config.contrast * contrast_of_categories(
                    multinomial.spans, codes, said, negative, config.margin
                )
        return losses

    def noise_of(self, numbers: torch.Tensor, codes: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """The noise of numbers, given noisy codes of the same step; (batch, numbers)."""
        with pick_device().autocast():
            return self.networks["numbers"](numbers, codes[:, :0], step, numbers[:, :0], codes).T

    def labels_of(self, codes: torch.Tensor, numbers: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """Log-probabilities of the clean labels, given noisy numbers of the same step; (labels, batch)."""
        with pick_device().autocast():
            logits = self.networks["categories"](numbers[:, :0], codes, step, numbers, codes[:, :0])
        return self.networks["multinomial"].spans.log_softmax(logits)

    def draw(self, n: int, where: Condition) -> Encoded:
        numbers = torch.zeros(n, len(self.table.layout.numbers))
        codes = torch.zeros(n, len(self.table.sizes), dtype=torch.long)
        for rows in torch.arange(n).split(self.most_records):
            drawn_numbers, drawn_codes = self.walk(len(rows))
            numbers[rows], codes[rows] = drawn_numbers.cpu(), drawn_codes.cpu()
        return Encoded(numbers.numpy(), codes.numpy())

    def walk(self, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Numbers and codes of `n` records from noise, one step of both at a time."""
        networks = self.networks
        numbers = torch.randn(n, len(self.table.layout.numbers), device=self.device)
        codes = torch.zeros(n, len(self.table.sizes), dtype=torch.long, device=self.device)
        if "multinomial" in networks:
            codes = networks["multinomial"].even(n)
        for number in reversed(range(self.config.timesteps)):
            step = torch.tensor([number], device=self.device)
            next_numbers, next_codes = numbers, codes
            if "gaussian" in networks:
                gaussian = networks["gaussian"]
                start = gaussian.start(numbers, self.noise_of(numbers, codes, step), step).clamp(-1, 1)
                next_numbers = gaussian.previous(numbers, start, step)
            if "multinomial" in networks:
                next_codes = networks["multinomial"].previous(self.labels_of(codes, numbers, step), codes, step)
            numbers, codes = next_numbers, next_codes
        return numbers, codes
