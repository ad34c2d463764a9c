"""Multinomial diffusion against enumeration: transition matrices, Bayes' rule, the bound of a tiny chain."""

import itertools

import pytest
import torch

from generators.ddpm.multinomial import MultinomialDiffusion
from generators.ddpm.schedule import cosine_betas, linear_betas

SIZES = (3, 1, 5, 2)
BETAS = linear_betas(4, 0.1, 0.7)


def matrices(size, betas):
    """One-step transition matrices, q[i, j] = P(x_t = j | x_{t-1} = i)."""
    return [(1 - beta) * torch.eye(size).double() + beta * torch.ones(size, size).double() / size for beta in betas]


def reached(size, betas, step):
    """q(x_t | x_0) as a matrix, by multiplying the steps."""
    product = torch.eye(size).double()
    for matrix in matrices(size, betas)[:step]:
        product = product @ matrix
    return product


def posterior(size, betas, step, noisy, start):
    """p(x_{t-1} | x_t) with the probabilities `start` of x_0 put into Bayes' rule, as TabDDPM does."""
    joint = matrices(size, betas)[step][:, noisy] * (start.double() @ reached(size, betas, step))
    return joint / joint.sum()


def frequencies(codes, size):
    return torch.bincount(codes, minlength=size).double() / len(codes)


@pytest.mark.parametrize("betas", [BETAS, cosine_betas(4)])
@pytest.mark.parametrize("step", range(4))
def test_noise_is_that_of_repeated_transition_matrices(betas, step):
    diffusion = MultinomialDiffusion(SIZES, betas)
    torch.manual_seed(0)
    clean = torch.tensor([[2, 0, 4, 1]]).repeat(40_000, 1)
    noisy = diffusion.noisy(clean, torch.full((40_000,), step))
    for column, size in enumerate(SIZES):
        exact = reached(size, betas, step + 1)[clean[0, column]]
        assert torch.allclose(frequencies(noisy[:, column], size), exact, atol=0.01)


def cases(seed):
    """All pairs of a clean and a noisy label of every column, with random views of the clean label."""
    torch.manual_seed(seed)
    clean, noisy = (torch.tensor(list(codes)) for codes in zip(*itertools.product(range(5), range(5)), strict=True))
    limits = torch.tensor(SIZES) - 1
    codes, noisy = clean[:, None].minimum(limits), noisy[:, None].minimum(limits)
    return codes, noisy, torch.randn(sum(SIZES), len(codes)) * 2


@pytest.mark.parametrize("step", range(4))
def test_the_loss_is_the_divergence_of_enumerated_posteriors(step):
    diffusion = MultinomialDiffusion(SIZES, BETAS)
    codes, noisy, logits = cases(step)
    log_start = diffusion.spans.log_softmax(logits)
    loss = diffusion.loss(log_start, codes, noisy, torch.full((len(codes),), step))
    parts = log_start.exp().split(SIZES)
    for row in range(len(codes)):
        for column, size in enumerate(SIZES):
            clean, at = int(codes[row, column]), int(noisy[row, column])
            true = posterior(size, BETAS, step, at, torch.eye(size)[clean])
            model = posterior(size, BETAS, step, at, parts[column][:, row])
            exact = torch.xlogy(true, true).sum() - torch.xlogy(true, model).sum()
            assert loss[column, row].item() == pytest.approx(exact.item(), abs=2e-5)


def test_the_terms_of_all_steps_are_the_bound():
    size, steps, betas = 3, 3, linear_betas(3, 0.2, 0.6)
    diffusion = MultinomialDiffusion((size,), betas)
    torch.manual_seed(0)
    # a denoiser that is a table: its view of the clean label for every step and noisy label
    views = torch.randn(steps, size, size).log_softmax(2)
    clean = 1
    bound = 0.0
    for chain in itertools.product(range(size), repeat=steps):
        states = (clean, *chain)
        moves = [matrices(size, betas)[step][states[step], states[step + 1]].log() for step in range(steps)]
        back = [
            posterior(size, betas, step, states[step + 1], views[step, states[step + 1]].exp())[states[step]].log()
            for step in range(steps)
        ]
        log_q, log_p = sum(moves), sum(back) - torch.tensor(float(size)).log()
        bound += (log_q.exp() * (log_q - log_p)).item()

    total = 0.0
    for step in range(steps):
        chances = reached(size, betas, step + 1)[clean]
        noisy = torch.arange(size)[:, None]
        terms = diffusion.loss(views[step].T, torch.full_like(noisy, clean), noisy, torch.full((size,), step))
        total += (chances * terms[0]).sum().item()
    last = reached(size, betas, steps)[clean]
    prior = (last * (last * size).log()).sum().item()
    assert total + prior == pytest.approx(bound, abs=1e-5)


@pytest.mark.parametrize("step", range(4))
def test_a_sampling_step_has_the_posterior_of_bayes_rule(step):
    diffusion = MultinomialDiffusion(SIZES, BETAS)
    torch.manual_seed(step)
    logits = torch.randn(sum(SIZES), 1).repeat(1, 40_000)
    log_start = diffusion.spans.log_softmax(logits)
    noisy = torch.tensor([[1, 0, 3, 0]]).repeat(40_000, 1)
    drawn = diffusion.previous(log_start, noisy, torch.tensor([step]))
    for column, (size, start) in enumerate(zip(SIZES, log_start[:, 0].exp().split(SIZES), strict=True)):
        exact = posterior(size, BETAS, step, int(noisy[0, column]), start)
        assert torch.allclose(frequencies(drawn[:, column], size), exact, atol=0.01)


def test_a_denoiser_that_knows_the_truth_samples_it():
    """Two dependent columns: the view of a clean label is Bayes' rule on the noisy label of the other column.

    That of its own column comes in by the posterior, and would count twice.
    """
    truth = torch.tensor([[0.30, 0.05, 0.05], [0.02, 0.08, 0.50]]).double()
    betas = cosine_betas(100)
    diffusion = MultinomialDiffusion((2, 3), betas)
    torch.manual_seed(0)
    codes = diffusion.even(20_000)
    for step in reversed(range(100)):
        first = truth @ reached(3, betas, step + 1)[:, codes[:, 1]]
        second = truth.T @ reached(2, betas, step + 1)[:, codes[:, 0]]
        view = torch.cat([first / first.sum(dim=0), second / second.sum(dim=0)]).float()
        codes = diffusion.previous(view.log(), codes, torch.tensor([step]))
    found = frequencies(codes[:, 0] * 3 + codes[:, 1], 6).reshape(2, 3)
    assert torch.allclose(found, truth, atol=0.015)


def test_gradients_are_finite_where_a_view_is_certain_and_wrong():
    diffusion = MultinomialDiffusion((4, 10), cosine_betas(1000))
    step = torch.arange(1000)
    logits = torch.zeros(14, 1000)
    logits[0], logits[4] = 100.0, 100.0
    logits.requires_grad_()
    codes = torch.tensor([[3, 7]]).repeat(1000, 1)
    loss = diffusion.loss(diffusion.spans.log_softmax(logits), codes, diffusion.noisy(codes, step), step)
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    assert (loss > -1e-4).all()
    assert torch.isfinite(logits.grad).all()
