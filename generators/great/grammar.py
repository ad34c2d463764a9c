"""What the values of a column are made of: which tokens may follow which inside a value.

Source: guided sampling of the authors' package (be-great) names the columns itself and lets the model say the values
one by one. A table of 300 columns would still hardly ever give a legal row, so that here the model also chooses only
among the labels of the column, their pieces, or the signs that go on with a number. Pieces may still make up a label
that train never had, and a number may be too large: such rows are rejected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from generators.great.text import MISSING
from generators.great.vocabulary import END, FIRST_COLUMN, SIGNS, Vocabulary

DIGITS = SIGNS[:10]
BEGINNING, OVER, PIECES, INTEGER, REAL = 0, 1, 2, 3, 6  # numbers of states; those of numbers follow each other
FIRST_START = 14
# state -> whether a value may end there, and which signs lead to which state
NUMBERS: dict[int, tuple[bool, dict[str, int]]] = {
    3: (False, {"0": 4, "123456789": 5}),  # behind the minus of an integer
    4: (True, {}),
    5: (True, {DIGITS: 5}),
    6: (False, {"0": 7, "123456789": 8}),  # behind the minus of a real number
    7: (True, {".": 9, "e": 11}),
    8: (True, {DIGITS: 8, ".": 9, "e": 11}),
    9: (False, {DIGITS: 10}),
    10: (True, {DIGITS: 10, "e": 11}),
    11: (False, {"+-": 12, DIGITS: 13}),
    12: (False, {DIGITS: 13}),
    13: (True, {DIGITS: 13}),
}


@dataclass(frozen=True)
class Grammar:
    """States of a record that is being written.

    Args:
        allowed: (states, vocabulary) bool, what may be written there: at least one token.
        follow: (states, vocabulary) int16, the state behind it.
        most: (vocabulary,) for a token that names a column, tokens of the longest value of train: a value that has
            as many ends as soon as it may.
    """

    allowed: torch.Tensor
    follow: torch.Tensor
    most: torch.Tensor

    def to(self, device: torch.device) -> Grammar:
        return Grammar(self.allowed.to(device), self.follow.to(device), self.most.to(device))

    def mask(self, state: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
        """What records may write next, (rows, vocabulary) bool.

        Args:
            state: (rows,) where they are.
            left: (rows,) tokens that their values may still have.
        """
        mask = self.allowed[state]
        must_end = (left <= 0) & mask[:, END]
        return mask & (~must_end[:, None] | self.allowed[OVER])


def value_grammar(vocabulary: Vocabulary) -> Grammar:
    """The grammar of the rows of a table; which column comes next is not its matter."""
    text, columns = vocabulary.text, vocabulary.columns
    states = FIRST_START + len(columns)
    allowed = torch.zeros(states, vocabulary.size, dtype=torch.bool)
    follow = torch.zeros(states, vocabulary.size, dtype=torch.int16)
    follow[:, FIRST_COLUMN : columns.stop] = torch.arange(FIRST_START, states, dtype=torch.int16)

    def allow(state: int, tokens: Iterable[int], then: int) -> None:
        for token in tokens:
            allowed[state, token], follow[state, token] = True, then

    def allow_end(state: int) -> None:
        allowed[state, FIRST_COLUMN : columns.stop] = allowed[state, END] = True

    allow_end(BEGINNING)
    for state in (OVER, PIECES):
        allow_end(state)
    for state, (ends, signs) in NUMBERS.items():
        if ends:
            allow_end(state)
        for some, then in signs.items():
            allow(state, map(vocabulary.token, some), then)
    spelled = {
        place: [vocabulary.value(place, said) for said in text.said(place) if said != MISSING]
        for place, column in enumerate(text.schema.columns)
        if not column.numeric
    }
    pieces = {token for rows in spelled.values() for ids in rows if len(ids) > 1 for token in ids}
    allow(PIECES, pieces, PIECES)
    for place, column in enumerate(text.schema.columns):
        start = FIRST_START + place
        if column.numeric and column.name not in text.empty:
            number = INTEGER if column.kind == "integer" else REAL
            allow(start, [vocabulary.token("-")], number)
            for some, then in NUMBERS[number][1].items():
                allow(start, map(vocabulary.token, some), then)
        if column.name in text.gaps:
            allow(start, [vocabulary.token(MISSING)], OVER)
        own = spelled.get(place, [])
        allow(start, (ids[0] for ids in own if len(ids) == 1), OVER)
        if any(len(ids) > 1 for ids in own):
            allow(start, pieces, PIECES)
    most = torch.zeros(vocabulary.size, dtype=torch.long)
    most[FIRST_COLUMN : columns.stop] = torch.tensor(vocabulary.most)
    return Grammar(allowed, follow, most)
