"""Training: the loss is transformers' own, the budget is kept, and a text that is read often is learnt."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from bench.errors import BenchError
from bench.progress import Progress, Task
from evaluators.language import train
from evaluators.language.model import load_base
from evaluators.language.recipe import Recipe

TEXTS = [f"def add_{i}(x):\n    return x + {i}\n" for i in range(40)]
TINY = Recipe(
    width=32, layers=1, heads=2, vocabulary=300, context=64, train_tokens=20_000, batch_tokens=512, learning_rate=0.01
)


class Count(Progress, Task):
    done = 0
    loss = 0.0

    def task(self, description, total, unit="steps"):
        self.total = total
        return self

    def advance(self, steps=1, **metrics):
        self.done += steps
        self.loss = metrics["loss"]


def test_the_loss_of_padded_rows_is_that_of_transformers(model):
    rows = [[1, 2, 3, 4, 5, 6], [7, 8, 9], [10, 11]]
    ids, labels = train.pad(rows, model.end)
    ours = train.token_loss(model.network(input_ids=ids).logits, labels)
    alone = [torch.tensor([row]) for row in rows]
    theirs = sum(model.network(input_ids=row, labels=row).loss * (row.shape[1] - 1) for row in alone)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-4)


def test_every_row_is_read_once_before_any_comes_again():
    rows = [[i] * int(length) for i, length in enumerate(np.random.default_rng(0).integers(2, 30, size=50))]
    stream = (row[0] for batch in train.batches(rows, 100, np.random.default_rng(1)) for row in batch)
    counts = np.bincount(list(islice(stream, 5000)), minlength=50)
    assert counts.max() - counts.min() <= 4


def test_batches_keep_to_their_size():
    rows = [[0] * int(length) for length in np.random.default_rng(0).integers(2, 60, size=200)]
    for batch in islice(train.batches(rows, 256, np.random.default_rng(1)), 100):
        assert sum(map(len, batch)) <= 256
    (long,) = next(train.batches([[0] * 300], 256, np.random.default_rng(1)))
    assert len(long) == 300


def test_the_budget_is_tokens_whatever_the_records():
    for texts in (TEXTS, TEXTS[:1], [text * 9 for text in TEXTS]):
        base, count = load_base(TINY, TEXTS), Count()
        base.trained(texts, TINY, progress=count)
        assert count.done == count.total == TINY.train_tokens


def test_training_learns_leaves_the_base_alone_and_hangs_on_its_seed():
    base = load_base(TINY, TEXTS, seed=3)
    before = {name: weight.clone() for name, weight in base.network.state_dict().items()}
    state = torch.random.get_rng_state()
    first, second, other = (base.trained(TEXTS, TINY, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(base.network.state_dict()[name], weight) for name, weight in before.items())
    weights = [model.network.state_dict() for model in (first, second, other)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in before)
    assert any(not torch.equal(weights[0][name], weights[2][name]) for name in before)
    pairs = [(f"def add_{i}(x):\n", f"    return x + {i}\n") for i in range(40)]
    learnt, counts = first.log_likelihoods(pairs)
    assert base.log_likelihoods(pairs)[0].sum() / counts.sum() < -5
    assert learnt.sum() / counts.sum() > -1.5
    assert first.generate(["def add_7(x):\n"], 1, max_new_tokens=20, temperature=0)[0][0].startswith("    return x + ")


def test_a_step_over_several_passes_is_one_step(monkeypatch):
    recipe = Recipe(**(vars(TINY) | {"train_tokens": 2000}))
    base = load_base(recipe, TEXTS)
    whole = base.trained(TEXTS, recipe).network.state_dict()
    monkeypatch.setattr(train, "PASS_TOKENS", 64)
    parts = base.trained(TEXTS, recipe).network.state_dict()
    assert all(torch.allclose(whole[name], parts[name], atol=2e-3) for name in whole)


def test_low_rank_adapters_are_trained_and_merged(saved):
    recipe = Recipe(model=str(saved), training="lora", lora_rank=4, train_tokens=20_000, learning_rate=0.03)
    base = load_base(recipe, [])
    tuned = base.trained(TEXTS, recipe)
    weights, before = tuned.network.state_dict(), base.network.state_dict()
    assert weights.keys() == before.keys()
    changed = {name for name in before if not torch.equal(weights[name], before[name])}
    assert changed
    assert all("proj" in name for name in changed)
    for name in changed:
        assert torch.linalg.matrix_rank(weights[name] - before[name], rtol=1e-3) <= 4
    pairs = [("def add_1(x):\n", "    return x + 1\n")]
    assert tuned.log_likelihoods(pairs)[0] > base.log_likelihoods(pairs)[0] + 1


def test_long_texts_are_read_in_pieces():
    model = load_base(TINY, TEXTS)
    text = "x = 1\n" * 200
    rows = train.encode(model, [text, ""])
    assert max(map(len, rows)) == 64
    assert [token for row in rows for token in row] == [model.begin, *model.encode(text), model.end]


def test_nothing_to_learn_from_is_an_error():
    with pytest.raises(BenchError, match="there is no text"):
        load_base(TINY, TEXTS).trained(["", ""], TINY)


def test_the_schedule_warms_up_and_falls_to_a_tenth():
    factors = [train.schedule(done, 0.1) for done in (0.0, 0.05, 0.1, 0.55, 1.0, 1.2)]
    assert factors == pytest.approx([0, 0.5, 1, 0.55, 0.1, 0.1])
