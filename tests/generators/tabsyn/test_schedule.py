"""How the weight of the KL term and the learning rates fall."""

import pytest

from generators.tabsyn.schedule import FallingBeta, cosine, even_fall


def test_beta_falls_where_the_reconstruction_stops_improving_and_no_further_than_its_least():
    beta = FallingBeta(1e-2, 4e-3, 0.7, patience=3)
    seen = []
    for loss in (5.0, 4.0, 4.0, 4.0, 3.9, 3.9, 3.95, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0):
        beta.look(loss)
        seen.append(beta.value)
    assert seen[:7] == [1e-2] * 7
    assert seen[7:10] == [pytest.approx(7e-3)] * 3
    assert seen[10:13] == [pytest.approx(4.9e-3)] * 3
    assert seen[13] == 4e-3


def test_beta_goes_on_from_its_state():
    first = FallingBeta(1e-2, 1e-5, 0.5, patience=2)
    for loss in (1.0, 2.0):
        first.look(loss)
    second = FallingBeta(1e-2, 1e-5, 0.5, patience=2)
    second.load_state_dict(first.state_dict())
    second.look(1.5)
    assert second.value == 5e-3


def test_the_falls_begin_and_end_where_they_should():
    assert [even_fall(1e-2, 1e-4, share) for share in (0, 0.5, 1, 3)] == pytest.approx([1e-2, 1e-3, 1e-4, 1e-4])
    assert [cosine(share) for share in (0, 0.5, 1, 2)] == pytest.approx([1, 0.5, 0, 0])
