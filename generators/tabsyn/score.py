"""The score model: EDM on standardised latents.

Source: TabSyn (Zhang et al. 2024, arXiv 2310.09656), section 3.3 and appendix D.2 for the network; Karras et al. 2022
for preconditioning, loss and sampler, which `generators.edm` has. The authors' code divides centred latents by 2,
embeds the noise level by 512 frequencies of at most 1, and stops by the loss on train. Here every dimension has EDM's
standard deviation, the frequencies are those of `generators.edm`, the last layer starts from zeros, and validation
says when to stop.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from bench.progress import Progress
from generators.edm.denoiser import SIGMA_DATA, Denoiser, ResidualNetwork, zeroed
from generators.edm.loss import denoising_loss
from generators.tabsyn.config import TabSynConfig
from generators.tabsyn.schedule import cosine
from generators.training.average import update_average
from generators.training.checkpoint import Checkpoint
from generators.training.device import pick_device
from generators.training.loop import train as train_loop

# latents that are looked at after every pass
WATCHED = 4096
# of the learning rate, where the loss has had no new best for so many passes; of the authors' code
PLATEAU = {"factor": 0.9, "patience": 20}


class Perceptron(nn.Module):
    """Four layers on (scaled latent (batch, latent), context (batch, width)), the inner ones twice as wide."""

    def __init__(self, latent_size: int, width: int) -> None:
        super().__init__()
        self.read = nn.Linear(latent_size, width)
        self.layers = nn.Sequential(
            nn.Linear(width, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, width),
            nn.SiLU(),
        )
        self.write = zeroed(nn.Linear(width, latent_size))

    def forward(self, latent: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        return self.write(self.layers(self.read(latent) + context))


class Lowered(nn.Module):
    """A network whose matrix products are in bfloat16 where the hardware has it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.device = network, pick_device()

    def forward(self, latent: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        with self.device.autocast():
            return self.network(latent, context).float()


class Scale(nn.Module):
    """Latents <-> what the score model sees: centred, every dimension with EDM's standard deviation of the data."""

    def __init__(self, latent_size: int) -> None:
        super().__init__()
        self.centre = nn.Buffer(torch.zeros(latent_size))
        self.factor = nn.Buffer(torch.ones(latent_size))

    def learn(self, latent: torch.Tensor) -> None:
        self.centre.copy_(latent.mean(dim=0))
        deviation = latent.std(dim=0, correction=0)
        # a dimension that never moves stays where it is
        self.factor.copy_(torch.where(deviation > 1e-6, deviation / SIGMA_DATA, 1.0))

    def scaled(self, latent: torch.Tensor) -> torch.Tensor:
        return (latent - self.centre) / self.factor

    def restored(self, scaled: torch.Tensor) -> torch.Tensor:
        return scaled * self.factor + self.centre


def build_score_model(latent_size: int, config: TabSynConfig) -> Denoiser:
    """A score model with random weights from torch's global state."""
    if config.network == "residual":
        network: nn.Module = ResidualNetwork(latent_size, config.width, config.blocks)
    else:
        network = Perceptron(latent_size, config.width)
    return Denoiser(Lowered(network), config.width)


def train_score_model(
    denoiser: Denoiser,
    train: torch.Tensor,
    validation: torch.Tensor,
    config: TabSynConfig,
    *,
    progress: Progress,
    checkpoint: Checkpoint | None,
) -> None:
    """Fit a denoiser in place to scaled latents (records, latent), with randomness from torch's global state."""
    batch = min(config.diffusion_batch, len(train))
    a_pass = -(-len(train) // batch)
    steps = min(config.diffusion_epochs * a_pass, config.diffusion_steps or config.diffusion_epochs * a_pass)
    adam = torch.optim.Adam(denoiser.parameters(), lr=config.diffusion_learning_rate, fused=True)
    average = copy.deepcopy(denoiser).requires_grad_(False)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(adam, **PLATEAU)
    parts = {"denoiser": denoiser, "average": average, "adam": adam, "plateau": plateau}
    watched = (validation if len(validation) else train)[:WATCHED]

    def step(number: int) -> dict[str, float]:
        if config.schedule == "budget":
            adam.param_groups[0]["lr"] = config.diffusion_learning_rate * cosine(number / steps)
        rows = torch.randint(len(train), (batch,)).to(train.device)
        loss = denoising_loss(denoiser, train[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
        update_average(average.parameters(), denoiser.parameters(), config.ema_decay, number)
        return {"loss": loss.item()}

    @torch.no_grad()
    def validate() -> float:
        # the same noise at every check, so that what differs is the network
        noise = torch.Generator().manual_seed(0)
        losses = [denoising_loss(average, some, noise).item() * len(some) for some in watched.split(batch)]
        loss = sum(losses) / len(watched)
        plateau.step(loss)
        return loss

    train_loop(
        parts,
        step,
        steps=steps,
        name="score model",
        progress=progress,
        validate=validate if config.schedule == "plateau" else None,
        check_every=a_pass,
        patience=config.diffusion_patience,
        checkpoint=checkpoint,
    )
    denoiser.load_state_dict(average.state_dict())
