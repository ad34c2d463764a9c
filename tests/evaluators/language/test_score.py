"""Log-likelihoods against one forward pass of transformers a pair, and at the boundary of prompt and continuation."""

from __future__ import annotations

import pytest
import torch

from evaluators.language import score

PAIRS = [
    ("def add_1(x):\n", "    return x + 1\n"),
    ("def", " add_12(x):"),
    ("", "return x"),
    ("def add_1(x):\n    ret", "urn x"),  # the boundary lies within a token
    ("x", ""),
]


def whole(model, ids):
    """Log-probability of every token after the first, one pass a text."""
    with torch.no_grad():
        logits = model.network(input_ids=torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
    return logits.gather(1, torch.tensor(ids[1:])[:, None])[:, 0].double()


def test_a_batch_scores_as_pairs_alone(model, monkeypatch):
    scores, counts = model.log_likelihoods(PAIRS)
    for (prompt, continuation), value, count in zip(PAIRS, scores, counts, strict=True):
        tokens = [model.begin, *model.encode(prompt + continuation)]
        expected = whole(model, tokens)[len(tokens) - 1 - count :].sum().item() if count else 0.0
        assert value == pytest.approx(expected, rel=1e-4, abs=1e-4)
    monkeypatch.setattr(score, "PASS_TOKENS", 1)
    alone, _ = model.log_likelihoods(PAIRS)
    assert alone == pytest.approx(scores, rel=1e-4, abs=1e-4)


def test_prompt_and_continuation_make_the_whole(model):
    (prompt, continuation), *_ = PAIRS
    (joint, first, second), counts = model.log_likelihoods([("", prompt + continuation), ("", prompt), PAIRS[0]])
    assert joint == pytest.approx(first + second, rel=1e-4)
    assert counts[0] == counts[1] + counts[2]


def test_a_token_across_the_boundary_is_scored(model):
    """`ret` + `urn` is spelled `return` in every text that the model has seen."""
    _, counts = model.log_likelihoods([PAIRS[3]])
    assert counts[0] == len(model.encode(" return x"))
    assert len(model.encode(" ret")) + len(model.encode("urn x")) > counts[0]


def test_beyond_the_context_the_end_counts(model):
    prompt, continuation = "x = 1\n" * 100, "return x"
    (value,), (count,) = model.log_likelihoods([(prompt, continuation)])
    tokens = model.encode(prompt + continuation)[-model.context :]
    assert count == len(model.encode(continuation))
    assert value == pytest.approx(whole(model, tokens)[-count:].sum().item(), rel=1e-4)
    (_,), (count,) = model.log_likelihoods([("x", continuation * 100)])
    assert count == model.context - 1


def test_no_pairs(model):
    scores, counts = model.log_likelihoods([])
    assert scores.shape == counts.shape == (0,)
