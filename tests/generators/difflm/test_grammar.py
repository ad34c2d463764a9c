"""The grammar of a number allows exactly the values of its bin, each in one way."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.difflm.grammar import GrammarBuilder
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
