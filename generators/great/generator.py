"""GReaT as a generator of tables.

Source: Borisov et al. 2023, "Language Models are Realistic Tabular Data Generators" (arXiv 2210.06280). What differs
from the authors' package (be-great): texts that can always be read back (text.py), an end of every row (network.py),
and a sampled text is a legal row or rejected and counted, where the package keeps the first of two equal columns,
labels that train never had, and numbers that it turns into floats.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from bench.condition import Condition
from bench.progress import Progress
from bench.records import Dataset
from generators.base import Generator, Sample
from generators.great.config import GReaTConfig
from generators.great.grammar import value_grammar
from generators.great.network import Speaker, build, check_fits
from generators.great.pretrained import PretrainedSpeller
from generators.great.start import Starts, check_known
from generators.great.table import Table
from generators.great.text import Illegal, RowText
from generators.great.tokens import PAD, Opening, Speller
from generators.great.train import train
from generators.great.vocabulary import Vocabulary
from generators.great.write import Columns, write
from generators.language.adapters import load_trained_weights
from generators.language.hub import COMPACT, commit
from generators.reject import draw_legal
from generators.training.average import trained_weights
from generators.training.checkpoint import Checkpoint, fingerprint
from generators.training.device import Device, pick_device

BLOCK = 8  # batches of records that are written before they are read
CACHED_BYTES = 2**29  # keys and values that writing may hold: of long rows fewer are written at a time
SLACK = 1.25  # a row of a pretrained model may have so many times the tokens of the longest train row
ENDLESS = "did not end"


class GReaT(Generator):
    """A language model of rows as texts. Equalities of a condition begin the text; the rest is met by rejection.

    Equal seeds give equal records on one machine and one number of torch threads.
    """

    Config = GReaTConfig
    families = frozenset({"tabular"})

    config: GReaTConfig
    device: Device
    text: RowText
    speller: Speller
    speaker: Speaker
    starts: Starts
    longest: int  # most tokens that a row may have, beginning and end included

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        self.config = replace(self.config, revision=commit("model", self.config.model, self.config.revision))
        config = self.config
        self.device = pick_device()
        self.text = RowText.learn(data.train, data.schema, config.digits)
        table = Table.of(data.train, self.text)
        self.starts = Starts.learn(table, data.schema)
        if config.model == COMPACT:
            self.speller = Vocabulary.learn(
                self.text, table, label_tokens=config.label_tokens, piece_tokens=config.piece_tokens
            )
        else:
            self.speller = PretrainedSpeller(self.text, config.model, config.revision)
        spelled = self.speller.spelled(table)
        lengths = spelled.lengths
        self.longest = self.speller.longest if isinstance(self.speller, Vocabulary) else int(SLACK * lengths.max())
        self.fit_details = {"tokens_per_record": float(lengths.mean()), "longest_record_tokens": int(lengths.max())}
        checkpoint = None
        if self.checkpoint is not None:
            content = torch.from_numpy(table.codes), table.texts
            checkpoint = Checkpoint(self.checkpoint, fingerprint(config, seed, self.device, *content))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.speaker = build(config, self.speller, self.longest, self.device)
            check_fits(int(lengths.max()), self.speaker.context, config.model)
            self.longest = min(self.longest, self.speaker.context or self.longest)
            train(self.speaker, spelled, len(table), len(table.texts), config, seed, progress, checkpoint)
        self.speaker.eval()

    def _sample(self, n: int, seed: int, where: Condition, progress: Progress) -> Sample:
        check_known(where, self.text)
        if n == 0:
            return Sample(self.text.frame([]), 0)
        rng = np.random.default_rng(seed)
        generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
        starts = self.starts.under(where, self.text, self.config.start)
        slots = max(1, min(self.config.slots, CACHED_BYTES // (self.longest * self.speaker.bytes_per_token)))
        with progress.task("sampling", n, "records") as task:
            sample = draw_legal(
                n,
                where,
                lambda size: self._read(*self._write(starts.draw(size, rng), slots, generator)),
                attempts=n * self.config.attempts_per_record,
                batch=BLOCK * slots,
                advance=task.advance,
            )
        found = len(sample.records)
        return replace(sample, shortfall=None if found == n else f"{sample.attempts} attempts gave {found} of {n} rows")

    def _write(
        self, openings: Sequence[Opening], slots: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids of one attempt an opening, and whether they came to their end, see `write`."""
        columns = None
        if isinstance(self.speller, Vocabulary):
            columns = Columns(self.speller.columns)
            if self.config.guided:
                columns = Columns(self.speller.columns, self._order(openings), value_grammar(self.speller))
        return write(
            self.speaker,
            [self.speller.opening(opening) for opening in openings],
            begin=self.speller.begin,
            end=self.speller.end,
            length=self.longest - 1,
            sampling=self.config.sampling,
            slots=slots,
            generator=generator,
            columns=columns,
        )

    def _order(self, openings: Sequence[Opening]) -> torch.Tensor:
        """Tokens of the columns behind those that an opening writes itself, (openings, columns)."""
        first = self.speller.columns.start
        order = torch.full((len(openings), len(self.text.names)), PAD)
        for row, opening in zip(order, openings, strict=True):
            rest = [first + place for place in opening.following[1:]]
            row[: len(rest)] = torch.tensor(rest, dtype=torch.long)
        return order

    def _read(self, ids: torch.Tensor, complete: torch.Tensor) -> tuple[pd.DataFrame, list[str | None]]:
        """The legal records of what was written, and for every attempt the reason why it gave none, or None."""
        rows, reasons = [], []
        endless = ~complete & (ids[:, -1] != PAD)
        for text, cut in zip(self.speller.texts(ids), endless.tolist(), strict=True):
            try:
                if cut:
                    raise Illegal(ENDLESS)
                row = self.text.decode(text)
            except Illegal as reason:
                reasons.append(str(reason))
            else:
                rows.append(row)
                reasons.append(None)
        return self.text.frame(rows), reasons

    def _save(self, folder: Path) -> None:
        state = {
            "text": self.text.state(),
            "speller": self.speller.state(),
            "starts": self.starts.state(),
            "longest": self.longest,
        }
        (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
        weights = {name: value.contiguous().cpu() for name, value in trained_weights(self.speaker.network).items()}
        save_file(weights, folder / "network.safetensors")

    def _load(self, folder: Path) -> None:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        config = self.config
        self.device = pick_device()
        self.text = RowText.restore(state["text"], self.schema)
        self.starts = Starts.restore(state["starts"])
        self.longest = state["longest"]
        if config.model == COMPACT:
            self.speller = Vocabulary.restore(state["speller"], self.text)
        else:
            self.speller = PretrainedSpeller(self.text, config.model, config.revision)
        with torch.random.fork_rng():
            self.speaker = build(config, self.speller, self.longest, self.device)
        load_trained_weights(self.speaker.network, load_file(folder / "network.safetensors", device=self.device.name))
        self.speaker.eval()
