"""The terms of the bound against torch's own distributions and a plain forward pass."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from generators.difflm.tokens import PAD
from generators.difflm.vae import Terms, VariationalAutoencoder


@pytest.fixture
def tokens(tokenizer, frame):
    return tokenizer.encode(frame.head(30))[0]


def noise(rows: int) -> torch.Tensor:
    return torch.randn(rows, 4, generator=torch.Generator().manual_seed(1))


def log_probabilities(model, ids: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
    """(length, vocabulary) of what follows each token of one record without padding, by the decoder's own forward."""
    embedded = model.decoder.get_input_embeddings()(ids)[None]
    prefix = model.injection(latent[None]).prefix
    logits = model.decoder(inputs_embeds=torch.cat([prefix, embedded], dim=1)).logits
    return logits[0, prefix.shape[1] :]


def test_kl_is_the_divergence_from_the_standard_normal(model, tokens):
    mean, log_variance = model.encoder(tokens.encoder_ids)
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    terms = model(tokens, torch.zeros(len(tokens), 4))
    torch.testing.assert_close(terms.kl, expected)


def test_reconstruction_is_the_log_likelihood_of_the_record(model, tokens):
    free = VariationalAutoencoder(model.encoder, model.injection, model.decoder, None)
    latent = noise(len(tokens))
    row = 3
    ids = tokens.ids[row][tokens.ids[row] != PAD]
    told = log_probabilities(model, ids, latent[row]).log_softmax(dim=-1)
    expected = -sum(told[place, token] for place, token in enumerate(ids[1:]))
    torch.testing.assert_close(free.reconstruction(tokens, latent)[row], expected, rtol=1e-4, atol=1e-4)


def test_under_a_grammar_probabilities_are_shared_out_among_what_is_allowed(model, tokens):
    grammar = model.grammar
    latent = noise(len(tokens))
    row = 3
    ids = tokens.ids[row][tokens.ids[row] != PAD]
    logits = log_probabilities(model, ids, latent[row])
    state, expected = torch.tensor(grammar.start), 0.0
    for place, token in enumerate(ids[1:]):
        low, high = int(grammar.low[state]), int(grammar.high[state])
        expected -= logits[place, low : high + 1].log_softmax(dim=0)[token - low]
        state = grammar.step(state[None], token[None])[0]
    torch.testing.assert_close(model.reconstruction(tokens, latent)[row], expected, rtol=1e-4, atol=1e-4)


def test_padding_changes_nothing(model, tokens):
    short = tokens[tokens.ids[:, -1] == PAD]
    assert 0 < len(short) < len(tokens), "the table must have rows of several lengths"
    trimmed = short.trimmed()
    assert trimmed.ids.shape[1] < short.ids.shape[1]
    expected = model(trimmed, noise(len(short)))
    terms = model(short, noise(len(short)))
    torch.testing.assert_close(terms.reconstruction, expected.reconstruction, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(terms.kl, expected.kl, rtol=1e-4, atol=1e-4)


def test_a_hidden_input_is_not_seen_but_still_told(model, tokens):
    latent = noise(2)
    pair = tokens[torch.tensor([0, 0])]
    plain = model.reconstruction(pair, latent[[0, 0]])
    hidden = torch.zeros(2, pair.ids.shape[1] - 1, dtype=torch.bool)
    hidden[1, 1] = True
    other = model.reconstruction(pair, latent[[0, 0]], hidden)
    torch.testing.assert_close(other[0], plain[0])
    assert not torch.isclose(other[1], plain[1], rtol=1e-6)
    embedded = model.decoder.get_input_embeddings().weight
    with torch.no_grad():
        embedded[pair.ids[1, 1]] = 0.0
    torch.testing.assert_close(model.reconstruction(pair, latent[[0, 0]])[1], other[1])


def test_the_bound_is_both_terms():
    terms = Terms(torch.tensor([10.0, 12.0]), torch.tensor([[1.0, 2.0], [5.0, 0.0]]), torch.zeros(2, 2))
    assert terms.negative_elbo.tolist() == [13.0, 17.0]
