"""The prior over latents that sampling draws from: scaling, latent diffusion, posterior noise.

Source: DiffLM (arXiv 2411.03250), section 3.3: the latents are centred and divided by 2. What differs
is the target: by default posterior means are learnt and posterior noise is added when sampling, since
the noise of posterior samples hides the structure of the data from the diffusion.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from bench.errors import BenchError
from bench.progress import Progress
from generators.difflm.config import DiffLMConfig
from generators.difflm.diffusion import train_denoiser
from generators.difflm.moments import moment_map
from generators.edm.denoiser import Denoiser, build_denoiser
from generators.edm.sampler import guided, sample_latents
from generators.training.checkpoint import Checkpoint

SCALE = 2.0
PARTS = ("centre", "deviation", "matrix", "offset")  # of a LatentModel, beside its denoiser
PREFIX = "denoiser."  # of its weights in a state
CHUNK = 1024  # latents that are drawn together: bounds the memory, and what a CPU's cache holds is fastest


@dataclass(frozen=True)
class LatentModel:
    """A fitted prior over latents, on one device.

    Args:
        denoiser: of centred and scaled latents.
        centre: (latent,) mean of the latents.
        deviation: (latent,) standard deviation of the noise that drawing adds; zeros for none.
        matrix, offset: (latent, latent) and (latent,), what is done to latents that are drawn without a
            condition before noise is added, see `moments.py`.
    """

    denoiser: Denoiser
    centre: torch.Tensor
    deviation: torch.Tensor
    matrix: torch.Tensor
    offset: torch.Tensor

    def draw(
        self,
        n: int,
        *,
        config: DiffLMConfig,
        generator: torch.Generator,
        condition: torch.Tensor | None = None,
        guidance: float = 1.0,
    ) -> torch.Tensor:
        """Latents (n, latent), float32 on the model's device. Call it outside autocast.

        Args:
            n: how many.
            config: sampler, its steps and churn.
            generator: of all noise, on the CPU.
            condition: (n, columns) int64 token ids, -1 where a column is open; None where all are.
            guidance: weight of the condition; 1 draws from the learnt conditional.

        Raises:
            BenchError: a condition for a denoiser that learnt none, or latents that are not finite.
        """
        if condition is not None and self.denoiser.condition is None:
            raise BenchError(
                "this latent diffusion learnt no conditions; fit a table with where = guidance, "
                "or sample with where = rejection"
            )
        device = self.centre.device
        latents = torch.empty(n, len(self.centre), device=device)
        for first in range(0, n, CHUNK):
            chunk = latents[first : first + CHUNK]
            given = None if condition is None else condition[first : first + CHUNK].to(device)
            noise = torch.randn(2, *chunk.shape, generator=generator).to(device)
            scaled = sample_latents(
                guided(self.denoiser, given, guidance),
                noise[0],
                steps=config.sampler_steps,
                sampler=config.sampler,
                churn=config.churn,
                generator=generator,
            )
            clean = scaled * SCALE + self.centre
            if given is None:
                clean = clean @ self.matrix.T + self.offset
            chunk.copy_(clean + self.deviation * noise[1])
        broken = int((~torch.isfinite(latents)).any(dim=1).sum())
        if broken:
            raise BenchError(
                f"{broken} of {n} latents drawn by the diffusion are not finite; lower guidance, "
                "or fit again with a lower diffusion_learning_rate"
            )
        return latents

    def state(self) -> dict[str, torch.Tensor]:
        """All that `restore` needs, by name."""
        weights = {PREFIX + name: value for name, value in self.denoiser.state_dict().items()}
        return {**weights, **{name: getattr(self, name) for name in PARTS}}

    @classmethod
    def restore(cls, state: dict[str, torch.Tensor], config: DiffLMConfig) -> LatentModel:
        """The model of a `state`, on the device of its tensors."""
        centre, embedding = state["centre"], state.get("denoiser.condition.weight")
        vocabulary = 0 if embedding is None else len(embedding) - 1
        denoiser = build_network(config, len(centre), vocabulary, seed=0).to(centre.device)
        weights = {name.removeprefix(PREFIX): value for name, value in state.items() if name.startswith(PREFIX)}
        denoiser.load_state_dict(weights)
        return cls(denoiser.requires_grad_(False), *(state[name] for name in PARTS))


def fit_latent_model(
    mean: torch.Tensor,
    deviation: torch.Tensor,
    config: DiffLMConfig,
    *,
    conditions: torch.Tensor | None = None,
    vocabulary: int = 0,
    generator: torch.Generator,
    progress: Progress,
    checkpoint: Checkpoint | None = None,
) -> LatentModel:
    """Learn the distribution of the latents of the train records.

    Args:
        mean: (records, latent) posterior means, on the device to train on.
        deviation: (records, latent) posterior standard deviations.
        config: what to learn (`diffusion_target`, `condition_dropout`), network and optimiser.
        conditions: (records, columns) int64 token ids of the columns; None for an unconditional diffusion.
        vocabulary: number of token ids; 0 without conditions.
        generator: the only source of randomness, on the CPU.
        progress: where to report to.
        checkpoint: from which a training that was killed goes on; None for none.

    Raises:
        BenchError: a posterior or the loss is not finite.
    """
    mean, deviation = mean.float(), deviation.float()
    broken = int((~torch.isfinite(mean + deviation)).any(dim=1).sum())
    if broken:
        raise BenchError(
            f"the latents of {broken} of {len(mean)} records are not finite: the autoencoder diverged; "
            "lower learning_rate"
        )
    if conditions is None or config.condition_dropout >= 1:
        conditions, vocabulary = None, 0
    else:
        conditions = conditions.to(mean.device)
    seed = int(torch.randint(2**31, (), generator=generator))
    learns_means = config.diffusion_target == "mean"
    centre, noise = mean.mean(dim=0), deviation.mean(dim=0)
    denoiser = train_denoiser(
        build_network(config, mean.shape[1], vocabulary, seed).to(mean.device),
        (mean - centre) / SCALE,
        None if learns_means else deviation / SCALE,
        conditions,
        config,
        generator=generator,
        progress=progress,
        checkpoint=checkpoint,
    )
    still, identity = torch.zeros_like(noise), torch.eye(len(noise), device=noise.device)
    model = LatentModel(denoiser, centre, still, identity, still.clone())
    if config.matched_draws:
        drawn = model.draw(config.matched_draws, config=config, generator=generator)
        if learns_means:
            wanted = mean
        else:
            wanted = mean + deviation * torch.randn(mean.shape, generator=generator).to(mean.device)
        matrix, offset = moment_map(drawn, wanted)
        model = replace(model, matrix=matrix, offset=offset)
    return replace(model, deviation=noise) if learns_means else model


def build_network(config: DiffLMConfig, latent_size: int, vocabulary: int, seed: int) -> Denoiser:
    """The denoiser that a config asks for, with random weights on the CPU."""
    return build_denoiser(
        config.denoiser,
        latent_size,
        width=config.diffusion_width,
        blocks=config.diffusion_blocks,
        vocabulary=vocabulary,
        seed=seed,
    )
