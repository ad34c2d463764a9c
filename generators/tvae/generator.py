"""TVAE as a generator of tables.

Source: Xu et al. 2019, "Modeling Tabular data using Conditional GAN" (arXiv 1907.00503), section 4.5. The package of
its authors takes the likeliest mode and label of a latent; here they are drawn, as the model says.
"""

from __future__ import annotations

import torch
from torch import nn

from bench.condition import Condition
from bench.progress import Progress
from generators.columns import Encoded
from generators.training.checkpoint import Checkpoint
from generators.training.loop import train as train_loop
from generators.training.mode_table import ModeTableGenerator
from generators.tvae.config import TVAEConfig
from generators.tvae.model import Decoder, Encoder, kl, reconstruction


class TVAE(ModeTableGenerator):
    """A latent from the prior, decoded; a missing number is a mode of its own. Conditions are met by rejection."""

    Config = TVAEConfig
    config: TVAEConfig

    def build(self) -> nn.ModuleDict:
        config, width = self.config, self.table.blocks.width
        return nn.ModuleDict(
            {
                "encoder": Encoder(width, config.width, config.latent_size),
                "decoder": Decoder(config.latent_size, config.width, width, len(self.table.modes)),
            }
        )

    def train(self, train: Encoded, validation: Encoded, progress: Progress, checkpoint: Checkpoint | None) -> None:
        config, blocks = self.config, self.table.blocks
        encoder, decoder = self.networks["encoder"], self.networks["decoder"]
        adam = torch.optim.Adam(
            self.networks.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        batch = min(config.batch, len(train))
        numbers, codes = (torch.from_numpy(part).to(self.device) for part in (train.numbers, train.codes))

        def step(number: int) -> dict[str, float]:
            rows = torch.randint(len(train), (batch,)).to(self.device)
            record = numbers[rows], codes[rows]
            mean, log_variance = encoder(blocks.matrix(*record))
            latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
            spelled = reconstruction(decoder(latent), *record, blocks, decoder.deviation).mean()
            divergence = kl(mean, log_variance).mean()
            adam.zero_grad()
            (config.reconstruction_weight * spelled + divergence).backward()
            adam.step()
            decoder.hold()
            return {"nats": spelled.item(), "kl": divergence.item()}

        passes = config.epochs * -(-len(train) // batch)
        steps = min(passes, config.steps) if config.steps else passes
        parts = {"networks": self.networks, "adam": adam}
        train_loop(parts, step, steps=steps, name="tvae", progress=progress, checkpoint=checkpoint)

    def draw(self, n: int, where: Condition) -> Encoded:
        latent = torch.randn(n, self.config.latent_size).to(self.device)
        decoder = self.networks["decoder"]
        raw = decoder(latent)
        places = raw[:, : self.table.blocks.places].tanh()
        noise = torch.randn(places.shape).to(self.device)
        codes = self.table.blocks.draw(raw)
        return Encoded((places + decoder.deviation * noise).cpu().numpy(), codes.cpu().numpy())
