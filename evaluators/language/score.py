"""Log-likelihoods of continuations given prompts, in batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from evaluators.language.train import pad

if TYPE_CHECKING:
    from evaluators.language.model import LanguageModel

PASS_TOKENS = 8192


@torch.no_grad()
def score_pairs(
    model: LanguageModel, pairs: Sequence[tuple[str, str]], progress: Progress = SILENT
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The log p(continuation | prompt) in nats, and over how many tokens; both of shape (pairs,).

    Prompt and continuation are spelled as one text, as in training. Where a token spans both, it and what follows
    it are scored, so that the spelling at the boundary is never one that training has not seen. Beyond the context
    the beginning of the prompt is left out; of a continuation longer than the context its end is what is scored.
    """
    split = [boundary(model, prompt, continuation) for prompt, continuation in pairs]
    scores, counts = np.zeros(len(pairs)), np.zeros(len(pairs), dtype=np.int64)
    order = sorted(range(len(pairs)), key=lambda i: len(split[i][0]))
    with progress.task("score continuations", len(pairs), "texts") as task:
        for batch in parts(order, [len(ids) for ids, _ in split]):
            ids, _ = pad([split[i][0] for i in batch], model.end)
            ids = ids.to(model.network.device)
            with model.autocast():
                logits = model.network(input_ids=ids, use_cache=False).logits[:, :-1]
            chosen = logits.float().log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0].double().cpu().numpy()
            for row, i in zip(chosen, batch, strict=True):
                tokens, start = split[i]
                scores[i] = row[start - 1 : len(tokens) - 1].sum()
                counts[i] = len(tokens) - start
            task.advance(len(batch))
    return scores, counts


def boundary(model: LanguageModel, prompt: str, continuation: str) -> tuple[list[int], int]:
    """Ids of begin, prompt and continuation, and the place of the first id that is scored."""
    whole, start = model.encode(prompt + continuation), 0
    for ours, alone in zip(whole, model.encode(prompt), strict=False):
        if ours != alone:
            break
        start += 1
    tokens, start = [model.begin, *whole], start + 1
    cut = max(len(tokens) - model.context, 0)
    return tokens[cut:], max(start - cut, 1)


def parts(order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    """Indices, sorted by length, in batches of at most `PASS_TOKENS` padded tokens."""
    made: list[list[int]] = []
    for i in order:
        if not made or (len(made[-1]) + 1) * lengths[i] > PASS_TOKENS:
            made.append([])
        made[-1].append(i)
    return made
