"""CTGAN's parts against closed forms, and what it learns of a table of known structure."""

import numpy as np
import pandas as pd
import pytest
import torch

from bench.conformance import conformance
from bench.conformance.run import check_table
from bench.conformance.tables import odd_tables
from bench.errors import BenchError
from generators import CTGAN
from generators.ctgan.conditions import Conditions, RowsByLabel
from generators.ctgan.model import Conditioned, Discriminator, gradient_penalty

TINY = {"steps": 3, "batch": 20, "width": 16, "noise_size": 8}


def table(rows=2000, seed=0):
    rng = np.random.default_rng(seed)
    c = rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    x = rng.normal(size=rows) + 10 * (c == "b")
    return pd.DataFrame({"x": x, "c": c, "y": np.where(c == "c", "yes", "no")})


def test_the_gradient_penalty_is_that_of_differentiating_twice():
    critic = Discriminator(4, 8, pack=5, dropout=0.0)
    real, fake = torch.randn(20, 4), torch.randn(20, 4)
    torch.manual_seed(3)
    penalty = gradient_penalty(critic, real, fake)
    torch.manual_seed(3)
    share = torch.rand(4, 1).repeat_interleave(5, dim=0)
    between = (real + share * (fake - real)).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    twice = (gradient.reshape(4, 20).norm(dim=1) - 1).square().mean()
    assert penalty.item() == pytest.approx(twice.item(), rel=1e-5)
    weights = [layer.weight for layer in (*critic.layers, critic.output)]
    for ours, theirs in zip(torch.autograd.grad(penalty, weights), torch.autograd.grad(twice, weights), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_dropout_of_the_gradient_is_that_of_the_scores():
    critic = Discriminator(3, 8, pack=2, dropout=0.5)
    packs = torch.randn(6, 6, requires_grad=True)
    torch.manual_seed(0)
    (exact,) = torch.autograd.grad(critic(packs.reshape(12, 3)).sum(), packs)
    torch.manual_seed(0)
    assert torch.allclose(critic.gradient(packs.detach()), exact, atol=1e-6)


def test_a_condition_is_looked_up_as_a_product_with_its_one_hot_vector_would_be():
    layer = Conditioned(3, 5, 4)
    features, option = torch.randn(6, 3), torch.tensor([0, 4, 2, 2, 1, 0])
    whole = torch.cat([layer.linear.weight, layer.condition.T], dim=1)
    vector = torch.nn.functional.one_hot(option, 5).float()
    exact = torch.cat([features, vector], dim=1) @ whole.T + layer.linear.bias
    assert torch.allclose(layer(features, option), exact, atol=1e-6)
    reference = torch.nn.Linear(8, 4)
    assert max(weight.abs().max() for weight in layer.parameters()) <= 8**-0.5
    assert whole.std().item() == pytest.approx(reference.weight.std().item(), rel=0.5)


def test_the_discriminator_judges_packs():
    critic = Discriminator(3, 8, pack=5, dropout=0.0)
    rows = torch.randn(20, 3)
    assert critic(rows).shape == (4, 1)
    changed = rows.clone()
    changed[7] += 1
    assert ((critic(rows) != critic(changed)).squeeze(1)).tolist() == [False, True, False, False]


def test_conditions_are_drawn_evenly_over_columns_and_by_logarithms_over_labels():
    conditions = Conditions((2, 3), torch.tensor([990.0, 10.0, 100.0, 100.0, 800.0]))
    torch.manual_seed(0)
    drawn = conditions.draw(40_000, even=True)
    assert (drawn.option == torch.tensor([0, 2])[drawn.column] + drawn.label).all()
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


def test_a_killed_fit_ends_as_if_it_had_never_stopped(fit_killed_once):
    whole = CTGAN(**TINY).fit(table(200), seed=1).sample(20, seed=0).records
    resumed, calls = fit_killed_once(lambda: CTGAN(**TINY), table(200), at=4, seed=1)
    assert calls == 4 + 4  # a step is one of both networks
    assert resumed.sample(20, seed=0).records.equals(whole)


@pytest.mark.slow
def test_it_learns_modes_and_dependence():
    frame = table(4000)
    records = CTGAN(epochs=150).fit(frame, target="y", seed=0).sample(4000, seed=0).records
    for label, share in frame["c"].value_counts(normalize=True).items():
        assert (records["c"] == label).mean() == pytest.approx(share, abs=0.06)
    # after 1,200 steps some records still have the mode of another label; the package of the paper's authors
    # reaches a mean of 8.55 for 10 and of 1.29 for 0 here (ctgan 0.12.1, seed 0)
    assert records.loc[records["c"] == "b", "x"].mean() == pytest.approx(10, abs=2.0)
    assert records.loc[records["c"] == "a", "x"].mean() == pytest.approx(0, abs=2.0)
    agree = (records["y"] == "yes") == (records["c"] == "c")
    assert agree.mean() > 0.95


@pytest.mark.parametrize(
    "name", ["one numeric column", "a column without any value", "10,000 categories", "2 rows", "extreme numbers"]
)
def test_it_keeps_the_contract_on_the_hardest_tables(name):
    (case,) = (case for case in odd_tables(0) if case.name == name)
    assert [finding for finding in check_table(lambda: CTGAN(**TINY), case) if finding.problem] == []


@pytest.mark.slow
def test_it_keeps_the_contract_on_any_table():
    assert [finding for finding in conformance(lambda: CTGAN(**TINY)) if finding.problem] == []
