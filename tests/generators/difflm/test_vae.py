"""The terms of the bound against torch's own distributions and a plain forward pass."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from generators.difflm.table_tokenizer import PAD
from generators.difflm.vae import Terms


@pytest.fixture
def ids(tokenizer, frame):
    return torch.as_tensor(tokenizer.encode(frame.head(30))[0])


def test_kl_is_the_divergence_from_the_standard_normal(model, ids):
    mean, log_variance = model.encoder(ids)
    posterior = Normal(mean, (0.5 * log_variance).exp())
    expected = kl_divergence(posterior, Normal(0.0, 1.0)).sum(dim=1)
    terms = model(ids, torch.zeros(len(ids), 4))
    torch.testing.assert_close(terms.kl, expected)


def test_reconstruction_is_the_log_likelihood_of_the_record(model, ids):
    latent = torch.randn(len(ids), 4, generator=torch.Generator().manual_seed(1))
    row = 3
    tokens = ids[row][ids[row] != PAD]
    inputs = torch.cat(
        [model.soft_prompt(latent[row : row + 1]), model.decoder.get_input_embeddings()(tokens)[None]], 1
    )
    log_prob = model.decoder(inputs_embeds=inputs).logits[0].log_softmax(dim=-1)
    soft = model.soft_prompt.tokens
    expected = -sum(log_prob[soft + place, token] for place, token in enumerate(tokens[1:]))
    torch.testing.assert_close(model.reconstruction(ids, latent)[row], expected, rtol=1e-4, atol=1e-4)


def test_padding_changes_nothing(model, ids):
    noise = torch.randn(len(ids), 4, generator=torch.Generator().manual_seed(1))
    wide = torch.nn.functional.pad(ids[:, :-1], (0, 1), value=PAD)
    short = ids[(ids[:, -1] == PAD)]
    assert len(short), "the table must have rows of several lengths"
    keep = ids[:, -1] == PAD
    narrow, padded = model(ids[keep][:, :-1], noise[keep]), model(wide[keep], noise[keep])
    torch.testing.assert_close(narrow.reconstruction, padded.reconstruction, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(narrow.kl, padded.kl, rtol=1e-4, atol=1e-4)


def test_the_loss_holds_the_kl_at_the_capacity():
    terms = Terms(torch.tensor([10.0, 12.0]), torch.tensor([3.0, 5.0]))
    assert float(terms.loss(beta=1.0, capacity=6.0)) == 11.0 + 2.0
    assert float(terms.loss(beta=0.5, capacity=0.0)) == 11.0 + 2.0
    assert terms.negative_elbo.tolist() == [13.0, 17.0]
