"""Cached, batched decoding says what a plain forward pass says, and draws from the right distribution."""

import pytest
import torch
from scipy.stats import chisquare

from generators.difflm.decode import decode, draw
from generators.difflm.table_tokenizer import BEGIN, PAD


@pytest.fixture
def latent():
    return torch.randn(40, 4, generator=torch.Generator().manual_seed(5))


def run(model, latent, tokenizer, temperature, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return decode(
        model, latent, tokenizer.grammar, length=tokenizer.length - 1, temperature=temperature, generator=generator
    )


def test_greedy_steps_with_cache_equal_a_full_forward_pass(model, latent, tokenizer):
    ids, complete = run(model, latent, tokenizer, temperature=0)
    assert complete.all()
    grammar = tokenizer.grammar
    full = torch.nn.functional.pad(ids, (1, 0), value=BEGIN)
    inputs = torch.cat([model.soft_prompt(latent), model.decoder.get_input_embeddings()(full)], dim=1)
    logits = model.decoder(inputs_embeds=inputs).logits[:, model.soft_prompt.tokens :]
    state = torch.full((len(ids),), grammar.start)
    token = torch.arange(tokenizer.size)
    for place in range(ids.shape[1]):
        allowed = (token >= grammar.low[state][:, None]) & (token <= grammar.high[state][:, None])
        best = logits[:, place].masked_fill(~allowed, -torch.inf).argmax(dim=1)
        running = state != grammar.end
        assert torch.equal(ids[running, place], best[running])
        assert (ids[~running, place] == PAD).all()
        state = grammar.step(state, torch.where(running, ids[:, place], PAD))


def test_a_row_does_not_depend_on_the_rows_beside_it(model, latent, tokenizer):
    together, _ = run(model, latent, tokenizer, temperature=0)
    alone = torch.cat([run(model, one, tokenizer, temperature=0)[0] for one in latent.split(1)])
    assert torch.equal(together, alone)


def test_every_draw_is_a_record(model, tokenizer):
    latent = torch.randn(500, 4, generator=torch.Generator().manual_seed(2))
    ids, complete = run(model, latent, tokenizer, temperature=1)
    assert complete.all()
    records = tokenizer.decode(ids.numpy())
    assert tokenizer.encode(records)[1].all()


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_draws_follow_the_restricted_softmax(temperature):
    generator = torch.Generator().manual_seed(3)
    hidden, head = torch.randn(1, 8, generator=generator), torch.randn(30, 8, generator=generator)
    low, high, n = 4, 11, 20_000
    expected = torch.softmax(hidden @ head[low : high + 1].T / temperature, dim=1)[0]
    uniform = torch.rand(n, generator=generator)
    bounds = torch.full((n,), low), torch.full((n,), high)
    token = draw(hidden.expand(n, 8), head, *bounds, temperature, uniform)
    counts = torch.bincount(token, minlength=30)
    assert counts[:low].sum() == 0
    assert counts[high + 1 :].sum() == 0
    assert chisquare(counts[low : high + 1].numpy(), n * expected.numpy().astype(float), sum_check=False).pvalue > 1e-3


def test_the_largest_uniform_number_stays_inside():
    hidden, head = torch.ones(1, 2), torch.tensor([[0.0, 0.0], [50.0, 0.0], [0.0, 0.0], [-50.0, 0.0]])
    almost_one = torch.tensor([1.0 - 2**-24])
    token = draw(hidden, head, torch.tensor([0]), torch.tensor([3]), 1.0, almost_one)
    assert 0 <= int(token) <= 3


def test_rows_that_do_not_end_are_told(model, latent, tokenizer):
    generator = torch.Generator().manual_seed(0)
    _, complete = decode(model, latent, tokenizer.grammar, length=2, temperature=1, generator=generator)
    assert not complete.any()
