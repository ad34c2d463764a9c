"""What generators of tables that train networks have in common: seeds, batches, checkpoints, saving."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from bench.condition import Condition
from bench.progress import Progress
from bench.records import Dataset, Schema
from generators.base import Generator, Sample
from generators.columns import Encoded, MixedTable
from generators.columns.one_hot import ModeTable
from generators.reject import draw_where
from generators.training.checkpoint import Checkpoint, fingerprint
from generators.training.device import pick_device

CHUNK = 4096  # records that are drawn together: bounds the memory


class NeuralTable(Generator):
    """Base of generators that encode a table, train networks on it, and draw encoded records.

    A subclass says how a table is encoded, builds networks, trains them and draws from them; its config has
    `attempts_per_record`. All of it runs inside of torch's random state of the seed, and torch's global state
    is given back as it was. Equal seeds give equal records on one machine and one number of torch threads.
    """

    families = frozenset({"tabular"})

    device: str
    table: MixedTable | ModeTable
    networks: nn.ModuleDict

    @staticmethod
    def learn_table(train: pd.DataFrame, schema: Schema, seed: int) -> MixedTable | ModeTable:
        """How records are encoded."""
        return MixedTable.learn(train, schema)

    @staticmethod
    def restore_table(state: dict[str, object], schema: Schema) -> MixedTable | ModeTable:
        """The table of a state that it gave."""
        return MixedTable.restore(state, schema)

    def encode(self, records: pd.DataFrame, seed: int) -> Encoded:
        """Canonical records as the networks learn them."""
        return self.table.encode(records)

    def build(self) -> nn.ModuleDict:
        """Networks with random weights from torch's global state, of sizes that table and config tell."""
        raise NotImplementedError

    def train(self, train: Encoded, validation: Encoded, progress: Progress, checkpoint: Checkpoint | None) -> None:
        """Train `self.networks` in place."""
        raise NotImplementedError

    def draw(self, n: int, where: Condition) -> Encoded:
        """`n` encoded records, with randomness from torch's global state.

        A condition may be used to make records that fulfil it more frequent; the others are rejected.
        """
        raise NotImplementedError

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        self.device = pick_device().name
        self.table = self.learn_table(data.train, data.schema, seed)
        train, validation = self.encode(data.train, seed), self.encode(data.validation, seed)
        checkpoint = None
        if self.checkpoint is not None:
            arrays = map(torch.from_numpy, (train.numbers, train.codes, validation.numbers, validation.codes))
            checkpoint = Checkpoint(self.checkpoint, fingerprint(self.config, seed, self.device, *arrays))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.networks = self.build().to(self.device)
            self.train(train, validation, progress, checkpoint)
        self.networks.eval()

    def _sample(self, n: int, seed: int, where: Condition, progress: Progress) -> Sample:
        return draw_where(
            n,
            where,
            lambda size, rng: self._records(size, where, int(rng.integers(2**63))),
            rng=np.random.default_rng(seed),
            attempts_per_record=self.config.attempts_per_record,
            progress=progress,
        )

    @torch.no_grad()
    def _records(self, n: int, where: Condition, seed: int) -> pd.DataFrame:
        """`n` canonical records, drawn in chunks."""
        sizes = (len(self.table.layout.numbers), np.float32), (len(self.table.sizes), np.int64)
        parts = [Encoded(*(np.zeros((0, columns), kind) for columns, kind in sizes))]
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            for first in range(0, n, CHUNK):
                parts.append(self.draw(min(CHUNK, n - first), where))
        # data frames are made once: putting pieces of them together takes longer than drawing
        numbers, codes = (np.concatenate(pieces) for pieces in zip(*((p.numbers, p.codes) for p in parts), strict=True))
        return self.table.decode(Encoded(numbers, codes))

    def _save(self, folder: Path) -> None:
        (folder / "table.json").write_text(json.dumps(self.table.state()), encoding="utf-8")
        weights = {name: value.contiguous().cpu() for name, value in self.networks.state_dict().items()}
        save_file(weights, folder / "networks.safetensors")

    def _load(self, folder: Path) -> None:
        self.device = pick_device().name
        self.table = self.restore_table(json.loads((folder / "table.json").read_text(encoding="utf-8")), self.schema)
        with torch.random.fork_rng():
            self.networks = self.build().to(self.device)
        self.networks.load_state_dict(load_file(folder / "networks.safetensors", device=self.device))
        self.networks.eval()
