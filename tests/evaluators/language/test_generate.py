"""Sampling against transformers' own, against the distribution it should have, and whatever the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from bench.errors import BenchError
from evaluators.language import generate
from evaluators.language.generate import Stopper, draw
from evaluators.language.model import LanguageModel

PROMPTS = ["def", "def add_1(x):\n    return", "return x + 3\n", "x"]
PROGRAM = "def f(x):\n    # né  \n    if x:\n\treturn 'ü' \n  return x\n"


class Reciter(LanguageModel):
    """Knows `PROGRAM` by heart. Its tokenizer decodes as that of Llama 2 does: without the first space of a text."""

    def __init__(self):
        tokens = ["<s>", "</s>", "<unk>", "▁", *map(chr, range(33, 127)), *(f"<0x{byte:02X}>" for byte in range(256))]
        vocabulary = {token: number for number, token in enumerate(tokens)}
        tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>", byte_fallback=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        config = LlamaConfig(
            vocab_size=len(tokens), hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1
        )
        words = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
        super().__init__(LlamaForCausalLM(config).eval(), words, 256)
        self.row = torch.tensor([self.begin, *self.encode(PROGRAM), self.end])

    def next_logits(self, ids, seen, positions, cache):
        logits = super().next_logits(ids, seen, positions, cache)
        following = self.row[(positions[:, -1] + 1).clamp(max=len(self.row) - 1)]
        return torch.nn.functional.one_hot(following, logits.shape[-1]).float()


def test_no_space_is_lost_where_a_prompt_ends():
    model = Reciter()
    prompts = [PROGRAM[:end] for end in range(len(PROGRAM))]
    written = model.generate(prompts, max_new_tokens=128, temperature=0)
    assert [prompt + rest for prompt, (rest,) in zip(prompts, written, strict=True)] == [PROGRAM] * len(prompts)
    ((line,),) = model.generate([PROGRAM[:10]], max_new_tokens=128, temperature=0, stop=["\n\t"])
    assert line == "    # né  \n    if x:"


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
