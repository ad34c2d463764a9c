"""Interpolation and neighbours, held against scipy."""

import numpy as np
import pytest
import torch
from scipy.spatial import geometric_slerp
from scipy.spatial.distance import cdist

from bench.errors import BenchError
from generators.difflm import space
from generators.difflm.space import interpolate, nearest_train_neighbours

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("size", [2, 16, 1024])
def test_unit_vectors_are_interpolated_as_by_scipy(size):
    first, second = (v / np.linalg.norm(v) for v in RNG.normal(size=(2, size)))
    ours = interpolate(torch.as_tensor(first), torch.as_tensor(second), 7)
    np.testing.assert_allclose(ours, geometric_slerp(first, second, np.linspace(0, 1, 7)), atol=1e-9)


def test_both_ends_are_the_records_and_norms_are_kept():
    first, second = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
    path = interpolate(first, second, 5)
    torch.testing.assert_close(path[[0, -1]], torch.stack([first, second]))
    torch.testing.assert_close(path.norm(dim=1), torch.full((5,), 3.0))
    torch.testing.assert_close(torch.atan2(path[:, 1], path[:, 0]), torch.linspace(0, torch.pi / 2, 5))


@pytest.mark.parametrize(
    ("first", "second"), [((1, 2), (2, 4)), ((1, 2), (-1, -2)), ((0, 0), (1, 1)), ((1, 1), (1, 1))]
)
def test_where_no_arc_is_determined_the_way_is_straight(first, second):
    ends = torch.tensor([first, second]).float()
    path = interpolate(ends[0], ends[1], 3)
    torch.testing.assert_close(path, torch.stack([ends[0], ends.mean(dim=0), ends[1]]))


def test_neighbours_are_those_of_scipy_whatever_the_blocks(monkeypatch):
    train = RNG.normal(size=(500, 12)) * 1e-3 + 100  # where |a|^2 - 2ab + |b|^2 has lost every digit
    rows = train[::7] + RNG.normal(size=(72, 12)) * 1e-4
    expected = cdist(rows, train)
    held = []
    everything = torch.cdist

    def counted(*arguments, **options):
        distance = everything(*arguments, **options)
        held.append(distance.numel())
        return distance

    monkeypatch.setattr(torch, "cdist", counted)
    for entries in (2**24, 5000, 10):
        held.clear()
        monkeypatch.setattr(space, "ENTRIES", entries)
        distance, index = nearest_train_neighbours(torch.as_tensor(rows), torch.as_tensor(train), 5)
        np.testing.assert_array_equal(index, np.argsort(expected, axis=1)[:, :5])
        np.testing.assert_allclose(distance, np.sort(expected, axis=1)[:, :5], rtol=1e-9)
        assert max(held) <= max(entries, len(train))
    distance, index = nearest_train_neighbours(torch.as_tensor(rows)[:0], torch.as_tensor(train), 5)
    assert distance.shape == index.shape == (0, 5)


def test_a_train_record_is_its_own_nearest_neighbour():
    train = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    distance, index = nearest_train_neighbours(train, train, 1)
    assert torch.equal(index[:, 0], torch.arange(50))
    assert (distance == 0).all()


def test_bad_input_is_one_clear_line():
    with pytest.raises(BenchError, match="1 steps cannot lead from one record to another; give at least 2"):
        interpolate(torch.ones(2), torch.zeros(2), 1)
    for k in (0, 4):
        with pytest.raises(BenchError, match=f"{k} neighbours were asked for; give 1 to 3"):
            nearest_train_neighbours(torch.ones(1, 2), torch.ones(3, 2), k)
