"""A number is a value of its bin, in one way; every record may write what its own place allows."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.difflm.grammar import GrammarBuilder, text_grammar
from generators.difflm.numbers import GROUP, Spelling, count_groups

ZERO = 2


def spelled_values(low: int, high: int) -> list[int]:
    """Every value that a walk through the states can write."""
    groups = count_groups(np.asarray([low]), np.asarray([high]))
    spelling = Spelling(0, np.asarray([low]), np.asarray([high]), groups)
    builder = GrammarBuilder(ZERO)
    end = builder.state(0, 0)
    first = builder.number(low, high, int(groups[0]), builder.free(int(groups[0]), end))
    found = []
    walks = [(first, [])]
    while walks:
        state, digits = walks.pop()
        if state == end:
            found.append(int(spelling.read(np.asarray([0]), np.asarray([digits]))[0]))
            continue
        least, most, at_low, at_high, between = builder.rows[state]
        for token in range(least, most + 1):
            follow = at_low if token == least else at_high if token == most else between
            walks.append((follow, [*digits, token - ZERO]))
    return sorted(found)


@given(st.integers(-(10**6), 10**6), st.integers(1, 12_000))
@settings(max_examples=25, deadline=None)
def test_exactly_the_values_of_the_bin(low, width):
    assert spelled_values(low, low + width) == list(range(low, low + width + 1))


def test_edges_of_digit_groups():
    for low, high in [(0, GROUP - 1), (0, GROUP), (GROUP - 1, GROUP), (99, 10_000), (-1, 1), (-10_000, 10_000)]:
        assert spelled_values(low, high) == list(range(low, high + 1))


def test_the_grammar_of_a_text_ends_with_its_end_and_nowhere_else():
    grammar = text_grammar(first=1, size=6, end=1)
    walk = grammar.walk()
    walk.admit(3)
    assert walk.allowed() == (1, 6, None)
    assert walk.advance(torch.tensor([2, 1, 5])).tolist() == [False, True, False]
    walk.keep(torch.tensor([2, 0]))
    assert walk.advance(torch.tensor([1, 3])).tolist() == [True, False]


def test_records_at_two_columns_may_write_what_their_own_column_holds():
    builder = GrammarBuilder(ZERO)
    second, first = builder.state(5, 9), builder.state(3, 4)
    end = builder.state(0, 0)
    after = np.asarray([first, first, first, second, second, *[end] * 5])
    grammar = builder.build(after, (0, 3, 5, 10), first, end)
    walk = grammar.walk()
    walk.admit(1)
    assert walk.allowed() == (3, 5, None)
    walk.advance(torch.tensor([4]))
    walk.admit(1)
    low, high, mask = walk.allowed()
    assert (low, high) == (3, 10)
    assert mask.int().tolist() == [[0, 0, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0, 0]]
    assert grammar.in_step
    assert not text_grammar(first=1, size=6, end=1).in_step
