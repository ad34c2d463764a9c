"""CTGAN's parts against closed forms, and what it learns of a table of known structure."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from bench.errors import BenchError
from generators import CTGAN
from generators.columns import Span
from generators.ctgan.conditions import Conditions, RowsByLabel
from generators.ctgan.model import Discriminator, activate, gradient_penalty

TINY = {"steps": 3, "batch": 20, "width": 16, "noise_size": 8}


def table(rows=2000, seed=0):
    rng = np.random.default_rng(seed)
    c = rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    x = rng.normal(size=rows) + 10 * (c == "b")
    return pd.DataFrame({"x": x, "c": c, "y": np.where(c == "c", "yes", "no")})


def test_the_gradient_of_a_linear_critic_has_the_length_of_its_weights():
    critic = nn.Linear(6, 1)
    rows = torch.randn(20, 3)
    pack = nn.Sequential(nn.Unflatten(0, (10, 2)), nn.Flatten(1), critic)
    penalty = gradient_penalty(pack, rows, torch.randn(20, 3), 2)
    assert penalty.item() == pytest.approx((critic.weight.norm().item() - 1) ** 2, rel=1e-4)


def test_the_discriminator_judges_packs():
    critic = Discriminator(3, 8, pack=5, dropout=0.0)
    rows = torch.randn(20, 3)
    assert critic(rows).shape == (4, 1)
    changed = rows.clone()
    changed[7] += 1
    assert ((critic(rows) != critic(changed)).squeeze(1)).tolist() == [False, True, False, False]


def test_choices_are_drawn_as_often_as_their_softmax_says():
    raw = torch.tensor([[0.5, 1.0, 0.0, -1.0]]).repeat(20_000, 1)
    torch.manual_seed(0)
    made = activate(raw, [Span("place", 0, 1), Span("choice", 1, 4)], temperature=0.2)
    assert torch.allclose(made[:, 0], raw[:, 0].tanh())
    assert torch.allclose(made[:, 1:].sum(dim=1), torch.ones(20_000), atol=1e-5)
    share = torch.bincount(made[:, 1:].argmax(dim=1), minlength=3) / 20_000
    assert share.tolist() == pytest.approx(raw[0, 1:].softmax(0).tolist(), abs=0.015)


def test_conditions_are_drawn_evenly_over_columns_and_by_logarithms_over_labels():
    conditions = Conditions((2, 3), torch.tensor([990.0, 10.0, 100.0, 100.0, 800.0]))
    torch.manual_seed(0)
    drawn = conditions.draw(40_000, even=True)
    assert (drawn.vector.sum(dim=1) == 1).all()
    assert (drawn.column == 0).float().mean().item() == pytest.approx(0.5, abs=0.01)
    rare = (drawn.label[drawn.column == 0] == 1).float().mean().item()
    assert rare == pytest.approx(np.log(11) / (np.log(11) + np.log(991)), abs=0.01)
    original = conditions.draw(40_000, even=False)
    assert (original.label[original.column == 0] == 1).float().mean().item() == pytest.approx(0.01, abs=0.004)


def test_every_condition_is_met_by_a_row_that_has_it_and_all_of_them_come():
    codes = torch.tensor([[0, 2], [1, 0], [0, 1], [0, 0], [1, 2]])
    conditions = Conditions((2, 3), torch.tensor([3.0, 2.0, 2.0, 1.0, 2.0]))
    torch.manual_seed(0)
    drawn = conditions.draw(500, even=True)
    rows = RowsByLabel(codes, (2, 3)).find(drawn)
    assert (codes[rows, drawn.column] == drawn.label).all()
    first = rows[(drawn.column == 0) & (drawn.label == 0)]
    assert set(first.tolist()) == {0, 2, 3}


def test_a_batch_that_cannot_be_packed_is_refused():
    with pytest.raises(BenchError, match="batch = 25 is no multiple of pack = 10"):
        CTGAN(batch=25, steps=1).fit(table(100))


def test_a_condition_is_given_to_the_network():
    model = CTGAN(steps=300, batch=200, width=64, learning_rate=2e-3).fit(table(), target="y", seed=0)
    rare = model.sample(200, where={"c": "c"}, seed=0)
    assert (rare.records["c"] == "c").all()
    # without the condition vector one attempt in ten would fulfil it
    assert rare.control_accuracy > 0.8


def test_a_killed_fit_ends_as_if_it_had_never_stopped(tmp_path, monkeypatch):
    from generators.training import checkpoint

    monkeypatch.setattr(checkpoint.Checkpoint.__init__, "__defaults__", (0.0,))
    whole = CTGAN(**TINY).fit(table(200), seed=1).sample(20, seed=0).records
    original = torch.optim.Adam.step
    calls = []

    def step(self, *arguments, **options):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(self, *arguments, **options)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    with pytest.raises(KeyboardInterrupt):
        CTGAN(**TINY).fit(table(200), seed=1, checkpoint=tmp_path / "state")
    calls.extend([1] * 10)
    resumed = CTGAN(**TINY).fit(table(200), seed=1, checkpoint=tmp_path / "state").sample(20, seed=0).records
    assert resumed.equals(whole)


@pytest.mark.slow
def test_it_learns_modes_and_dependence():
    frame = table(4000)
    records = CTGAN(epochs=150).fit(frame, target="y", seed=0).sample(4000, seed=0).records
    for label, share in frame["c"].value_counts(normalize=True).items():
        assert (records["c"] == label).mean() == pytest.approx(share, abs=0.06)
    assert records.loc[records["c"] == "b", "x"].mean() == pytest.approx(10, abs=1.0)
    assert records.loc[records["c"] == "a", "x"].mean() == pytest.approx(0, abs=1.0)
    agree = (records["y"] == "yes") == (records["c"] == "c")
    assert agree.mean() > 0.95
