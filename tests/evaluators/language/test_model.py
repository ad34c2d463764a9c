"""The compact model, models from folders, and what goes wrong with them."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from evaluators.language.model import learn_tokenizer, load_base
from evaluators.language.recipe import Recipe

TINY = Recipe(width=16, layers=1, heads=2, vocabulary=300, context=64)
TOKENIZER = learn_tokenizer(["def total(values):\n    return sum(values)\n"] * 2, 300)


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_every_text_can_be_spelled(text):
    """All but lone surrogates, which are no text."""
    ids = TOKENIZER.encode(text, add_special_tokens=False)
    special = TOKENIZER.eos_token in text
    assert special or TOKENIZER.decode(ids, clean_up_tokenization_spaces=False) == text


@settings(deadline=None, max_examples=50)
@given(st.text(), st.text())
def test_a_line_break_ends_a_piece(first, second):
    whole = TOKENIZER.encode(first + "\n" + second, add_special_tokens=False)
    parts = [TOKENIZER.encode(text, add_special_tokens=False) for text in (first + "\n", second)]
    assert whole == parts[0] + parts[1]


def test_the_compact_model_is_decided_by_seed_and_texts():
    texts = ["def f(x):\n    return x\n"] * 3
    before = torch.random.get_rng_state()
    first, second, other = (load_base(TINY, texts, seed=seed).network.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_an_untrained_model_knows_nothing():
    model = load_base(TINY, ["def f(x):\n    return x\n"], seed=0)
    scores, counts = model.log_likelihoods([("def f(x):", "\n    return x\n")])
    uniform = -torch.log(torch.tensor(float(len(model.tokenizer)))).item()
    assert scores[0] / counts[0] == pytest.approx(uniform, abs=0.2)


def test_a_folder_is_a_model(saved):
    model = load_base(Recipe(model=str(saved), context=64), [])
    assert model.context == 64
    assert load_base(Recipe(model=str(saved), context=4096), []).context == 128
    assert len(model.generate(["def"], 2, max_new_tokens=4)[0]) == 2


def test_what_is_no_model_ends_in_one_line(tmp_path, saved, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "config.json").write_text("{}")
    for name in (str(tmp_path), str(tmp_path / "nowhere"), "nobody/nothing-at-all"):
        with pytest.raises(BenchError, match=r"language model '.*' cannot be read: [^\n]+$"):
            load_base(Recipe(model=name), [])


def test_weights_that_are_not_there_are_not_made_up(saved, tmp_path):
    config = json.loads((saved / "config.json").read_text())
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(BenchError, match=r"lacks 9 of its weights, such as model\.layers\.2"):
        load_base(Recipe(model=str(tmp_path)), [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width = 0"),
        ({"width": 100, "heads": 3}, "multiple of 2 x 3 heads"),
        ({"vocabulary": 100}, "at least 258"),
        ({"warmup_share": 1.0}, "below 1"),
        ({"training": "lora"}, "needs a pretrained model"),
        ({"training": "half", "model": "x"}, "'full' or 'lora'"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(BenchError, match=message):
        Recipe(**options)
