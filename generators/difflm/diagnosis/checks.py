"""The checks: reconstruction, quality of latents, worth of the latent, records by where latents come from, control.

The first three are those of DiffLM (arXiv 2411.03250): does the autoencoder give records back, does
the diffusion hit the latents, does the decoder listen to its soft prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from bench.condition import Between, Condition, OneOf, matches
from bench.errors import BenchError
from bench.progress import Progress
from bench.records import Dataset
from generators.base import Sample
from generators.difflm.diagnosis import measures
from generators.difflm.diagnosis.report import Diagnosis, Samples
from generators.difflm.diagnosis.subject import Subject
from generators.difflm.tokens import PAD, Tokens
from generators.texts.serialise import is_text

RECONSTRUCTED, RECONSTRUCTED_TEXTS = 2000, 200
LATENTS = 5000
SAMPLED = 10_000
CONTROLLED, LABELS = 2000, 4  # records of a condition, most conditions on labels
SHOWN = 2000  # points of a cloud in the picture
POINTS = ("train", "held-out", "diffusion")


@dataclass(frozen=True)
class Part:
    """Train or held-out records that the tokenizer can spell, with their posteriors.

    Args:
        records: in random order.
        unspelled: how many the tokenizer cannot spell.
        tokens: of the records.
        mean, deviation: (records, latent) of their posteriors.
    """

    records: pd.DataFrame
    unspelled: int
    tokens: Tokens
    mean: torch.Tensor
    deviation: torch.Tensor

    def head(self, n: int) -> Part:
        return Part(self.records.iloc[:n], self.unspelled, self.tokens[:n], self.mean[:n], self.deviation[:n])

    def latents(self, seed: int) -> torch.Tensor:
        """One draw from every posterior."""
        return self.mean + self.deviation * noise(self.mean.shape, seed)


def diagnose(subject: Subject, data: Dataset, seed: int, progress: Progress) -> Diagnosis:
    """Look into a fitted model.

    Args:
        subject: the model.
        data: the dataset that it was fitted on; held out are its test records, or, without any, validation.
        seed: the only source of randomness.
        progress: where to report to.

    Raises:
        BenchError: too few train or held-out records can be spelled.
    """
    text = is_text(data.schema)
    with progress.task("diagnosis", 6, "checks") as task:
        train = encoded(subject, data.train, "train", seed)
        held_out = encoded(subject, data.test if len(data.test) else data.validation, "held-out", seed)
        task.advance()
        most = RECONSTRUCTED_TEXTS if text else RECONSTRUCTED
        parts = {"train": train.head(most), "held-out": held_out.head(most)}
        numbers: dict[str, Any] = {"reconstruction": reconstruction(subject, parts, text, seed)}
        task.advance()
        numbers["worth of the latent"] = {name: worth(subject, part, seed) for name, part in parts.items()}
        numbers["latent"] = latent_use(train)
        task.advance()
        rows = min(len(train.records), len(held_out.records), LATENTS)
        numbers["latent samples"] = latent_samples(subject, train.head(rows), held_out.head(rows), seed)
        task.advance()
        records = {} if text else sampled_records(subject, train, min(len(train.records), SAMPLED), seed)
        numbers["records"] = {name: len(frame) for name, frame in records.items()}
        numbers["control"], controlled = ({}, {}) if text else control(subject, data, seed)
        task.advance()
        arrays = picture(subject, train.head(SHOWN), held_out.head(SHOWN), None if text else data.schema.target, seed)
        task.advance()
    samples = {"": Samples({}, records), **controlled}
    return Diagnosis(numbers, samples, arrays, {name: list(values) for name, values in subject.history.items()})


def stream(seed: int, what: str) -> int:
    """A seed for one purpose: noise that two purposes shared would tie what is compared."""
    return int(np.random.SeedSequence([seed, *what.encode()]).generate_state(1)[0])


def noise(shape: torch.Size, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def draw(subject: Subject, n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents of the diffusion without and with the noise that sampling adds, (n, latent) each, on the CPU."""
    drawn = subject.draw(n, stream(seed, "diffusion")).float().cpu()
    return drawn, drawn + subject.noise.cpu() * noise(drawn.shape, stream(seed, "diffusion noise"))


def encoded(subject: Subject, records: pd.DataFrame, what: str, seed: int) -> Part:
    order = np.random.default_rng(seed).permutation(len(records))
    records = records.iloc[order].reset_index(drop=True)
    tokens, spelled = subject.tokenizer.encode(records)
    if len(tokens) < measures.FOLDS:
        raise BenchError(
            f"{len(tokens)} of {len(records)} {what} records can be spelled by the tokenizer; "
            f"a diagnosis needs at least {measures.FOLDS}"
        )
    mean, deviation = subject.posterior(tokens)
    return Part(records[spelled].reset_index(drop=True), int((~spelled).sum()), tokens, mean, deviation)


def reconstruction(subject: Subject, parts: dict[str, Part], text: bool, seed: int) -> dict[str, Any]:
    """How much of a record comes back from its posterior mean, and from the one record of the latent zero."""
    found = {}
    for name, part in parts.items():
        decoded, complete = subject.records(part.mean, 0.0, seed)
        found[name] = accuracy(subject, part, decoded, complete, text)
    part = parts["held-out"]
    decoded, complete = subject.records(torch.zeros_like(part.mean[:1]), 0.0, seed)
    same = decoded.iloc[[0] * len(part.records)] if complete[0] else decoded
    found["held-out, latent zero"] = accuracy(subject, part, same, np.repeat(complete, len(part.records)), text)
    return found


def accuracy(
    subject: Subject, part: Part, decoded: pd.DataFrame, complete: NDArray[np.bool_], text: bool
) -> dict[str, Any]:
    matches = measures.field_matches(part.records, decoded, complete)
    found: dict[str, Any] = {
        "records": len(part.records),
        "unspelled_records": part.unspelled,
        "exact_percent": 100 * float(matches.all(axis=1).mean()),
    }
    if text:
        found["token_accuracy_percent"] = 100 * token_accuracy(subject, part, decoded, complete)
    else:
        fields = 100 * matches.mean(axis=0)
        found["field_accuracy_percent"] = float(fields.mean())
        found["columns"] = dict(zip(part.records.columns, fields.tolist(), strict=True))
    return found


def token_accuracy(subject: Subject, part: Part, decoded: pd.DataFrame, complete: NDArray[np.bool_]) -> float:
    """Share of tokens that came back at their place; a record that is not legal has none."""
    tokens, spelled = subject.tokenizer.encode(decoded)
    there = np.flatnonzero(complete)[spelled]
    ids = np.full((len(part.records), tokens.ids.shape[1]), PAD)
    ids[there] = tokens.ids.numpy()
    # the first token begins every record and is no achievement
    return measures.token_matches(part.tokens.ids.numpy()[:, 1:], ids[:, 1:], PAD)


def worth(subject: Subject, part: Part, seed: int) -> dict[str, float]:
    """Nats a record that the decoder needs with the posterior mean, with another record's, and with zero."""
    other = torch.as_tensor(np.random.default_rng(seed).permutation(len(part.mean)))
    latents = {"own latent": part.mean, "shuffled latent": part.mean[other], "latent zero": torch.zeros_like(part.mean)}
    return {name: float(subject.reconstruction(part.tokens, latent).mean()) for name, latent in latents.items()}


def latent_use(train: Part) -> dict[str, Any]:
    kl = measures.dimension_kl(train.mean.numpy(), train.deviation.numpy())
    return {
        "size": len(kl),
        "active_units": measures.active_units(train.mean.numpy()),
        "kl_nats": float(kl.sum()),
        "kl_nats_of_dimensions": kl.tolist(),
    }


def latent_samples(subject: Subject, train: Part, held_out: Part, seed: int) -> dict[str, Any]:
    """Distance of latents to those of train records, the prior as the floor, held-out records as the reference.

    Posterior samples against latents with their noise, as they are decoded; and, where the diffusion
    learns posterior means, means against latents without noise, which shows more.
    """
    drawn, noisy = draw(subject, len(train.mean), seed)
    base = train.latents(stream(seed, "train"))
    candidates = {
        "diffusion": noisy,
        "held-out": held_out.latents(stream(seed, "held-out")),
        "prior": noise(base.shape, stream(seed, "prior")),
    }
    found: dict[str, Any] = {"rows": len(base)}
    found["as decoded"] = {name: distance(base, other, seed) for name, other in candidates.items()}
    if subject.noise.any():
        candidates = {"diffusion": drawn, "held-out": held_out.mean}
        found["as learnt"] = {name: distance(train.mean, other, seed) for name, other in candidates.items()}
    return found


def distance(base: torch.Tensor, other: torch.Tensor, seed: int) -> dict[str, float]:
    first, second = base.numpy(), other.numpy()
    area, error = measures.two_sample_auc(first, second, seed)
    return {
        "sliced_wasserstein": measures.sliced_wasserstein(first, second, seed),
        "c2st_xgboost_auc": area,
        "c2st_stderr": error,
    }


def sampled_records(subject: Subject, train: Part, n: int, seed: int) -> dict[str, pd.DataFrame]:
    """Records of `n` latents each from the diffusion, from the posteriors of train records, and from the prior."""
    latents = {
        "diffusion": draw(subject, n, seed)[1],
        "posteriors of train": train.head(n).latents(stream(seed, "train")),
        "prior": noise(train.mean[:n].shape, stream(seed, "prior")),
    }
    return {name: subject.records(latent, subject.temperature, seed)[0] for name, latent in latents.items()}


def control(subject: Subject, data: Dataset, seed: int) -> tuple[dict[str, Any], dict[str, Samples]]:
    """What it costs to fulfil conditions on the target, and the records that do, both by condition."""
    numbers, samples = {}, {}
    for name, where in conditions(data).items():
        n = min(int(matches(data.train, where).sum()), CONTROLLED)
        drawn = {way: sample(n, where, stream(seed, f"{way} {name}")) for way, sample in subject.control.items()}
        numbers[name] = {way: cost(sample) for way, sample in drawn.items()}
        samples[name] = Samples(where, {way: sample.records for way, sample in drawn.items()})
    return numbers, samples


def conditions(data: Dataset) -> dict[str, Condition]:
    """In words: one for each of the most frequent labels of the target, or its upper quarter where it is a number."""
    target = data.schema.target
    if target is None:
        return {}
    values = data.train[target]
    wanted: list[OneOf | Between] = [OneOf((label,)) for label in values.value_counts().index[:LABELS]]
    if data.schema[target].numeric:
        wanted = [Between(low=values.quantile(0.75, interpolation="nearest"))]
    return {one.describe(target): {target: one} for one in wanted}


def cost(sample: Sample) -> dict[str, float | None]:
    accuracy, n = sample.control_accuracy, len(sample.records)
    return {
        "records": n,
        "control_accuracy_percent": None if accuracy is None else 100 * accuracy,
        "attempts_per_record": sample.attempts / n if n else None,
    }


def picture(subject: Subject, train: Part, held_out: Part, target: str | None, seed: int) -> dict[str, NDArray[Any]]:
    """Clouds on two principal axes, and what colours them: the target, for the diffusion that of its records."""
    drawn, noisy = draw(subject, len(train.mean), seed)
    learnt = [part.mean if subject.noise.any() else part.latents(stream(seed, "train")) for part in (train, held_out)]
    flat = measures.flatten(*(cloud.numpy() for cloud in (*learnt, drawn)))
    arrays: dict[str, NDArray[Any]] = dict(zip(POINTS, flat, strict=True))
    if target is not None:
        records, complete = subject.records(noisy, subject.temperature, seed)
        arrays["diffusion"] = arrays["diffusion"][complete]
        for name, frame in zip(POINTS, (train.records, held_out.records, records), strict=True):
            arrays[f"{name} target"] = frame[target].to_numpy(dtype=object, na_value=None)
    return arrays
