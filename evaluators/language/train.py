"""Training on a fixed budget of tokens, whatever the records: few or short records are only read more often.

AdamW with a linear warm-up and a cosine; low-rank adapters (Hu et al. 2022, arXiv 2106.09685) through peft.
Records are not cut or joined: records of similar length share a padded batch, so that none attends to another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional
from transformers import PreTrainedModel

from bench.errors import BenchError
from bench.progress import Progress
from evaluators.language.recipe import Recipe

if TYPE_CHECKING:
    from evaluators.language.model import LanguageModel

IGNORED = -100
LEAST_RATE = 0.1
LARGEST_GRADIENT = 1.0
# Batches that are sorted by length together: more waste less on padding, fewer mix lengths better.
WINDOW = 16
# Tokens of a forward pass; a larger optimiser step gathers its gradient over several.
PASS_TOKENS = 8192


def fit(
    model: LanguageModel, texts: Sequence[str], recipe: Recipe, *, seed: int, progress: Progress
) -> PreTrainedModel:
    """Train the network of `model` in place.

    Returns:
        the trained network, adapters merged.

    Raises:
        BenchError: there is no text to learn from.
    """
    rows = encode(model, texts)
    if not rows:
        raise BenchError("there is no text to train a language model on; every record is empty")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = model.network
        if recipe.training == "lora":
            network = with_adapters(network, recipe)
        train(network, model, rows, recipe, seed, progress)
    if recipe.training == "lora":
        network = network.merge_and_unload()
    return network.eval().requires_grad_(True)


def encode(model: LanguageModel, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of every text between begin and end; texts beyond the context in pieces, empty ones left out."""
    rows = []
    filled = [text for text in texts if text]
    if not filled:
        return []
    for ids in model.tokenizer(filled, add_special_tokens=False, verbose=False)["input_ids"]:
        row = [model.begin, *ids, model.end]
        pieces = [row[start : start + model.context] for start in range(0, len(row), model.context)]
        rows += [piece for piece in pieces if len(piece) > 1]
    return rows


def with_adapters(network: PreTrainedModel, recipe: Recipe) -> PreTrainedModel:
    """The frozen network with low-rank adapters on all its linear layers."""
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415  (slow to import, seldom needed)

    adapters = LoraConfig(
        r=recipe.lora_rank, lora_alpha=recipe.lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return get_peft_model(network, adapters)


def train(
    network: PreTrainedModel,
    model: LanguageModel,
    rows: list[list[int]],
    recipe: Recipe,
    seed: int,
    progress: Progress,
) -> None:
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=recipe.peak_rate, betas=(0.9, 0.95))
    network.train()
    seen = 0
    with progress.task("train language model", recipe.train_tokens, "tokens") as task:
        for batch in batches(rows, recipe.batch_tokens, np.random.default_rng(seed)):
            tokens = sum(map(len, batch))
            if seen >= recipe.train_tokens:
                break
            # the rate of the middle of the step, so that no step has rate 0
            rate = recipe.peak_rate * schedule((seen + tokens / 2) / recipe.train_tokens, recipe.warmup_share)
            for group in optimiser.param_groups:
                group["lr"] = rate
            predicted = tokens - len(batch)
            total = 0.0
            for part in cut(batch, PASS_TOKENS):
                ids, labels = pad(part, model.end)
                with model.autocast():
                    logits = network(input_ids=ids.to(network.device), use_cache=False).logits
                loss = token_loss(logits, labels.to(network.device)) / predicted
                loss.backward()
                total += float(loss.detach())
            torch.nn.utils.clip_grad_norm_(weights, LARGEST_GRADIENT)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            task.advance(min(tokens, recipe.train_tokens - seen), loss=total)
            seen += tokens


def schedule(done: float, warmup: float) -> float:
    """Factor of the learning rate at the share `done` of the training: linear up, then half a cosine to a tenth."""
    if done < warmup:
        return done / warmup
    falling = min((done - warmup) / (1 - warmup), 1.0)
    return LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * falling))


def batches(rows: list[list[int]], size: int, rng: np.random.Generator) -> Iterator[list[list[int]]]:
    """Endless batches of whole rows of at most `size` tokens (or one row), every row once before any comes again."""
    order = endless(len(rows), rng)
    while True:
        ahead: list[list[int]] = []
        held = 0
        while held < WINDOW * size:
            ahead.append(rows[next(order)])
            held += len(ahead[-1])
        made = list(cut(sorted(ahead, key=len), size))
        for i in rng.permutation(len(made)):
            yield made[i]


def cut(rows: list[list[int]], size: int) -> Iterator[list[list[int]]]:
    """The rows in groups of at most `size` tokens, or of one row."""
    group: list[list[int]] = []
    held = 0
    for row in rows:
        if group and held + len(row) > size:
            yield group
            group, held = [], 0
        group.append(row)
        held += len(row)
    yield group


def endless(n: int, rng: np.random.Generator) -> Iterator[int]:
    """The numbers below n in random order, again and again."""
    while True:
        yield from rng.permutation(n).tolist()


def pad(rows: list[list[int]], filler: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and labels (rows, longest), filled up on the right, where a causal model does not look."""
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), filler)
    labels = torch.full((len(rows), longest), IGNORED)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = labels[i, : len(row)] = torch.tensor(row)
    return ids, labels


def token_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy in nats of every next token, summed; logits (rows, length, vocabulary), labels (rows, length)."""
    return functional.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORED, reduction="sum"
    )
