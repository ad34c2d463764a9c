"""DiffLM as a generator: fit, sample, save, load.

Source: DiffLM (arXiv 2411.03250). What differs from its release, and why, is said where it happens:
the latent is held to a capacity (schedule.py), the diffusion learns posterior means and posterior noise
is added when sampling (latent.py), and decoding is batched, cached and kept inside the schema (decode.py).
"""

from __future__ import annotations

import importlib
import json
import math
from collections import Counter
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from bench.condition import Condition
from bench.errors import BenchError
from bench.progress import SILENT, Progress
from bench.records import Dataset, Family
from generators.base import Generator, Sample
from generators.difflm.bound import check
from generators.difflm.build import build
from generators.difflm.codec import Codec
from generators.difflm.config import DiffLMConfig
from generators.difflm.control import allowed_tokens, check_labels, coarse_tokens, draw_conditions, token_counts
from generators.difflm.decode import Constraint, decode
from generators.difflm.distributed import draw_blocks, join
from generators.difflm.latent import LatentModel, fit_latent_model
from generators.difflm.log import History, write_log
from generators.difflm.pretrained import pin
from generators.difflm.space import interpolate, nearest_train_neighbours
from generators.difflm.tokens import Tokens, concatenate
from generators.difflm.train import train_autoencoder
from generators.difflm.vae import VariationalAutoencoder
from generators.language.adapters import load_trained_weights
from generators.language.draw import Sampling
from generators.reject import draw_legal
from generators.texts.serialise import empty, is_text, to_texts
from generators.training.average import trained_weights
from generators.training.checkpoint import Checkpoint, fingerprint
from generators.training.device import Device, pick_device

VALIDATION_SHARE, VALIDATION_MOST = 0.03, 1000
VALIDATION_TOKENS = 2**16  # of long texts fewer records do: every check reads them all
CACHED_TOKENS = 2**19  # keys and values that decoding may hold: long texts are written fewer at a time
BLOCK = 4  # batches of decoding that make a block: what one process samples at a time, with a seed of its own


@dataclass(frozen=True)
class Request:
    """How records are to be drawn.

    Args:
        where: what every record must have.
        constraint: what may be written.
        allowed: (vocabulary,) tokens that may be written at all; None for all.
        sampling: how tokens are drawn.
    """

    where: Condition
    constraint: Constraint
    allowed: torch.Tensor | None
    sampling: Sampling


class DiffLM(Generator):
    """VAE + latent diffusion + a language model steered by soft prompts.

    Equal seeds give equal records on one machine and one number of torch threads.

    >>> rows = DiffLM().fit(frame, target="income").sample(1000).records  # doctest: +SKIP
    """

    Config = DiffLMConfig
    families: frozenset[Family] = frozenset({"tabular", "code", "tool"})

    config: DiffLMConfig
    device: Device
    codec: Codec
    model: VariationalAutoencoder
    latent: LatentModel
    counts: torch.Tensor  # (vocabulary,) how often each token occurs in train
    history: History

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        join()
        self.config = pin(self.config)
        config = self.config
        self.device = pick_device()
        self.codec = Codec.learn(data, config)
        generator = torch.Generator().manual_seed(seed)
        train, validation = self._split(data, generator, progress)
        checkpoint = None
        if self.checkpoint is not None:
            identity = fingerprint(config, seed, self.device, train.ids, validation.ids)
            checkpoint = Checkpoint(self.checkpoint, identity)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.model = build(config, self.codec.tokenizer, self.device)
            trained = train_autoencoder(
                self.model,
                train,
                validation,
                config,
                epochs=config.text_epochs if is_text(data.schema) else config.epochs,
                device=self.device,
                generator=generator,
                progress=progress,
                vary=self.codec.vary,
                checkpoint=checkpoint,
            )
            self.history = trained.history
            # a validation part of the dataset is held out from all that is learnt
            learnt = train if len(data.validation) else concatenate(train, validation)
            mean, deviation = self._posterior(learnt, progress)
            self.counts = token_counts(self.codec.tokenizer.size, learnt)
            # a denoiser that also learns conditions draws worse latents without one
            table = self.codec.table if config.where == "guidance" else None
            self.latent = fit_latent_model(
                mean,
                deviation,
                config,
                conditions=None if table is None else coarse_tokens(table, learnt),
                vocabulary=self.codec.tokenizer.size,
                generator=generator,
                progress=progress,
                checkpoint=checkpoint,
            )

    def _split(self, data: Dataset, generator: torch.Generator, progress: Progress) -> tuple[Tokens, Tokens]:
        """Records to learn from and records to choose the weights by.

        Train records that are too long, and validation records that the train vocabulary cannot spell, are
        left out. Where the dataset has no validation part, a small part of train serves, from which the
        diffusion learns all the same.
        """
        train, spelled = self.codec.encode(data.train)
        left_out = int((~spelled).sum())
        self.fit_details = {"left_out_records": left_out, "left_out_percent": 100 * left_out / len(spelled)}
        if left_out:
            with progress.task("left out: longer than max_length", left_out, unit="records") as task:
                task.advance(left_out)
        if len(data.validation):
            validation, _ = self.codec.encode(data.validation)
            return train, validation[: enough(validation.lengths)]
        order = torch.randperm(len(train), generator=generator)
        held_out = min(enough(train.lengths[order]), int(VALIDATION_SHARE * len(train)))
        return train[order[held_out:]], train[order[:held_out]]

    @torch.no_grad()
    def _posterior(self, tokens: Tokens, progress: Progress) -> tuple[torch.Tensor, torch.Tensor]:
        """Posterior mean and standard deviation of every record, (records, latent) each."""
        posterior = torch.empty(2, len(tokens), self.config.latent_size, device=self.device.name)
        with progress.task("encoding", len(tokens), unit="records") as task, self.device.autocast():
            for first in range(0, len(tokens), self.config.decode_batch):
                batch = tokens[first : first + self.config.decode_batch]
                for rows in batch.groups():
                    ids = batch[rows].trimmed().encoder_ids.to(self.device.name)
                    mean, log_variance = self.model.encoder(ids)
                    posterior[:, first + rows] = torch.stack([mean, (0.5 * log_variance).exp()])
                task.advance(len(batch))
        return posterior[0], posterior[1]

    def _sample(self, n: int, seed: int, where: Condition, progress: Progress) -> Sample:
        request = self._request(where, self.temperature)
        with progress.task("sampling", n, unit="records") as task:
            blocks = draw_blocks(
                n,
                BLOCK * self.config.decode_batch,
                seed,
                lambda count, generator: self._block(count, request, generator, task.advance),
            )
        records = pd.concat([empty(self.schema), *(block.records for block in blocks)], ignore_index=True)
        attempts = sum(block.attempts for block in blocks)
        rejected = sum((Counter(block.rejected) for block in blocks), Counter())
        shortfall = None if len(records) == n else f"{attempts} attempts gave {len(records)} of {n} records"
        return Sample(records, attempts, dict(rejected), shortfall)

    @property
    def temperature(self) -> float:
        """At which records of this family are drawn."""
        return self.config.program_temperature if self.codec.family == "code" else self.config.temperature

    def _request(self, where: Condition, temperature: float) -> Request:
        config = self.config
        guided = bool(where) and config.where == "guidance"
        if guided and self.codec.table is None:
            raise BenchError("where = 'guidance' needs a table and the compact decoder; choose where = 'rejection'")
        # a condition that train never fulfilled is refused before anything is drawn
        allowed = None if self.codec.table is None else allowed_tokens(self.codec.table, where)
        if self.codec.json_grammar is not None:
            check_labels(self.labels, where)
        return Request(
            where,
            self.codec.constraint(self.device, where if guided else ()),
            allowed.to(self.device.name) if guided else None,
            Sampling(temperature, config.top_p, config.top_k),
        )

    def _block(self, n: int, request: Request, generator: torch.Generator, advance: Any) -> Sample:
        """Draw records until there are `n`, or as many attempts as they may cost."""
        return draw_legal(
            n,
            request.where,
            lambda size: self._decode(self._latents(size, request, generator), request, generator),
            attempts=n * self.config.attempts_per_record,
            batch=BLOCK * self.config.decode_batch,
            advance=advance,
        )

    def _latents(self, n: int, request: Request, generator: torch.Generator) -> torch.Tensor:
        """(n, latent), under the condition of a request that is guided."""
        condition = None
        if request.allowed is not None:
            condition = draw_conditions(self.codec.table, request.where, self.counts, n, generator)
        return self.latent.draw(
            n, config=self.config, generator=generator, condition=condition, guidance=self.config.guidance
        )

    def _decode(
        self, latents: torch.Tensor, request: Request, generator: torch.Generator
    ) -> tuple[pd.DataFrame, list[str | None]]:
        """Legal records of the latents, and for every latent the reason why it gave none, or None."""
        with self.device.autocast():
            ids, complete = decode(
                self.model,
                latents,
                request.constraint,
                begin=self.codec.tokenizer.begin,
                length=self.codec.length - 1,
                sampling=request.sampling,
                slots=min(self.config.decode_batch, max(1, CACHED_TOKENS // self.codec.length)),
                generator=generator,
                allowed=request.allowed,
            )
        return self.codec.read(ids.cpu().numpy(), complete.cpu().numpy())

    def interpolate(self, records: pd.DataFrame, steps: int) -> pd.DataFrame:
        """The likeliest records on the way through the latent space from the first of two records to the second.

        Args:
            records: two canonical records.
            steps: how many, both ends included; a record that cannot be read is left out.
        """
        first, second = self._means(records, 2)
        request = self._request({}, temperature=0.0)
        return self._decode(interpolate(first, second, steps), request, torch.Generator())[0]

    def neighbours(self, records: pd.DataFrame, train: pd.DataFrame, k: int) -> np.ndarray:
        """The `k` train records whose latents are nearest to each record's: positions in `train`, (records, k)."""
        _, index = nearest_train_neighbours(self._means(records), self._means(train), k)
        return index.cpu().numpy()

    def _means(self, records: pd.DataFrame, wanted: int | None = None) -> torch.Tensor:
        """Posterior means (records, latent) of canonical records."""
        if wanted is not None and len(records) != wanted:
            raise BenchError(f"{len(records)} records were given where {wanted} are needed")
        tokens, spelled = self.codec.encode(records)
        if not spelled.all():
            raise BenchError(f"record {int((~spelled).argmax())} has a value that train never had; it has no latent")
        return self._posterior(tokens, SILENT)[0]

    def bits_per_byte(self, records: pd.DataFrame) -> float:
        """What the texts of canonical records cost: the negative evidence lower bound a byte, an upper bound.

        Records that cannot be spelled, such as those longer than any train record, are not in it. Without a
        latent (`capacity_nats` = 0) the bound is the negative log-likelihood itself.

        Raises:
            BenchError: no record can be spelled.
        """
        tokens, spelled = self.codec.encode(records)
        if not len(tokens):
            raise BenchError(f"none of the {len(records)} records can be spelled by the vocabulary of train")
        found = check(self.model, tokens, 0, self.device)
        size = sum(len(text.encode()) for text in to_texts(records[spelled], self.schema))
        return (found.reconstruction + found.kl) * len(tokens) / size / math.log(2)

    def diagnose(self, data: Dataset, *, seed: int, progress: Progress) -> Any:
        """What the networks learnt, see `generators.difflm.diagnosis`."""
        # by name: the page is no part of what a fit depends on, and a change of it must not fit models again
        diagnosis = importlib.import_module("generators.difflm.diagnosis")
        clean = replace(self.latent, deviation=torch.zeros_like(self.latent.deviation))

        def draw(n: int, seed: int) -> torch.Tensor:
            return clean.draw(n, config=self.config, generator=torch.Generator().manual_seed(seed))

        def read(latents: torch.Tensor, temperature: float, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
            request = self._request({}, temperature)
            records, reasons = self._decode(latents, request, torch.Generator().manual_seed(seed))
            return records, np.array([reason is None for reason in reasons])

        def control(way: str) -> Any:
            model = copy(self)
            model.config = replace(self.config, where=way)
            return lambda n, where, seed: model._sample(n, seed, where, progress)

        learnt_conditions = self.latent.denoiser.condition is not None
        ways = ("rejection", "guidance") if learnt_conditions else ("rejection",)
        checks = self.history.checks
        history = {name: [getattr(check, name) for check in checks] for name in ("step", "reconstruction", "kl")}
        subject = diagnosis.Subject(
            self.model,
            self.codec,
            self.device,
            draw,
            self.latent.deviation,
            read,
            self.temperature,
            {way: control(way) for way in ways},
            history,
        )
        return diagnosis.diagnose(subject, data, seed, progress)

    def _save(self, folder: Path) -> None:
        state = {"codec": self.codec.state(), "history": self.history.to_dict()}
        (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
        weights = {name: value.contiguous().cpu() for name, value in trained_weights(self.model).items()}
        save_file(weights, folder / "autoencoder.safetensors")
        save_file({**self.latent.state(), "counts": self.counts}, folder / "latent.safetensors")
        write_log(self.history, folder)

    def _load(self, folder: Path) -> None:
        join()
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        self.device = pick_device()
        self.history = History.from_dict(state["history"])
        self.codec = Codec.restore(state["codec"], self.schema, self.config)
        with torch.random.fork_rng():
            self.model = build(self.config, self.codec.tokenizer, self.device).eval()
        load_trained_weights(self.model, load_file(folder / "autoencoder.safetensors", device=self.device.name))
        latent = load_file(folder / "latent.safetensors", device=self.device.name)
        self.counts = latent.pop("counts").cpu()
        self.latent = LatentModel.restore(latent, self.config)


def enough(lengths: torch.Tensor) -> int:
    """How many of the first records, of so many tokens each, choose the weights."""
    return min(VALIDATION_MOST, int((lengths.cumsum(0) <= VALIDATION_TOKENS).sum()))
