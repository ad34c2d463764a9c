"""The likelihood of a record against a softmax over the allowed tokens, written out token by token."""

import pytest
import torch

from generators.difflm.likelihood import negative_log_likelihood, score
from generators.difflm.tokens import PAD, Tokens


@pytest.fixture
def hidden(tokenizer, frame):
    tokens = tokenizer.encode(frame.head(20))[0]
    width = 6
    generator = torch.Generator().manual_seed(0)
    head = torch.nn.Linear(width, tokenizer.size)
    with torch.no_grad():
        head.weight.copy_(torch.randn(tokenizer.size, width, generator=generator))
        head.bias.copy_(torch.randn(tokenizer.size, generator=generator))
    return torch.randn(20, tokens.ids.shape[1] - 1, width, generator=generator), head, tokens


def test_mass_is_shared_among_the_allowed_tokens(hidden, tokenizer):
    states, head, tokens = hidden
    grammar = tokenizer.grammar
    found = negative_log_likelihood(states, head, tokens, grammar)
    for row in range(len(tokens)):
        state, expected = grammar.start, 0.0
        for place, token in enumerate(tokens.ids[row, 1:].tolist()):
            if token == PAD:
                break
            low, high = int(grammar.low[state]), int(grammar.high[state])
            logits = head(states[row, place])[low : high + 1].double()
            expected -= float(logits.log_softmax(dim=0)[token - low].detach())
            state = int(grammar.step(torch.tensor([state]), torch.tensor([token])))
        assert state == grammar.end
        assert float(found[row]) == pytest.approx(expected, rel=1e-5)


def test_without_a_grammar_all_tokens_share_it(hidden):
    states, head, tokens = hidden
    found = negative_log_likelihood(states, head, Tokens(tokens.ids, tokens.ids), None)
    log_probability = head(states).double().log_softmax(dim=-1)
    present = tokens.ids[:, 1:] != PAD
    picked = log_probability.gather(2, tokens.ids[:, 1:].clamp(min=0)[..., None]).squeeze(2)
    torch.testing.assert_close(found.double(), -(picked * present).sum(dim=1), rtol=1e-5, atol=1e-4)


def test_logits_are_not_rounded_where_the_rest_runs_in_bfloat16(hidden):
    states, head, _ = hidden
    with torch.autocast("cpu", torch.bfloat16):
        found = score(states[:, 0], head)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, head(states[:, 0]))


def test_gradients_reach_the_allowed_tokens_only(hidden, tokenizer):
    states, head, tokens = hidden
    negative_log_likelihood(states, head, tokens, tokenizer.grammar).sum().backward()
    touched = head.weight.grad.abs().sum(dim=1) > 0
    assert not touched[tokenizer.begin]
    written = tokens.ids[:, 1:]
    # a token that is the only one allowed cannot be learnt from
    chosen = grammar_chooses(tokenizer.grammar, tokens.states)
    assert touched[written[(written != PAD) & chosen].unique()].all()


def grammar_chooses(grammar, states):
    """Where more than one token is allowed."""
    known = states.clamp(min=0).long()
    return (states >= 0) & (grammar.low[known] < grammar.high[known])
