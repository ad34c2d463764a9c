"""Sampling from a language model in batches, with a key/value cache and top-p (Holtzman et al. 2020, arXiv 1904.09751).

Every sample has random numbers of its own, drawn from the seed, its prompt's place and its own number: what is
sampled does not depend on which samples share a batch (but for the rounding of the network itself).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers import DynamicCache

from bench.errors import BenchError
from bench.progress import SILENT, Progress

if TYPE_CHECKING:
    from evaluators.language.model import LanguageModel

# Samples that are drawn side by side, and their tokens in the cache.
BATCH_ROWS = 512
BATCH_TOKENS = 65_536


def sample_texts(
    model: LanguageModel,
    prompts: Sequence[str],
    n: int,
    *,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    stop: Sequence[str] = (),
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[list[str]]:
    """`n` continuations of every prompt, cut before the first stop string and before the end token.

    Args:
        model: the network with its tokenizer.
        prompts: where they leave no room in the context, their beginning is left out.
        n: samples a prompt.
        max_new_tokens: most tokens of a continuation.
        temperature: 0 takes the likeliest token.
        top_p: only the likeliest tokens that together have this probability are drawn.
        stop: strings that end a continuation.
        seed: the only source of randomness.
        progress: where to report to.

    Raises:
        BenchError: an option makes no sense, or the context has no room for so many new tokens.
    """
    if temperature < 0 or not 0 < top_p <= 1 or n < 0 or max_new_tokens < 1:
        raise BenchError(
            f"temperature {temperature}, top_p {top_p}, {n} samples and {max_new_tokens} new tokens: the temperature "
            "is at least 0, top_p is above 0 and at most 1, and there is at least 1 new token"
        )
    room = model.context - max_new_tokens
    if room < 2:
        raise BenchError(
            f"{max_new_tokens} new tokens leave no room for a prompt in a context of {model.context} tokens; "
            "lower max_new_tokens or raise context"
        )
    ids = [[model.begin, *model.encode(prompt)][-room:] for prompt in prompts]
    # a continuation is decoded behind its prompt, as some tokenizers drop the first space of what they decode
    starts = [len(model.decode(row)) for row in ids]
    stopper = Stopper(model, stop)
    texts = [[""] * n for _ in prompts]
    with progress.task("generate", len(prompts) * n, "samples") as task:
        for part in batches([len(row) for row in ids], n, max_new_tokens):
            noise = np.concatenate([uniforms(seed, i, draws, max_new_tokens) for i, draws in part])
            counts = [len(draws) for _, draws in part]
            rows = decode_batch(
                model, [ids[i] for i, _ in part], counts, torch.from_numpy(noise), temperature, top_p, stopper
            )
            places = [(i, j) for i, draws in part for j in draws]
            for (i, j), row in zip(places, rows, strict=True):
                texts[i][j] = stopper.cut(model.decode([*ids[i], *row])[starts[i] :])
            task.advance(len(places))
    return texts


def batches(lengths: Sequence[int], n: int, new: int) -> list[list[tuple[int, range]]]:
    """(prompt, its draws) in batches of at most `BATCH_ROWS` samples or `BATCH_TOKENS` tokens, short ones first."""
    made: list[list[tuple[int, range]]] = []
    held = 0
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        most = max(1, min(BATCH_ROWS, BATCH_TOKENS // (lengths[i] + new)))
        for start in range(0, n, most):
            draws = range(start, min(n, start + most))
            if not made or held + len(draws) > most:
                made.append([])
                held = 0
            made[-1].append((i, draws))
            held += len(draws)
    return made


def uniforms(seed: int, prompt: int, draws: range, steps: int) -> np.ndarray:
    """Random numbers in [0, 1) of some draws of a prompt, (draws, steps); those of a draw are its own."""
    return np.stack([np.random.default_rng([seed, prompt, draw]).random(steps) for draw in draws])


@torch.no_grad()
def decode_batch(
    model: LanguageModel,
    prompts: list[list[int]],
    counts: list[int],
    noise: torch.Tensor,
    temperature: float,
    top_p: float,
    stopper: Stopper,
) -> list[list[int]]:
    """New ids of `counts[i]` samples of every prompt; noise (samples, steps) in [0, 1).

    A prompt is read once for all its samples. Finished samples leave the batch when they are half of it.
    """
    place = model.network.device
    noise = noise.to(place)
    ids, seen, positions = padded_left(prompts, model.end, place)
    cache = DynamicCache(config=model.network.config)
    logits = model.next_logits(ids, seen, positions, cache)
    spread = torch.repeat_interleave(torch.arange(len(prompts)), torch.tensor(counts)).to(place)
    logits, seen, position = logits[spread], seen[spread], positions[spread, -1:]
    cache.batch_select_indices(spread)
    rows: list[list[int]] = [[] for _ in spread]
    active = list(range(len(rows)))  # which sample a row of the batch is
    open_rows = set(active)
    for step in range(noise.shape[1]):
        chosen = draw(logits.float(), noise[active, step], temperature, top_p)
        for i, token in zip(active, chosen.tolist(), strict=True):
            if i not in open_rows:
                continue
            if token == model.end:
                open_rows.discard(i)
                continue
            rows[i].append(token)
            if stopper.reached(rows[i]):
                open_rows.discard(i)
        if not open_rows or step + 1 == noise.shape[1]:
            break
        if 2 * len(open_rows) <= len(active):
            keep = torch.tensor([at for at, i in enumerate(active) if i in open_rows], device=place)
            active = [i for i in active if i in open_rows]
            cache.batch_select_indices(keep)
            chosen, seen, position = chosen[keep], seen[keep], position[keep]
        seen = torch.cat([seen, seen.new_ones(len(active), 1)], dim=1)
        position = position + 1
        logits = model.next_logits(chosen[:, None], seen, position, cache)
    return rows


def padded_left(
    prompts: list[list[int]], filler: int, place: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids of prompts that end together, 1 where they are no padding, and positions; (prompts, longest) each."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[filler] * (longest - len(row)) + row for row in prompts], device=place)
    seen = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in prompts], device=place)
    return ids, seen, (seen.cumsum(1) - 1).clamp(min=0)


def draw(logits: torch.Tensor, noise: torch.Tensor, temperature: float, top_p: float) -> torch.Tensor:
    """A token of every row by inversion of its distribution; logits (rows, vocabulary), noise (rows,) in [0, 1)."""
    if temperature == 0:
        return logits.argmax(-1)
    shares = (logits / temperature).softmax(-1).double()
    if top_p == 1:
        total = shares.cumsum(-1)
        # rounding may leave the last sum a little below 1
        found = torch.searchsorted(total, noise[:, None] * total[:, -1:], right=True)[:, 0]
        return found.clamp(max=logits.shape[-1] - 1)
    shares, tokens = shares.sort(dim=-1, descending=True, stable=True)
    total = shares.cumsum(-1)
    inside = total - shares < top_p
    mass = (shares * inside).sum(-1, keepdim=True)
    found = torch.searchsorted(total, noise[:, None] * mass, right=True).clamp(max=logits.shape[-1] - 1)
    return tokens.gather(-1, torch.minimum(found, inside.sum(-1, keepdim=True) - 1))[:, 0]


class Stopper:
    """Finds stop strings in what has been generated, looking only where one may just have ended."""

    def __init__(self, model: LanguageModel, stop: Sequence[str]) -> None:
        if "" in stop:
            raise BenchError("an empty stop string would end every continuation; leave it out")
        self.model = model
        self.stop = tuple(stop)
        # a token is at least one byte of the text
        self.tail = max((len(text.encode()) for text in stop), default=0) + 1
        self.ends: dict[int, bool] = {}

    def may_end(self, token: int) -> bool:
        """Whether a stop string may end within a token (also where the token is but a part of a sign)."""
        if token not in self.ends:
            text = self.model.decode([token])
            self.ends[token] = "\ufffd" in text or any(end[-1] in text for end in self.stop)
        return self.ends[token]

    def reached(self, row: list[int]) -> bool:
        """Whether a stop string is in the text of the ids; to be asked after every id."""
        if not self.stop or not self.may_end(row[-1]):
            return False
        tail = self.model.decode(row[-self.tail :])
        return any(text in tail for text in self.stop)

    def cut(self, text: str) -> str:
        """The text before the first stop string."""
        return text[: min((at for at in map(text.find, self.stop) if at >= 0), default=len(text))]
