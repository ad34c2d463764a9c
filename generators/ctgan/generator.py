"""CTGAN as a generator of tables.

Source: Xu et al. 2019, "Modeling Tabular data using Conditional GAN" (arXiv 1907.00503). The package of its authors
samples with labels as frequent as in training, by logarithms, and normalises by the batch that is drawn; here they
are as frequent as in the data, as the paper says, and a record does not depend on those drawn beside it.
"""

from __future__ import annotations

import torch
from torch import nn

from bench.condition import Condition, OneOf
from bench.errors import BenchError
from bench.progress import Progress
from generators.columns import Encoded
from generators.ctgan.conditions import Conditions, Drawn, RowsByLabel
from generators.ctgan.config import CTGANConfig
from generators.ctgan.model import Discriminator, GeneratorNetwork, gradient_penalty
from generators.training.checkpoint import Checkpoint
from generators.training.loop import train as train_loop
from generators.training.mode_table import ModeTableGenerator

BETAS = (0.5, 0.9)  # of both Adams


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
        config, labels, width = self.config, sum(self.labels_of_columns), self.table.blocks.width
        if config.batch % config.pack:
            raise BenchError(f"CTGAN: batch = {config.batch} is no multiple of pack = {config.pack}")
        networks = nn.ModuleDict()
        networks["generator"] = GeneratorNetwork(config.noise_size, labels, config.width, width)
        networks["discriminator"] = Discriminator(width + labels, config.width, config.pack, config.dropout)
        shares = [share for column in self.table.labels.values() for share in column.shares]
        # what conditions are drawn from belongs to what is saved
        networks["generator"].register_buffer("shares", torch.tensor(shares))
        return networks

    def train(self, train: Encoded, validation: Encoded, progress: Progress, checkpoint: Checkpoint | None) -> None:
        config, blocks = self.config, self.table.blocks
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        options = {"lr": config.learning_rate, "betas": BETAS, "weight_decay": config.weight_decay, "fused": True}
        generator_adam = torch.optim.Adam(generator.parameters(), **options)
        discriminator_adam = torch.optim.Adam(discriminator.parameters(), **options)
        numbers, codes = (torch.from_numpy(part).to(self.device) for part in (train.numbers, train.codes))
        conditions = rows_by_label = None
        if self.labels_of_columns:
            labels = torch.from_numpy(train.codes[:, len(self.table.modes) :])
            rows_by_label = RowsByLabel(labels, self.labels_of_columns)
            conditions = Conditions(self.labels_of_columns, rows_by_label.counts)

        def draw() -> Drawn | None:
            return None if conditions is None else conditions.draw(config.batch, even=True)

        def real_rows(drawn: Drawn | None) -> torch.Tensor:
            rows = torch.randint(len(train), (config.batch,)) if drawn is None else rows_by_label.find(drawn)
            rows = rows.to(self.device)
            return blocks.matrix(numbers[rows], codes[rows])

        def step(number: int) -> dict[str, float]:
            drawn = draw()
            with torch.no_grad():
                fake = blocks.gumbel_softmax(self.raw(config.batch, drawn), config.temperature)
            fake = self.with_condition(fake, drawn)
            # the real records of the same conditions in another order, so that no pack is a pair
            other = None if drawn is None else drawn[torch.randperm(config.batch)]
            real = self.with_condition(real_rows(other), other)
            of_fake, of_real = discriminator(torch.cat([fake, real])).chunk(2)
            distance = of_real.mean() - of_fake.mean()
            update(discriminator_adam, config.penalty * gradient_penalty(discriminator, real, fake) - distance)

            drawn = draw()
            raw = self.raw(config.batch, drawn)
            fake = blocks.gumbel_softmax(raw, config.temperature)
            loss = -discriminator(self.with_condition(fake, drawn)).mean()
            if drawn is not None:
                loss = loss + self.condition_loss(raw, drawn)
            update(generator_adam, loss)
            return {"distance": distance.item()}

        parts = {
            "networks": self.networks,
            "generator_adam": generator_adam,
            "discriminator_adam": discriminator_adam,
        }
        passes = config.epochs * max(1, len(train) // config.batch)
        steps = min(passes, config.steps) if config.steps else passes
        self.networks.train()
        train_loop(parts, step, steps=steps, name="ctgan", progress=progress, checkpoint=checkpoint)

    def raw(self, batch: int, drawn: Drawn | None) -> torch.Tensor:
        """What the generator says of noise, (batch, width)."""
        noise = torch.randn(batch, self.config.noise_size).to(self.device)
        return self.networks["generator"](noise, None if drawn is None else drawn.option.to(self.device))

    def with_condition(self, rows: torch.Tensor, drawn: Drawn | None) -> torch.Tensor:
        """Rows of the matrix with the condition beside them, one-hot."""
        if drawn is None:
            return rows
        vector = rows.new_zeros(len(rows), sum(self.labels_of_columns))
        return torch.cat([rows, vector.scatter_(1, drawn.option[:, None].to(rows.device), 1.0)], dim=1)

    def condition_loss(self, raw: torch.Tensor, drawn: Drawn) -> torch.Tensor:
        """Cross-entropy between the condition and what was made of its column, mean over the batch."""
        choice = (len(self.table.modes) + drawn.column)[:, None].to(raw.device)
        return -self.table.blocks.log_likelihood(raw, choice, drawn.label[:, None].to(raw.device)).mean()

    def draw(self, n: int, where: Condition) -> Encoded:
        raw = self.raw(n, self.conditions_of(n, where) if self.labels_of_columns else None)
        places = raw[:, : self.table.blocks.places].tanh()
        return Encoded(places.cpu().numpy(), self.table.blocks.draw(raw).cpu().numpy())

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
    """One step of the weights of an optimiser, and of no others: the other network needs no gradients then."""
    optimiser.zero_grad()
    loss.backward(inputs=[weight for group in optimiser.param_groups for weight in group["params"]])
    optimiser.step()
