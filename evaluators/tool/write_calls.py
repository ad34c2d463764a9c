"""Writing calls: the likeliest token at every step that keeps the text inside its grammar, in batches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers import DynamicCache

from bench.errors import BenchError
from bench.progress import SILENT, Progress
from evaluators.tool.call import Call
from evaluators.tool.call_grammar import CallGrammars
from evaluators.tool.tool_texts import API, LONGEST_NAME, one_line

if TYPE_CHECKING:
    from llguidance import LLMatcher

    from evaluators.language.model import LanguageModel

BATCH_TOKENS = 65_536


def write_calls(
    model: LanguageModel,
    prompts: Sequence[str],
    grammars: Sequence[LLMatcher],
    *,
    max_new_tokens: int,
    progress: Progress = SILENT,
) -> list[str | None]:
    """What follows each prompt, up to the end of its grammar; None where that was not reached.

    Args:
        model: the network with its tokenizer.
        prompts: where they leave no room in the context, their beginning is left out.
        grammars: one matcher a prompt, at its beginning.
        max_new_tokens: most tokens of an answer.
        progress: where to report to.

    Raises:
        BenchError: the context has no room for so many new tokens.
    """
    room = model.context - max_new_tokens
    if room < 2:
        raise BenchError(
            f"{max_new_tokens} tokens of a call leave no room for a prompt in a context of {model.context}"
        )
    ids = [[model.begin, *model.encode(prompt)][-room:] for prompt in prompts]
    written: list[str | None] = [None] * len(prompts)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    with progress.task("write calls", len(prompts), "calls") as task:
        while order:
            longest = len(ids[order[-1]]) + max_new_tokens
            batch, order = order[-max(1, BATCH_TOKENS // longest) :], order[: -max(1, BATCH_TOKENS // longest)]
            texts = write_batch(model, [ids[i] for i in batch], [grammars[i] for i in batch], max_new_tokens)
            for i, text in zip(batch, texts, strict=True):
                written[i] = text
            task.advance(len(batch))
    return written


@torch.no_grad()
def write_batch(
    model: LanguageModel, prompts: list[list[int]], grammars: Sequence[LLMatcher], steps: int
) -> list[str | None]:
    matchers = [grammar.deep_copy() for grammar in grammars]
    rows: list[list[int]] = [[] for _ in prompts]
    finished = [False] * len(prompts)
    place, network = model.network.device, model.network
    longest = max(map(len, prompts))
    ids = torch.tensor([[model.end] * (longest - len(row)) + row for row in prompts], device=place)
    seen = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in prompts], device=place)
    positions = (seen.cumsum(1) - 1).clamp(min=0)
    cache = DynamicCache(config=network.config)
    active = list(range(len(rows)))
    for _ in range(steps):
        with model.autocast():
            logits = network(
                input_ids=ids,
                attention_mask=seen,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            ).logits[:, -1]
        allowed = masks([matchers[i] for i in active], logits.shape[-1]).to(place)
        chosen = logits.float().masked_fill(~allowed, -torch.inf).argmax(-1)
        for i, token in zip(active, chosen.tolist(), strict=True):
            finished[i] = not matchers[i].consume_token(token) or matchers[i].is_stopped()
            if token != model.end:
                rows[i].append(token)
        keep = torch.tensor([at for at, i in enumerate(active) if not finished[i]], device=place)
        if len(keep) == 0:
            break
        if len(keep) < len(active):
            active = [i for i in active if not finished[i]]
            cache.batch_select_indices(keep)
        seen = torch.cat([seen[keep], seen.new_ones(len(active), 1)], dim=1)
        ids, positions = chosen[keep, None], positions[keep, -1:] + 1
    done = [end and not matcher.is_error() for end, matcher in zip(finished, matchers, strict=True)]
    return [model.decode(row) if ended else None for row, ended in zip(rows, done, strict=True)]


def masks(matchers: Sequence[LLMatcher], size: int) -> torch.Tensor:
    """Which tokens may follow; bool (matchers, size)."""
    from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask  # noqa: PLC0415

    bits = allocate_token_bitmask(len(matchers), size)
    for row, matcher in enumerate(matchers):
        fill_next_token_bitmask(matcher, bits, row)
    flags = np.unpackbits(bits.view(np.uint8), axis=1, bitorder="little")[:, :size]
    return torch.from_numpy(flags.astype(bool))


def calls_of(
    model: LanguageModel,
    tasks: Sequence[tuple[Sequence[API], str, bool]],
    max_new_tokens: int,
    progress: Progress = SILENT,
) -> list[list[Call]]:
    """The calls that a model writes; none where it does not come to an end, or where there is no grammar.

    Args:
        model: writes.
        tasks: the APIs that may be called, the prompt, and whether there may be several calls.
        max_new_tokens: most tokens of all calls of a task.
        progress: where to report to.
    """
    if not tasks:
        return []
    grammars = CallGrammars(model.tokenizer, model.network.get_output_embeddings().out_features)
    compiled: dict[int, LLMatcher] = {}
    for i, (offered, _, several) in enumerate(tasks):
        try:
            compiled[i] = grammars.compile(offered, several=several)
        except BenchError:  # a type without a name, or a schema that no grammar follows
            continue
    prompts = [tasks[i][1] for i in compiled]
    texts = write_calls(model, prompts, list(compiled.values()), max_new_tokens=max_new_tokens, progress=progress)
    written = dict(zip(compiled, texts, strict=True))
    return [read_calls(written.get(i), offered) for i, (offered, _, _) in enumerate(tasks)]


def read_calls(text: str | None, offered: Sequence[API]) -> list[Call]:
    """The calls in what `write_calls` gives; none where it gives None."""
    names = {one_line(api.name, LONGEST_NAME): api.name for api in offered}
    calls = []
    for line in (text or "").split("\n"):
        written = line.removeprefix("Call:").strip()
        # of names that begin alike the longest is meant
        name = max((name for name in names if written.startswith(f"{name} ")), key=len, default=None)
        if name is not None:
            calls.append(Call(names[name], json.loads(written[len(name) :])))
    return calls
