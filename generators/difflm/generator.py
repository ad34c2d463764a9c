"""DiffLM as a generator: fit, sample, save, load.

Source: DiffLM (arXiv 2411.03250). What differs from its release, and why, is said where it happens:
the latent is held to a capacity (vae.py), the diffusion learns posterior means and posterior noise
is added when sampling, and decoding is batched, cached and kept inside the schema (decode.py).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from bench.progress import Progress
from bench.records import Dataset, Family
from generators.base import Generator, Sample, Where, matches
from generators.difflm.compact import build
from generators.difflm.config import DiffLMConfig
from generators.difflm.decode import decode
from generators.difflm.device import pick_device
from generators.difflm.diffusion import Denoiser, sample_latents, train_denoiser
from generators.difflm.serialise import empty, from_texts, is_text
from generators.difflm.table_tokenizer import TableTokenizer
from generators.difflm.text_tokenizer import TextTokenizer
from generators.difflm.train import Check, train_autoencoder, trim
from generators.difflm.vae import VariationalAutoencoder

VALIDATION_SHARE, VALIDATION_MOST = 0.03, 1000


class DiffLM(Generator):
    """VAE + latent diffusion + a language model steered by soft prompts.

    Equal seeds give equal records on one machine and one number of torch threads.

    >>> rows = DiffLM().fit(frame, target="income").sample(1000).records  # doctest: +SKIP
    """

    Config = DiffLMConfig
    families: frozenset[Family] = frozenset({"tabular", "code", "tool"})

    config: DiffLMConfig
    tokenizer: TableTokenizer | TextTokenizer
    model: VariationalAutoencoder
    denoiser: Denoiser
    checks: list[Check]

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        self.family = data.family
        self.device = pick_device()
        self.tokenizer = self._learn_tokenizer(data)
        generator = torch.Generator().manual_seed(seed)
        train, validation = self._split(data, generator)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.model = self._build().to(self.device.name)
            self.checks = train_autoencoder(
                self.model,
                train,
                validation,
                self.config,
                epochs=self.config.text_epochs if is_text(data.schema) else self.config.epochs,
                device=self.device,
                generator=generator,
                progress=progress,
            )
            mean, deviation = self._posterior(torch.cat([train, validation]), progress)
            self.centre, self.deviation = mean.mean(dim=0), deviation.mean(dim=0)
            self.denoiser = train_denoiser(
                (mean - self.centre) / 2,
                width=self.config.diffusion_width,
                blocks=self.config.diffusion_blocks,
                steps=self.config.diffusion_steps,
                batch=self.config.diffusion_batch,
                learning_rate=self.config.diffusion_learning_rate,
                ema_decay=self.config.ema_decay,
                generator=generator,
                progress=progress,
            )

    def _learn_tokenizer(self, data: Dataset) -> TableTokenizer | TextTokenizer:
        config = self.config
        if is_text(data.schema):
            return TextTokenizer.learn(
                data.train, data.schema, vocabulary=config.vocabulary, max_length=config.max_length
            )
        return TableTokenizer.learn(
            data.train, data.schema, bins=config.bins, atom_limit=config.atom_limit, atom_share=config.atom_share
        )

    def _build(self) -> VariationalAutoencoder:
        tokenizer = self.tokenizer
        return build(self.config, tokenizer.size, tokenizer.length, self.device.attention, tokenizer.quantiles())

    def _split(self, data: Dataset, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids to learn from and ids to choose the weights by.

        Validation records that the train vocabulary cannot spell are left out of the choice. Where the
        dataset has no validation part, a small part of train serves; the diffusion learns from all.
        """
        train = torch.as_tensor(self.tokenizer.encode(data.train)[0])
        if len(data.validation):
            ids = torch.as_tensor(self.tokenizer.encode(data.validation)[0])
            return train, ids[:VALIDATION_MOST]
        order = torch.randperm(len(train), generator=generator)
        held_out = min(VALIDATION_MOST, int(VALIDATION_SHARE * len(train)))
        return train[order[held_out:]], train[order[:held_out]]

    @torch.no_grad()
    def _posterior(self, ids: torch.Tensor, progress: Progress) -> tuple[torch.Tensor, torch.Tensor]:
        """Posterior mean and standard deviation of every record, (records, latent) each."""
        means, deviations = [], []
        with progress.task("encoding", len(ids), unit="records") as task, self.device.autocast():
            for batch in ids.split(self.config.decode_batch):
                mean, log_variance = self.model.encoder(trim(batch).to(self.device.name))
                means.append(mean)
                deviations.append((0.5 * log_variance).exp())
                task.advance(len(batch))
        return torch.cat(means), torch.cat(deviations)

    def _sample(self, n: int, seed: int, where: Where, progress: Progress) -> Sample:
        if isinstance(self.tokenizer, TableTokenizer):
            self.tokenizer.check_spelled(where)
        generator = torch.Generator().manual_seed(seed)
        limit = n * self.config.attempts_per_record
        parts: list[pd.DataFrame] = []
        rejected: Counter[str] = Counter()
        have = attempts = 0
        with progress.task("sampling", n, unit="records") as task:
            while have < n and attempts < limit:
                # the rate of acceptance so far tells how many attempts the rest will cost
                need = math.ceil((n - have) * (attempts + 1) / (have + 1)) if attempts else n
                batch = min(need, self.config.decode_batch, limit - attempts)
                records, reasons = self._attempt(batch, where, generator)
                accepted = np.flatnonzero([reason is None for reason in reasons])
                if len(accepted) > n - have:
                    # what comes after the last record needed was not asked for and does not count
                    accepted = accepted[: n - have]
                    reasons = reasons[: accepted[-1] + 1]
                attempts += len(reasons)
                rejected.update(reason for reason in reasons if reason is not None)
                parts.append(records.iloc[: len(accepted)])
                have += len(accepted)
                task.advance(len(accepted))
        records = pd.concat([empty(self.schema), *parts], ignore_index=True)
        shortfall = None if have == n else f"{attempts} attempts gave {have} of {n} records"
        return Sample(records, attempts, dict(rejected), shortfall)

    def _attempt(self, batch: int, where: Where, generator: torch.Generator) -> tuple[pd.DataFrame, list[str | None]]:
        """Accepted records among `batch` attempts, and for every attempt the reason of its rejection or None."""
        noise = torch.randn(2, batch, self.config.latent_size, generator=generator).to(self.device.name)
        latent = sample_latents(self.denoiser, noise[0], self.config.sampler_steps)
        latent = latent * 2 + self.centre + self.deviation * noise[1]
        with self.device.autocast():
            ids, complete = decode(
                self.model,
                latent,
                self.tokenizer.grammar.to(torch.device(self.device.name)),
                length=self.tokenizer.length - 1,
                temperature=self.config.temperature,
                generator=generator,
            )
        reasons: list[str | None] = [None if whole else "longer than any train record" for whole in complete.tolist()]
        whole = np.flatnonzero(complete.cpu().numpy())
        finished = ids[complete].cpu().numpy()
        if isinstance(self.tokenizer, TableTokenizer):
            records = self.tokenizer.decode(finished)
        else:
            records, illegal = from_texts(self.tokenizer.texts(finished), self.schema, self.family)
            for place, reason in zip(whole, illegal, strict=True):
                reasons[place] = reason
            whole = whole[[reason is None for reason in illegal]]
        keep = matches(records, where)
        for place in whole[~keep]:
            reasons[place] = "does not fulfil the condition"
        return records[keep], reasons

    def _save(self, folder: Path) -> None:
        state = {
            "family": self.family,
            "tokenizer": self.tokenizer.state(),
            "checks": [asdict(check) for check in self.checks],
        }
        (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
        save_file({k: v.contiguous() for k, v in self.model.state_dict().items()}, folder / "autoencoder.safetensors")
        latent = {f"denoiser.{name}": value for name, value in self.denoiser.state_dict().items()}
        save_file({**latent, "centre": self.centre, "deviation": self.deviation}, folder / "latent.safetensors")

    def _load(self, folder: Path) -> None:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        self.family = state["family"]
        self.device = pick_device()
        self.checks = [Check(**check) for check in state["checks"]]
        kind = TextTokenizer if is_text(self.schema) else TableTokenizer
        self.tokenizer = kind.restore(state["tokenizer"], self.schema)
        with torch.random.fork_rng():
            self.model = self._build().to(self.device.name).eval()
        self.model.load_state_dict(load_file(folder / "autoencoder.safetensors", device=self.device.name))
        latent = load_file(folder / "latent.safetensors", device=self.device.name)
        self.centre, self.deviation = latent.pop("centre"), latent.pop("deviation")
        config = self.config
        self.denoiser = Denoiser(config.latent_size, config.diffusion_width, config.diffusion_blocks)
        self.denoiser.to(self.device.name).requires_grad_(False)
        self.denoiser.load_state_dict({name.removeprefix("denoiser."): value for name, value in latent.items()})
