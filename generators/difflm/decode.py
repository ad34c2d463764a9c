"""Latents -> token ids: batched, cached, every token inside the grammar."""

from __future__ import annotations

import torch
from transformers import DynamicCache

from generators.difflm.grammar import Grammar
from generators.difflm.table_tokenizer import BEGIN, PAD
from generators.difflm.vae import VariationalAutoencoder


@torch.no_grad()
def decode(
    model: VariationalAutoencoder,
    latent: torch.Tensor,
    grammar: Grammar,
    *,
    length: int,
    temperature: float,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw one record a latent.

    Args:
        model: the autoencoder whose decoder speaks.
        latent: (rows, latent).
        grammar: what may follow what.
        length: most tokens of a record behind BEGIN.
        temperature: 1 draws from the model itself, 0 takes the likeliest token.
        generator: of uniform numbers, one a row and token.

    Returns:
        ids: (rows, length) int64, padded with PAD behind the record.
        complete: (rows,) bool; False where the record did not end within `length`.
    """
    rows, device = len(latent), latent.device
    transformer, head = model.decoder.get_decoder(), model.decoder.get_output_embeddings().weight
    embed = model.decoder.get_input_embeddings()
    ids = torch.full((rows, length), PAD, device=device)
    complete = torch.zeros(rows, dtype=torch.bool, device=device)
    alive = torch.arange(rows, device=device)
    state = torch.full((rows,), grammar.start, device=device)
    begin = embed(torch.full((rows, 1), BEGIN, device=device))
    inputs = torch.cat([model.soft_prompt(latent).to(begin.dtype), begin], dim=1)
    cache = DynamicCache(config=model.decoder.config)
    for place in range(length):
        hidden = transformer(inputs_embeds=inputs, past_key_values=cache, use_cache=True).last_hidden_state[:, -1]
        uniform = torch.rand(rows, generator=generator).to(device)[alive]
        token = draw(hidden, head, grammar.low[state], grammar.high[state], temperature, uniform)
        ids[alive, place] = token
        state = grammar.step(state, token)
        done = state == grammar.end
        complete[alive[done]] = True
        if done.all():
            break
        # rows that are done ride along until half of the batch is: shrinking the cache copies it
        if place + 1 < length and int(done.sum()) * 2 >= len(alive):
            stay = torch.nonzero(~done).squeeze(1)
            cache.batch_select_indices(stay)
            alive, state, token = alive[stay], state[stay], token[stay]
        inputs = embed(token)[:, None]
    return ids, complete


def draw(
    hidden: torch.Tensor,
    head: torch.Tensor,
    low: torch.Tensor,
    high: torch.Tensor,
    temperature: float,
    uniform: torch.Tensor,
) -> torch.Tensor:
    """One token a row from softmax(head @ hidden / temperature) restricted to low..high, by inverse transform.

    Only the part of the vocabulary that some row may use is computed, in float32: bfloat16 logits
    would move probabilities by several percent.
    """
    first, last = int(low.min()), int(high.max())
    with torch.autocast(hidden.device.type, enabled=False):
        logits = hidden.float() @ head[first : last + 1].float().T
    token = torch.arange(first, last + 1, device=hidden.device)
    logits.masked_fill_((token < low[:, None]) | (token > high[:, None]), -torch.inf)
    if temperature == 0:
        return logits.argmax(dim=1) + first
    mass = torch.softmax(logits / temperature, dim=1).cumsum(dim=1)
    index = torch.searchsorted(mass, (uniform * mass[:, -1])[:, None], right=True).squeeze(1)
    return torch.minimum(index + first, high)
