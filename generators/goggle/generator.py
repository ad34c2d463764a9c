"""GOGGLE as a generator of tables.

Source: Liu et al. 2023 (ICLR), section 4, and its authors' code (tennisonliu/GOGGLE): steps of the networks
and of the graph take turns, each with an Adam of its own; training ends early on validation. What differs from that
code: a node is a column, not one entry of an encoded vector; values are drawn from their distributions, not taken to
the nearest legal one; the embeddings of the nodes are trained, which its optimisers do not see; the best weights come
back also where training was not ended early.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from bench.condition import Condition
from bench.errors import unknown_name
from bench.progress import Progress
from generators.columns import Encoded, MixedTable
from generators.columns.blocks import padded_groups
from generators.goggle.config import GOGGLEConfig
from generators.goggle.graph import LearntGraph
from generators.goggle.heads import ChoiceHeads, NumberHead
from generators.goggle.model import Decoder, Encoder, kl
from generators.training.checkpoint import Checkpoint
from generators.training.loop import train as train_loop
from generators.training.neural import NeuralTable

# numbers that the states, or the logits, of one slice of records hold together
SLICE = 1 << 23


class GOGGLE(NeuralTable):
    """Latents from the prior, exchanged along the learnt graph. Conditions are met by rejection."""

    Config = GOGGLEConfig
    config: GOGGLEConfig
    table: MixedTable

    @property
    def nodes(self) -> tuple[str, ...]:
        """The columns that are nodes: numbers, then categories."""
        return self.table.layout.numbers + self.table.layout.labels

    def build(self) -> nn.ModuleDict:
        config, layout, sizes = self.config, self.table.layout, self.table.sizes
        nodes, places = len(self.nodes), {name: place for place, name in enumerate(self.nodes)}
        owners = [places[name] for name in (*layout.gaps, *layout.labels)]
        heads = [
            ChoiceHeads(group, [owners[i] for i in group], [sizes[i] for i in group], config.decoder_width)
            for group in padded_groups(sizes)
        ]
        return nn.ModuleDict(
            {
                "graph": LearntGraph(self.known_edges(places), config.threshold),
                "encoder": Encoder(len(layout.numbers), sizes, config.encoder_width, nodes, config.latent_size),
                "decoder": Decoder(nodes, config.latent_size, config.decoder_width, config.rounds),
                "numbers": NumberHead(len(layout.numbers), config.decoder_width),
                "choices": nn.ModuleList(heads),
            }
        )

    def known_edges(self, places: dict[str, int]) -> torch.Tensor:
        """1 where an edge between nodes is known; columns that are empty in train have none."""
        known = torch.zeros(len(places), len(places))
        for edge in self.config.known:
            for name in edge:
                if name not in self.table.schema.names:
                    raise unknown_name("column of a known edge", name, self.table.schema.names)
            if all(name in places for name in edge):
                known[places[edge[0]], places[edge[1]]] = 1
        return known

    def train(self, train: Encoded, validation: Encoded, progress: Progress, checkpoint: Checkpoint | None) -> None:
        if not self.nodes:
            return
        config = self.config
        batch = min(config.batch, len(train))
        epoch = -(-len(train) // batch)
        steps = min(config.epochs * epoch, config.steps or config.epochs * epoch)
        dense_steps = min(config.dense_epochs * epoch, steps // 2)
        numbers, codes = self.tensors(train)
        graph = [self.networks["graph"].raw]
        others = [weight for weight in self.networks.parameters() if weight is not graph[0]]
        adams = {
            "adam": torch.optim.Adam(others, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True),
            "graph_adam": torch.optim.Adam(graph, lr=config.learning_rate, fused=True),
        }

        def step(number: int) -> dict[str, float]:
            rows = torch.randint(len(train), (batch,)).to(self.device)
            nats, divergence, distance = self.bound(numbers[rows], codes[rows], number >= dense_steps)
            loss = nats + config.kl_weight * divergence + config.sparsity_weight * distance
            learnt, adam = (graph, adams["graph_adam"]) if number % 2 else (others, adams["adam"])
            adam.zero_grad()
            loss.backward(inputs=learnt)
            adam.step()
            shown = torch.stack([nats / batch, divergence / batch, distance]).tolist()
            return dict(zip(("nats", "kl", "graph"), shown, strict=True))

        known = validation[np.flatnonzero((validation.codes >= 0).all(axis=1))]
        train_loop(
            {"networks": self.networks, **adams},
            step,
            steps=steps,
            name="goggle",
            progress=progress,
            validate=(lambda: self.validation_loss(known)) if len(known) else None,
            check_every=epoch,
            patience=config.patience,
            checkpoint=checkpoint,
        )

    def tensors(self, records: Encoded) -> tuple[torch.Tensor, torch.Tensor]:
        """Numbers and codes on the device."""
        return torch.from_numpy(records.numbers).to(self.device), torch.from_numpy(records.codes).to(self.device)

    def bound(
        self, numbers: torch.Tensor, codes: torch.Tensor, sparse: bool
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Reconstruction and KL of records in nats, summed, and the distance of the graph to the known one."""
        mean, log_variance = self.networks["encoder"](numbers, codes)
        noise = torch.randn(mean.shape).to(self.device)
        weights = self.networks["graph"](sparse)
        states = self.networks["decoder"](mean + noise * (0.5 * log_variance).exp(), weights)
        nats = self.networks["numbers"].nats(states, numbers)
        nats = nats + sum(heads.nats(states, codes) for heads in self.choices)
        return nats, kl(mean, log_variance), self.networks["graph"].distance(weights)

    @torch.no_grad()
    def validation_loss(self, records: Encoded) -> float:
        """The loss of records without the graph's part, in nats a record, on the graph that is sampled from."""
        total = 0.0
        for first, last in self.slices(len(records)):
            nats, divergence, _ = self.bound(*self.tensors(records[np.arange(first, last)]), sparse=True)
            total += (nats + self.config.kl_weight * divergence).item()
        return total / len(records)

    def slices(self, n: int) -> Iterator[tuple[int, int]]:
        """First and last positions of slices of `n` records that bound the memory."""
        widest = max([len(self.nodes) * self.config.decoder_width, *(heads.mask.numel() for heads in self.choices)])
        size = max(1, SLICE // widest)
        for first in range(0, n, size):
            yield first, min(n, first + size)

    @property
    def choices(self) -> list[ChoiceHeads]:
        return list(self.networks["choices"])

    def draw(self, n: int, where: Condition) -> Encoded:
        numbers = np.zeros((n, len(self.table.layout.numbers)), np.float32)
        codes = np.zeros((n, len(self.table.sizes)), np.int64)
        weights = self.networks["graph"](sparse=True)
        for first, last in self.slices(n):
            latent = torch.randn(len(self.nodes), last - first, self.config.latent_size).to(self.device)
            states = self.networks["decoder"](latent, weights)
            numbers[first:last] = self.networks["numbers"].draw(states).cpu().numpy()
            for heads in self.choices:
                codes[first:last, heads.places.cpu().numpy()] = heads.draw(states).numpy()
        return Encoded(numbers, codes)
