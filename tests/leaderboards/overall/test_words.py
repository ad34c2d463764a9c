"""What the overall section says in words, and when it marks a leader."""

from __future__ import annotations

import pytest

from leaderboards.overall import overall
from leaderboards.render.latex import overall_table
from leaderboards.render.markdown import overall_section
from leaderboards.render.terminal import render


def three(make, datasets):
    rows = [make.row(name, {make.ERROR: [value]}) for name, value in (("a", 1), ("b", 2), ("c", 3))]
    (found,) = overall([make.table(f"data{place}", *rows) for place in range(datasets)])
    return found


def test_the_leader_is_marked_only_when_told_apart_from_every_other(make):
    many = three(make, 12)
    assert "| **1.00 ±0.00** |" in overall_section(many)
    assert "- bold: told apart from every other generator" in overall_section(many)
    assert r"\textbf{1.00}" in overall_table(many, 1)
    assert "1.00*" in render([], [many], width=100, styled=False)
    few = three(make, 5)
    assert "groups that cannot be told apart: (a, b) (b, c)" in overall_section(few)
    assert "**" not in overall_section(few)
    assert "textbf" not in overall_table(few, 1)
    assert "*" not in render([], [few], width=100, styled=False)


def test_datasets_that_disagree_tell_nobody_apart(make):
    orders = [(1, 2, 3), (3, 2, 1), (2, 1, 3), (3, 1, 2), (1, 3, 2), (2, 3, 1)]
    tables = [
        make.table(
            f"data{place}", *(make.row(name, {make.ERROR: [value]}) for name, value in zip("abc", order, strict=True))
        )
        for place, order in enumerate(orders)
    ]
    text = overall_section(overall(tables)[0])
    assert "no generator can be told apart from another (Friedman's test over 6 datasets: F 0.00, p 1.000)" in text


def test_who_is_not_compared_is_named(make):
    tables = [
        make.table(name, *(make.row(generator, {make.ERROR: [1.0]}) for generator in generators))
        for name, generators in (("adult", "abn"), ("magic", "ab"), ("shoppers", "a"))
    ]
    text = overall_section(overall(tables)[0])
    assert "2 datasets: adult, magic" in text
    assert "not compared, as not run on all of these datasets: n" in text
    assert "not counted, as not all of these generators ran on them: shoppers" in text


def test_who_ranks_last_for_want_of_a_value_is_named(make):
    rows = [make.row("whole", {make.ERROR: [5.0], make.AUC: [0.9]}), make.row("part", {make.ERROR: [1.0]})]
    rows.append(make.row("failed", {make.ERROR: [0.0]}, imputed=True, failed=True))
    (found,) = overall([make.table(name, *rows) for name in ("adult", "magic")])
    assert found.unscored == ["part"]
    text = overall_section(found)
    assert "last in a ranked metric that was not computed for them or is not defined: part" in text
    assert "or the other has no value" in text


def test_single_cells_are_named_as_what_their_intervals_rest_on(make):
    found = three(make, 2)
    assert "rest on the scores' own standard errors: data0, data1" in overall_section(found)


@pytest.mark.parametrize("width", [30, 60])
def test_it_fits_a_narrow_terminal(make, width):
    text = render([], [three(make, 5)], width=width, styled=False)
    assert max(map(len, text.splitlines())) <= width
