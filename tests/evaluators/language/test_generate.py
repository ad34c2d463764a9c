"""Sampling against transformers' own, against the distribution it should have, and whatever the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.errors import BenchError
from evaluators.language import generate
from evaluators.language.generate import Stopper, draw

PROMPTS = ["def", "def add_1(x):\n    return", "return x + 3\n", "x"]


def test_greedy_is_that_of_transformers(model):
    ours = model.generate(PROMPTS, 2, max_new_tokens=12, temperature=0)
    for prompt, samples in zip(PROMPTS, ours, strict=True):
        ids = torch.tensor([[model.begin, *model.encode(prompt)]])
        theirs = model.network.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False, pad_token_id=model.end
        )
        assert samples == [model.decode(theirs[0, ids.shape[1] :].tolist())] * 2


def test_a_sample_does_not_depend_on_its_batch(model, monkeypatch):
    together = model.generate(PROMPTS, 3, max_new_tokens=10, seed=4)
    monkeypatch.setattr(generate, "BATCH_ROWS", 2)
    assert model.generate(PROMPTS, 3, max_new_tokens=10, seed=4) == together
    assert [samples[:2] for samples in together] == model.generate(PROMPTS, 2, max_new_tokens=10, seed=4)
    assert together[:1] == model.generate(PROMPTS[:1], 3, max_new_tokens=10, seed=4)
    assert model.generate(PROMPTS, 3, max_new_tokens=10, seed=5) != together
    assert len(set(together[0])) == 3


def test_tokens_come_as_often_as_they_should():
    shares = torch.tensor([0.05, 0.5, 0.15, 0.3])
    noise = (torch.arange(10_000) + 0.5).double() / 10_000
    logits = shares.log().expand(len(noise), -1)

    def frequencies(temperature, top_p):
        return np.bincount(draw(logits, noise, temperature, top_p), minlength=4) / len(noise)

    assert frequencies(1.0, 1.0) == pytest.approx(shares.tolist(), abs=2e-4)
    # the two likeliest reach .8: .3 and .5 of .8
    assert frequencies(1.0, 0.8) == pytest.approx([0, 0.625, 0, 0.375], abs=2e-4)
    assert frequencies(1.0, 0.81) == pytest.approx([0, 0.5 / 0.95, 0.15 / 0.95, 0.3 / 0.95], abs=2e-4)
    assert frequencies(1.0, 0.01) == pytest.approx([0, 1, 0, 0])
    assert frequencies(0, 1.0) == pytest.approx([0, 1, 0, 0])
    squared = (shares**2 / (shares**2).sum()).tolist()
    assert frequencies(0.5, 1.0) == pytest.approx(squared, abs=2e-4)


def test_stop_strings_and_the_end_token_end_a_sample(model):
    free = model.generate(PROMPTS, 4, max_new_tokens=20, seed=1)
    marks = [free[0][0][3:5], free[1][2][2:4]]
    for alone, stopped in zip(free, model.generate(PROMPTS, 4, max_new_tokens=20, seed=1, stop=marks), strict=True):
        for text, cut in zip(alone, stopped, strict=True):
            assert cut == text[: min((text.find(mark) for mark in marks if mark in text), default=len(text))]


def test_a_stop_string_is_found_across_tokens(model):
    stopper = Stopper(model, ["\ndef", "é"])
    row: list[int] = []
    for token in model.encode("return x\nde"):
        row.append(token)
        assert not stopper.reached(row)
    row = model.encode("return x\ndef")
    assert stopper.reached(row)
    assert stopper.reached(model.encode("né"))
    assert stopper.cut("a\ndefé") == "a"


def test_a_prompt_beyond_the_context_keeps_its_end(model):
    long = "x = 1\n" * 100 + "def"
    (cut,) = model.generate([long], 1, max_new_tokens=8, temperature=0)
    ids = [model.begin, *model.encode(long)][-(model.context - 8) :]
    theirs = model.network.generate(
        torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), max_new_tokens=8, do_sample=False,
        pad_token_id=model.end,
    )  # fmt: skip
    assert cut == [model.decode(theirs[0, len(ids) :].tolist())]


def test_nothing_is_asked_for(model):
    assert model.generate([], 3, max_new_tokens=5) == []
    assert model.generate(["x"], 0, max_new_tokens=5) == [[]]
    assert len(model.generate([""], 1, max_new_tokens=5)[0]) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_new_tokens": 64}, "leave no room"),
        ({"max_new_tokens": 0}, "at least 1 new token"),
        ({"max_new_tokens": 4, "temperature": -1}, "temperature -1"),
        ({"max_new_tokens": 4, "top_p": 0}, "top_p 0"),
        ({"max_new_tokens": 4, "stop": [""]}, "empty stop string"),
    ],
)
def test_options_that_make_no_sense_are_refused(model, options, message):
    with pytest.raises(BenchError, match=message):
        model.generate(["x"], 1, **options)
