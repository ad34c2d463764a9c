"""CTGAN as a generator of tables.

Source: Xu et al. 2019, "Modeling Tabular data using Conditional GAN" (arXiv 1907.00503).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from bench.condition import Condition, OneOf
from bench.errors import BenchError
from bench.progress import Progress
from generators.columns import Encoded
from generators.ctgan.conditions import Conditions, Drawn, RowsByLabel
from generators.ctgan.config import CTGANConfig
from generators.ctgan.model import Discriminator, GeneratorNetwork, activate, gradient_penalty
from generators.training.checkpoint import Checkpoint
from generators.training.loop import train as train_loop
from generators.training.mode_table import ModeTableGenerator


class CTGAN(ModeTableGenerator):
    """A generator that learns from a discriminator's judgement of ten records at a time.

    A missing number is a mode of its own. A condition that names one label of a categorical column is given to
    the network, as in the paper, and what does not fulfil it is rejected; other conditions are met by rejection.
    """

    Config = CTGANConfig
    config: CTGANConfig

    @property
    def labels_of_columns(self) -> tuple[int, ...]:
        """How many labels every categorical column has."""
        return self.table.sizes[len(self.table.modes) :]

    def build(self) -> nn.ModuleDict:
        config, labels = self.config, sum(self.labels_of_columns)
        if config.batch % config.pack:
            raise BenchError(f"CTGAN: batch = {config.batch} is no multiple of pack = {config.pack}")
        networks = nn.ModuleDict()
        networks["generator"] = GeneratorNetwork(config.noise_size + labels, config.width, self.table.width)
        networks["discriminator"] = Discriminator(self.table.width + labels, config.width, config.pack, config.dropout)
        shares = [share for column in self.table.labels.values() for share in column.shares]
        # what conditions are drawn from belongs to what is saved
        networks["generator"].register_buffer("shares", torch.tensor(shares))
        return networks

    def train(self, train: Encoded, validation: Encoded, progress: Progress, checkpoint: Checkpoint | None) -> None:
        config, numbers = self.config, len(self.table.modes)
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        codes = torch.from_numpy(train.codes[:, numbers:])
        rows_by_label = RowsByLabel(codes, self.labels_of_columns)
        conditions = Conditions(self.labels_of_columns, generator.shares.cpu() * len(train))
        betas = (0.5, 0.9)
        generator_adam = torch.optim.Adam(
            generator.parameters(), config.learning_rate, betas, weight_decay=config.weight_decay
        )
        discriminator_adam = torch.optim.Adam(discriminator.parameters(), config.learning_rate, betas)

        def real_rows(drawn: Drawn | None) -> torch.Tensor:
            rows = torch.randint(len(train), (config.batch,)) if drawn is None else rows_by_label.find(drawn)
            return self.table.matrix(train[rows.numpy()]).to(self.device)

        def step(number: int) -> dict[str, float]:
            drawn = conditions.draw(config.batch, even=True) if self.labels_of_columns else None
            with torch.no_grad():
                fake = self.with_condition(self.make(config.batch, drawn)[1], drawn)
            # the real records of the same conditions in another order, so that no pack is a pair
            other = drawn
            if drawn is not None:
                order = torch.randperm(config.batch)
                other = Drawn(drawn.vector[order], drawn.column[order], drawn.label[order])
            real = self.with_condition(real_rows(other), other)
            scores = discriminator(fake).mean() - discriminator(real).mean()
            penalty = config.penalty * gradient_penalty(discriminator, real, fake, config.pack)
            update(discriminator_adam, scores + penalty)

            drawn = conditions.draw(config.batch, even=True) if self.labels_of_columns else None
            raw, fake = self.make(config.batch, drawn)
            loss = -discriminator(self.with_condition(fake, drawn)).mean()
            if drawn is not None:
                loss = loss + self.condition_loss(raw, drawn)
            update(generator_adam, loss)
            return {"distance": -scores.item()}

        parts = {
            "networks": self.networks,
            "generator_adam": generator_adam,
            "discriminator_adam": discriminator_adam,
        }
        passes = config.epochs * max(1, len(train) // config.batch)
        steps = min(passes, config.steps) if config.steps else passes
        self.networks.train()
        train_loop(parts, step, steps=steps, name="ctgan", progress=progress, checkpoint=checkpoint)

    def make(self, batch: int, drawn: Drawn | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Raw outputs and fake rows of the matrix, (batch, width) each."""
        noise = torch.randn(batch, self.config.noise_size)
        given = noise if drawn is None else torch.cat([noise, drawn.vector], dim=1)
        raw = self.networks["generator"](given.to(self.device))
        return raw, activate(raw, self.spans, self.config.temperature)

    def with_condition(self, rows: torch.Tensor, drawn: Drawn | None) -> torch.Tensor:
        return rows if drawn is None else torch.cat([rows, drawn.vector.to(self.device)], dim=1)

    def condition_loss(self, raw: torch.Tensor, drawn: Drawn) -> torch.Tensor:
        """Cross-entropy between the condition and what was made of its column, mean over the batch."""
        spans = [span for span in self.spans if span.kind == "choice"][len(self.table.modes) :]
        total = raw.new_zeros(())
        for place, span in enumerate(spans):
            rows = drawn.column == place
            if rows.any():
                part = raw[rows.to(self.device), span.start : span.end]
                total = total + functional.cross_entropy(part, drawn.label[rows].to(self.device), reduction="sum")
        return total / len(raw)

    def draw(self, n: int, where: Condition) -> Encoded:
        drawn = self.conditions_of(n, where) if self.labels_of_columns else None
        # batch normalisation with running statistics, Gumbel noise as in training
        made = self.make(n, drawn)[1].cpu()
        numbers, codes = [], []
        for span in self.spans:
            part = made[:, span.start : span.end]
            if span.kind == "place":
                numbers.append(part[:, 0])
            else:
                codes.append(part.argmax(dim=1))
        return self.encoded(n, numbers, codes)

    def conditions_of(self, n: int, where: Condition) -> Drawn:
        """Conditions as frequent as in train, or those of the first categorical column that has one."""
        conditions = Conditions(self.labels_of_columns, self.networks["generator"].shares.cpu())
        for place, (name, labels) in enumerate(self.table.labels.items()):
            wanted = where.get(name)
            if isinstance(wanted, OneOf):
                codes = [code for code, value in enumerate(labels.values) if value in wanted.values]
                shares = torch.tensor([labels.shares[code] for code in codes])
                if not codes:
                    raise BenchError(f"no train record has {wanted.describe(name)}")
                label = torch.tensor(codes)[torch.multinomial(shares, n, replacement=True)]
                return conditions.of(torch.full((n,), place), label)
        return conditions.draw(n, even=False)


def update(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
