"""How likely the decoder finds a record, under the grammar that sampling obeys.

Where a grammar says what may follow, probabilities are shared out among the allowed tokens only, in
training as in sampling: the model that is trained is the one that is sampled from, and nothing has to
learn what cannot happen. A position needs the logits of one column instead of the whole vocabulary.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from generators.difflm.grammar import Grammar
from generators.difflm.tokens import PAD, Tokens


def negative_log_likelihood(
    hidden: torch.Tensor, head: nn.Linear, tokens: Tokens, grammar: Grammar | None
) -> torch.Tensor:
    """-log p of every record behind its first token, in nats, (records,).

    In float32, as in decoding: a distribution learnt through logits rounded to bfloat16 is another one.

    Args:
        hidden: (records, length - 1, width), what the decoder says at each token but the last.
        head: from hidden states to logits.
        tokens: the records.
        grammar: of `tokens.states`; None where any token may follow any other.
    """
    targets = tokens.ids[:, 1:]
    present = targets != PAD
    record = torch.nonzero(present)[:, 0]
    hidden, target = hidden[present].float(), targets[present]
    if grammar is None or tokens.states is None:
        loss = functional.cross_entropy(score(hidden, head), target, reduction="none")
    else:
        loss, order = restricted(hidden, head, target, tokens.states[present].long(), grammar)
        record = record[order]
    return loss.new_zeros(len(targets)).index_add(0, record, loss)


def restricted(
    hidden: torch.Tensor, head: nn.Linear, target: torch.Tensor, state: torch.Tensor, grammar: Grammar
) -> tuple[torch.Tensor, torch.Tensor]:
    """Losses (tokens,) sorted by block of the vocabulary, and the order that sorted them."""
    order = torch.argsort(grammar.block[state], stable=True)
    counts = torch.bincount(grammar.block[state], minlength=len(grammar.bounds) - 1).tolist()
    losses = []
    parts = (values[order].split(counts) for values in (hidden, target, state))
    for first, last, part, wanted, reading in zip(grammar.bounds, grammar.bounds[1:], *parts, strict=False):
        logits = score(part, head, first, last)
        token = torch.arange(first, last, device=part.device)
        low, high = grammar.low[reading][:, None], grammar.high[reading][:, None]
        logits = logits.masked_fill((token < low) | (token > high), -torch.inf)
        losses.append(functional.cross_entropy(logits, wanted - first, reduction="none"))
    return torch.cat(losses), order


def score(hidden: torch.Tensor, head: nn.Linear, first: int = 0, end: int | None = None) -> torch.Tensor:
    """Logits of the tokens first..end - 1 (all where no end is given), in float32 also where autocast is on."""
    weight = head.weight[first:end].float()
    bias = None if head.bias is None else head.bias[first:end].float()
    with torch.autocast(hidden.device.type, enabled=False):
        return functional.linear(hidden.float(), weight, bias)
