"""Every injection: what training reads at once is what sampling reads token by token."""

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, DynamicCache

from generators.difflm.injection import make_injection, positions_in_front
from generators.difflm.tokens import PAD, Tokens
from generators.difflm.vae import VariationalAutoencoder

DECODERS = ("gpt2", "llama", "mistral", "qwen2")
KINDS = ("soft_prompt", "prefix_soft_prompt", "kv_memory", "input_embed")
LATENT, SOFT_TOKENS = 4, 3


@pytest.fixture(scope="module")
def decoders(pretrained):
    return {
        family: AutoModelForCausalLM.from_pretrained(pretrained[family], attn_implementation="eager").eval()
        for family in DECODERS
    }


def steered(decoder, kind: str) -> VariationalAutoencoder:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        injection = make_injection(kind, LATENT, SOFT_TOKENS, decoder.config)
    return VariationalAutoencoder(nn.Identity(), injection, decoder, None)


def latents(rows: int) -> torch.Tensor:
    return torch.randn(rows, LATENT, generator=torch.Generator().manual_seed(2))


@torch.no_grad()
def step_by_step(model: VariationalAutoencoder, latent: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Logits (1, length, vocabulary) behind every token of one record, read one by one with a cache."""
    embed, head = model.decoder.get_input_embeddings(), model.decoder.get_output_embeddings()
    steering = model.injection(latent)
    first = embed(ids[:, :1])
    cache = steering.cache(model.decoder.config, first.dtype) or DynamicCache(config=model.decoder.config)
    logits = [head(model.read(steering.prepend(first), cache)[:, -1:])]
    for place in range(1, ids.shape[1]):
        logits.append(head(model.read(steering.embed(embed(ids[:, place, None])), cache)))
    assert cache.get_seq_length() == ids.shape[1] + positions_in_front_of(model, steering)
    return torch.cat(logits, dim=1)


def positions_in_front_of(model: VariationalAutoencoder, steering) -> int:
    return steering.prefix.shape[1] + bool(steering.memory)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", DECODERS)
def test_teacher_forced_and_cached_logits_agree(decoders, family, kind):
    decoder = decoders[family]
    model = steered(decoder, kind)
    latent = latents(2)
    ids = torch.randint(1, 300, (2, 9), generator=torch.Generator().manual_seed(3))
    ids[1, 6:] = PAD
    steering = model.injection(latent)
    embedded = decoder.get_input_embeddings()(ids.clamp(min=0))
    with torch.no_grad():
        forced = decoder(
            inputs_embeds=steering.prepend(embedded), past_key_values=steering.cache(decoder.config, embedded.dtype)
        ).logits[:, steering.prefix.shape[1] :]
        loss = model.reconstruction(Tokens(ids, ids), latent)
    for row in range(2):
        record = ids[row, ids[row] != PAD][None]
        logits = step_by_step(model, latent[row : row + 1], record)
        torch.testing.assert_close(logits[0], forced[row, : record.shape[1]], rtol=1e-3, atol=1e-3)
        told = logits[0, :-1].log_softmax(dim=-1).gather(1, record[0, 1:, None])
        torch.testing.assert_close(loss[row], -told.sum(), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_positions_in_front_are_those_that_the_cache_holds(decoders, kind):
    decoder = decoders["llama"]
    model = steered(decoder, kind)
    steering = model.injection(latents(1))
    assert positions_in_front_of(model, steering) == positions_in_front(kind, SOFT_TOKENS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", DECODERS)
def test_the_latent_steers_and_learns_through_a_frozen_decoder(decoders, family, kind):
    decoder = decoders[family].requires_grad_(False)
    model = steered(decoder, kind)
    latent = latents(2).requires_grad_()
    ids = torch.tensor([[5, 6, 7, 8, 9]]).expand(2, -1)
    loss = model.reconstruction(Tokens(ids, ids), latent)
    assert not torch.isclose(loss[0], loss[1], atol=1e-3)
    loss.sum().backward()
    assert latent.grad.norm() > 0
    assert all(weight.grad.norm() > 0 for weight in model.injection.parameters())
    if kind == "kv_memory":
        parts = model.injection.project.weight.grad.unflatten(0, (decoder.config.num_hidden_layers, 2, -1))
        assert (parts.flatten(2).norm(dim=2) > 0).all(), "every layer has a key and a value that learn"
