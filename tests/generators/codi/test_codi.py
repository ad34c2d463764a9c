"""CoDi: its losses against definitions, what it learns of a table of known structure, resuming, odd tables."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.conformance import conformance
from bench.conformance.run import check_table
from bench.conformance.tables import odd_tables
from generators import CoDi
from generators.codi.model import TabularUNet, contrast_of_categories, contrast_of_numbers
from generators.codi.ranges import Range
from generators.ddpm.spans import Spans

HARD = {
    "one categorical column",
    "missing values everywhere",
    "a column without any value",
    "2 rows",
    "extreme numbers",
}
TINY = {"steps": 3, "batch": 20, "widths": (8, 16), "number_embedding": 4, "category_embedding": 8, "timesteps": 5}


def table(rows=2000, seed=0):
    rng = np.random.default_rng(seed)
    c = rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    x = rng.normal(size=rows) + 10 * (c == "b")
    return pd.DataFrame({"x": x, "c": c, "y": np.where(c == "c", "yes", "no")})


numbers = st.floats(-1e308, 1e308, allow_nan=False)


@given(st.lists(numbers, min_size=1, max_size=20))
def test_ranges_come_back(values):
    column = np.array(values)
    limits = Range.learn(column)
    places = limits.encode(column)
    assert (np.abs(places) <= 1 + 1e-12).all()
    assert np.abs(limits.decode(places) - column).max() <= 1e-12 * np.abs(column).max()


def test_numbers_outside_of_the_range_are_held_in_it():
    limits = Range.learn(np.array([2.0, 5.0]))
    assert limits.decode(np.array([-3.0, -1.0, 0.0, 1.5])).tolist() == pytest.approx([2.0, 2.0, 3.5, 5.0])


def test_the_contrast_of_numbers_is_the_triplet_loss_of_their_distances():
    clean, positive, negative = torch.randn(3, 7, 4)
    nearer = (clean - positive).norm(dim=1) - (clean - negative).norm(dim=1)
    expected = (nearer + 1).clamp(min=0).mean()
    assert contrast_of_numbers(clean, positive, negative, 1.0).item() == pytest.approx(expected.item(), abs=1e-4)


def test_the_contrast_of_categories_is_the_triplet_loss_of_their_cross_entropies():
    sizes, codes = (3, 5), torch.stack([torch.randint(3, (7,)), torch.randint(5, (7,))], dim=1)
    spans, (positive, negative) = Spans(sizes), torch.randn(2, 8, 7)
    losses = []
    for column, (good, bad) in enumerate(zip(positive.split(sizes), negative.split(sizes), strict=True)):
        of = torch.nn.functional.cross_entropy
        losses.append(max(of(good.T, codes[:, column]) - of(bad.T, codes[:, column]) + 0.5, 0.0))
    found = contrast_of_categories(spans, codes, spans.log_softmax(positive), spans.log_softmax(negative), 0.5)
    assert found.item() == pytest.approx(float(sum(losses)) / 2, abs=1e-5)


def test_every_record_is_seen_at_its_own_step_and_under_its_own_condition():
    torch.manual_seed(0)
    network = TabularUNet(3, (), 0, (4, 2), (8, 16), 4)
    numbers, steps = torch.randn(6, 3), torch.tensor([4, 0, 4, 2, 1, 0])
    codes = torch.stack([torch.randint(4, (6,)), torch.randint(2, (6,))], dim=1)
    none, empty = torch.zeros(6, 0), torch.zeros(6, 0, dtype=torch.long)
    together = network(numbers, empty, steps, none, codes)
    assert together.shape == (3, 6)
    for row in range(6):
        part = slice(row, row + 1)
        alone = network(numbers[part], empty[part], steps[part], none[part], codes[part])
        assert torch.allclose(alone[:, 0], together[:, row], atol=1e-6)
    changed = codes.clone()
    changed[0, 1] = 1 - changed[0, 1]
    other = network(numbers, empty, steps, none, changed)
    assert (other != together).any(dim=0).tolist() == [True, False, False, False, False, False]


@pytest.mark.parametrize("columns", [["x"], ["c", "y"]])
def test_a_table_of_one_kind_has_one_diffusion_and_no_contrast(columns):
    fitted = CoDi(**TINY).fit(table(200)[columns], seed=0)
    assert len(fitted.learners) == 1
    encoded = fitted.encode(table(50)[columns], 0)
    losses = fitted.losses(torch.from_numpy(encoded.numbers), torch.from_numpy(encoded.codes))
    assert list(losses) == (["mse"] if columns == ["x"] else ["nats"])
    assert len(fitted.sample(30, seed=0).records) == 30


def test_both_networks_learn_the_contrast_where_the_other_kind_tells():
    fitted = CoDi(**TINY).fit(table(200), seed=0)
    encoded = fitted.encode(table(50), 0)
    losses = fitted.losses(torch.from_numpy(encoded.numbers), torch.from_numpy(encoded.codes))
    assert list(losses) == ["mse", "contrast of numbers", "nats", "contrast of categories"]
    for name in ("contrast of numbers", "contrast of categories"):
        # an untrained network cannot tell conditions apart: the loss is the margin
        assert losses[name].item() == pytest.approx(0.2, abs=0.02)


def test_a_killed_fit_ends_as_if_it_had_never_stopped(fit_killed_once):
    whole = CoDi(**TINY).fit(table(200), seed=1).sample(20, seed=0).records
    resumed, calls = fit_killed_once(lambda: CoDi(**TINY), table(200), at=2, seed=1)
    assert calls == 4
    assert resumed.sample(20, seed=0).records.equals(whole)


def test_it_learns_modes_and_dependence():
    # noise that ends as noise: with the authors' schedule samples start from what training never saw
    small = {"steps": 400, "batch": 128, "widths": (32, 64), "last_beta": 0.3, "timesteps": 25, "ema_decay": 0.98}
    frame = table()
    records = CoDi(**small).fit(frame, target="y", seed=0).sample(3000, seed=0).records
    for label, share in frame["c"].value_counts(normalize=True).items():
        assert (records["c"] == label).mean() == pytest.approx(share, abs=0.08)
    assert ((records["y"] == "yes") == (records["c"] == "c")).mean() > 0.97
    middle = records.groupby("c")["x"].median()
    assert middle["b"] == pytest.approx(10, abs=0.7)
    assert middle["a"] == pytest.approx(0, abs=0.7)


@pytest.mark.parametrize("case", [case for case in odd_tables(0) if case.name in HARD], ids=lambda case: case.name)
def test_it_keeps_its_promises_on_hard_tables(case):
    assert [finding for finding in check_table(lambda: CoDi(**TINY), case) if finding.problem] == []


@pytest.mark.slow
def test_it_keeps_its_promises_on_odd_tables():
    findings = list(conformance(lambda: CoDi(**TINY), random_tables=4))
    assert [finding for finding in findings if finding.problem] == []
    assert len(findings) > 100
