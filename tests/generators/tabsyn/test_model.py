"""The autoencoder: its transformer step by step, its bound against torch.distributions, gradients in parts."""

import numpy as np
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from generators.columns import Encoded
from generators.tabsyn import autoencode
from generators.tabsyn.autoencode import Records, add_gradients, latents, watch
from generators.tabsyn.model import Autoencoder, Block, kl

NUMBERS, SIZES = 3, (2, 5)


def tiny():
    torch.manual_seed(0)
    return Autoencoder(NUMBERS, SIZES, 4, 2)


def records(n=11):
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(size, size=n) for size in SIZES], axis=1)
    return Encoded(rng.normal(size=(n, NUMBERS)).astype(np.float32), codes)


def test_the_kl_term_is_that_of_two_gaussians():
    mean, log_variance = torch.randn(5, 3, 4), torch.randn(5, 3, 4)
    exact = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(kl(mean, log_variance), exact)


def test_a_block_is_attention_of_one_head_and_two_layers_each_added_to_what_it_read():
    torch.manual_seed(0)
    block, tokens = Block(4, 8, first=False), torch.randn(2, 5, 4)
    nn.init.normal_(block.attention.bias)
    reference = nn.MultiheadAttention(4, 1, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(block.attention.weight.T)
        reference.in_proj_bias.copy_(block.attention.bias)
        reference.out_proj.weight.copy_(torch.eye(4))
        reference.out_proj.bias.zero_()
        read = block.before(tokens)
        middle = tokens + reference(read, read, read)[0]
        spread = (block.norm(middle) @ block.layers[0].weight + block.layers[0].bias).clamp(min=0)
        expected = middle + spread @ block.layers[2].weight.T + block.layers[2].bias
    torch.testing.assert_close(block(tokens), expected)


def test_the_losses_are_means_over_numbers_choices_and_dimensions():
    model, encoded = tiny(), records()
    numbers, codes = torch.from_numpy(encoded.numbers), torch.from_numpy(encoded.codes)
    torch.manual_seed(1)
    losses = model.losses(numbers, codes)
    torch.manual_seed(1)
    mean, log_variance = model.encode(numbers, codes)
    said, logits = model.decode(Normal(mean, (0.5 * log_variance).exp()).rsample())
    torch.testing.assert_close(losses.squared_error, (said - numbers).square().mean())
    torch.testing.assert_close(losses.cross_entropy, model.detokenizer.cross_entropy(logits, codes) / len(SIZES))
    torch.testing.assert_close(losses.kl, kl(mean, log_variance).sum() / (11 * 5 * 4))


def test_a_table_of_numbers_or_of_choices_alone_has_losses():
    for numbers, sizes in ((2, ()), (0, (3,))):
        model = Autoencoder(numbers, sizes, 4, 2)
        losses = model.losses(torch.randn(6, numbers), torch.zeros(6, len(sizes), dtype=torch.int64))
        losses.reconstruction.backward()
        assert torch.isfinite(losses.reconstruction)
        assert (losses.cross_entropy == 0) == (not sizes)
        assert (losses.squared_error == 0) == (not numbers)


def test_gradients_of_parts_are_those_of_the_whole(monkeypatch):
    # without noise of the posterior, which a part draws for itself
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
    rows = torch.tensor([0, 3, 3, 7, 9, 10, 1])
    gradients, losses = [], []
    for cells in (2**30, 1, 3 * tiny().widest):
        monkeypatch.setattr(autoencode, "CELLS", cells)
        model = tiny()
        losses.append(torch.stack(list(add_gradients(model, Records(records(), "cpu"), rows, 0.1))))
        gradients.append(torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.grad is not None]))
    for other in (1, 2):
        torch.testing.assert_close(gradients[other], gradients[0])
        torch.testing.assert_close(losses[other], losses[0])


def test_latents_are_posterior_means_however_many_are_read_at_once(monkeypatch):
    model, encoded = tiny(), records()
    whole = latents(model, encoded, "cpu")
    assert whole.shape == (11, 5 * 4)
    exact, _ = model.encode(torch.from_numpy(encoded.numbers), torch.from_numpy(encoded.codes))
    torch.testing.assert_close(whole, exact.flatten(1))
    monkeypatch.setattr(autoencode, "CELLS", 2 * model.widest)
    torch.testing.assert_close(latents(model, encoded, "cpu"), whole)
    assert watch(model, Records(encoded, "cpu")) > 0
