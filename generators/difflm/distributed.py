"""Several processes that train as one and sample as one, started by `accelerate launch`.

Training: every process holds the same order of records and draws the same noise, and takes every count-th
record of each batch. Means over unequal parts, and a loss that is not linear in the means of the batch
(free bits, the capacity), still give the gradient of the whole batch, see `Team.whole_batch`. Whether
weights are replicated (DDP) or sharded (FSDP2) is the choice of the user's accelerate config.

Sampling: records come in blocks with a seed each, so that they do not depend on the number of processes.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch
from torch import distributed, nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor, distribute_tensor

from bench.errors import BenchError
from generators.difflm.tokens import Tokens
from generators.difflm.vae import Terms, VariationalAutoencoder

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """Which of the processes this is, and how many there are."""

    index: int = 0
    count: int = 1

    @property
    def main(self) -> bool:
        return self.index == 0


def join() -> Processes:
    """The processes that were launched together; this one alone where it was started by itself.

    Must come before anything is put onto an accelerator: it chooses the one that belongs to this process.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes()
    from accelerate import PartialState  # noqa: PLC0415 - takes seconds, and most fits have one process

    state = PartialState(cpu=not torch.cuda.is_available())
    return Processes(state.process_index, state.num_processes)


class Team:
    """The networks and their optimiser as this process works with them.

    With one process these are the ones that were given.

    Args:
        model: the networks, equal in all processes.
        optimiser: of the weights of `model` that are trained.
    """

    def __init__(self, model: VariationalAutoencoder, optimiser: torch.optim.Optimizer) -> None:
        self.processes = join()
        self.given = self.model = model
        self.optimiser = optimiser
        self._forward: nn.Module | None = None
        if self.processes.count > 1:
            self._share(optimiser)

    def _share(self, optimiser: torch.optim.Optimizer) -> None:
        from accelerate import Accelerator  # noqa: PLC0415 - see `join`

        # the weights are the given ones, but sharding changes modules for good: these are ours to spoil
        self.model = copy.deepcopy(self.given, {id(weight): weight for weight in self.given.parameters()})
        # precision is the choice of `device.py`
        accelerator = Accelerator(cpu=not torch.cuda.is_available(), mixed_precision="no")
        kind = accelerator.distributed_type
        if not (accelerator.is_fsdp2 or kind.startswith("MULTI_")):
            wanted = "distributed_type MULTI_GPU, or FSDP with fsdp_version 2"
            raise BenchError(f"the accelerate config asks for {kind.value}, which is not supported; use {wanted}")
        self._forward, prepared = accelerator.prepare(PlainArguments(self.model), optimiser)
        self.optimiser = prepared.optimizer
        for (_, given), (_, ours) in zip(self.given.named_parameters(), self.model.named_parameters(), strict=True):
            if isinstance(ours, DTensor):
                given.data = given.data.new_empty(0)  # a whole copy beside the shards is what sharding is to avoid

    def in_groups(self, tokens: Tokens, noise: torch.Tensor, hidden_inputs: torch.Tensor | None = None) -> Terms:
        """The terms of this process's own records; see `VariationalAutoencoder.in_groups`."""
        if self._forward is None:
            return self.model.in_groups(tokens, noise, hidden_inputs)
        # all processes must gather shards equally often, so each takes its records at once
        return Terms(*self._forward(tokens.ids, tokens.encoder_ids, tokens.states, noise, hidden_inputs))

    @property
    def latent_size(self) -> int:
        return self.model.latent_size

    def train(self, mode: bool = True) -> None:
        """As for any network; what sharding gathered for an evaluation is given up, as weights may change now."""
        (self._forward or self.model).train(mode)
        for module in (self._forward or self.model).modules():
            if isinstance(module, FSDPModule):
                module.reshard()

    @property
    def part(self) -> slice:
        """The records of a batch that are this process's own."""
        return slice(self.processes.index, None, self.processes.count)

    def whole_batch(self, terms: Terms, records: int) -> Terms:
        """The means over a batch of `records` that all processes share, as the terms of one record.

        Their value is that of the whole batch. Their gradient is that of this process's own records, times
        the number of processes: the mean of the gradients that DDP and FSDP take is the whole batch's.
        """
        if self.processes.count == 1:
            return terms
        own = torch.cat([terms.reconstruction[:, None], terms.kl], dim=1).sum(dim=0) * self.processes.count / records
        mean = own.detach().clone()
        distributed.all_reduce(mean)
        mean = own + (mean / self.processes.count - own.detach())
        return replace(terms, reconstruction=mean[:1], kl=mean[None, 1:])

    def agree(self, value: T) -> T:
        """What the main process says."""
        if self.processes.count == 1:
            return value
        said = [value]
        distributed.broadcast_object_list(said)
        return said[0]

    def everyone(self, value: T) -> list[T]:
        """What every process says, in their order."""
        return gather(value, self.processes)

    def finish(self) -> None:
        """Give the weights to the model that was given, whole in every process."""
        for (_, given), (_, ours) in zip(self.given.named_parameters(), self.model.named_parameters(), strict=True):
            if isinstance(ours, DTensor):
                given.data = whole(ours.detach()).to(given.dtype)


class PlainArguments(nn.Module):
    """The autoencoder with tensors in and out, which is where DDP and FSDP look for what they must handle."""

    def __init__(self, model: VariationalAutoencoder) -> None:
        super().__init__()
        self.model = model

    def tie_weights(self) -> None:
        """FSDP unties shared embeddings when it loads them."""
        self.model.decoder.tie_weights()

    def forward(
        self,
        ids: torch.Tensor,
        encoder_ids: torch.Tensor,
        states: torch.Tensor | None,
        noise: torch.Tensor,
        hidden_inputs: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        terms = self.model(Tokens(ids, encoder_ids, states), noise, hidden_inputs)
        # FSDP hangs its hooks on what it returns, and loses them on a view
        return terms.reconstruction, terms.kl, terms.mean.clone()


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of all processes; all of them must ask."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def like(value: torch.Tensor, pattern: torch.Tensor) -> torch.Tensor:
    """A whole tensor, sharded where `pattern` is."""
    if not isinstance(pattern, DTensor):
        return value
    return distribute_tensor(value.to(pattern.device), pattern.device_mesh, pattern.placements)


def whole_weights(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """`whole` for each."""
    return {name: whole(value) for name, value in weights.items()}


def optimiser_state(optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """The optimiser's `state_dict`, its tensors whole."""
    state = optimiser.state_dict()
    return state | {"state": {weight: whole_weights(moments) for weight, moments in state["state"].items()}}


def load_optimiser(optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """What `optimiser_state` gave, for the weights that this process holds."""
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    parts = {
        index: {
            name: like(value, weights[index]) if value.shape == weights[index].shape else value
            for name, value in moments.items()
        }
        for index, moments in state["state"].items()
    }
    optimiser.load_state_dict(state | {"state": parts})


def gather(value: T, processes: Processes) -> list[T]:
    """What every process says, in their order, in every process."""
    if processes.count == 1:
        return [value]
    said: list[T] = [value] * processes.count
    distributed.all_gather_object(said, value)
    return said


def draw_blocks(n: int, size: int, seed: int, draw: Callable[[int, torch.Generator], T]) -> list[T]:
    """Draw `n` records in blocks, shared out among the processes; the result is the same for any number of them.

    Args:
        n: records.
        size: of a block; the last one may be smaller.
        seed: every block has a generator of its own that follows from it.
        draw: makes one block, given its number of records and its generator.

    Returns:
        What `draw` made, in order, in every process.
    """
    processes = join()
    lengths = [min(size, n - first) for first in range(0, n, size)]
    own = [
        draw(lengths[block], block_generator(seed, block))
        for block in range(processes.index, len(lengths), processes.count)
    ]
    parts = gather(own, processes)
    return [parts[block % processes.count][block // processes.count] for block in range(len(lengths))]


def block_generator(seed: int, block: int) -> torch.Generator:
    """Independent of those of other blocks and seeds."""
    state = np.random.SeedSequence([seed, block]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]))
