"""Conditions in the words of a table's tokenizer: which coarse tokens a column may start with.

A coarse token is a label, an atom or a bin of numbers (`table_tokenizer.py`). A bin that holds values
inside and outside of a range stays allowed; what falls outside is rejected when the record is read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping

import numpy as np
import torch

from bench.condition import Between, Condition, OneOf, Value
from bench.errors import BenchError, unknown_name
from generators.difflm.numbers import Spelling
from generators.difflm.table_tokenizer import Field, TableTokenizer
from generators.difflm.tokens import PAD, Tokens

NONE = -1  # a column without a condition


def allowed_tokens(tokenizer: TableTokenizer, where: Condition) -> torch.Tensor:
    """Tokens that a record may hold under a condition; (vocabulary,) bool.

    Only the coarse tokens of the columns in `where` can be False.

    Raises:
        BenchError: no record can fulfil the condition, or train never had one of several values;
            suggests the nearest label.
    """
    allowed = torch.ones(tokenizer.size, dtype=torch.bool)
    for field in tokenizer.fields:
        wanted = where.get(field.column.name)
        if wanted is not None:
            allowed[field.first : field.first + field.size] = torch.as_tensor(fitting_tokens(field, wanted))
    return allowed


def check_labels(labels: Mapping[str, Collection[str]], where: Condition) -> None:
    """Refuse a label that train never had, for records that are not spelled by a table's tokenizer.

    Raises:
        BenchError: there is one; suggests the nearest label.
    """
    for name, known in labels.items():
        wanted = where.get(name)
        for value in wanted.values if isinstance(wanted, OneOf) else ():
            if value is not None and value not in known:
                raise unknown_name(f"value of '{name}'", str(value), known)


def fitting_tokens(field: Field, wanted: OneOf | Between) -> np.ndarray:
    """Which tokens of a column can hold a fitting value; (tokens of the column,) bool."""
    fitting = np.zeros(field.size, dtype=bool)
    if isinstance(wanted, Between):
        if field.spelling is not None:
            fitting[: field.values] = cells_between(field.spelling, wanted.low, wanted.high)
        if not fitting.any():
            raise impossible(field, wanted)
        return fitting
    for value in wanted.values:
        index = tokens_of(field, value)
        if not len(index):
            if value is not None and field.labels:
                raise unknown_name(f"value of '{field.column.name}'", str(value), field.labels)
            raise impossible(field, OneOf((value,)))
        fitting[index] = True
    return fitting


def tokens_of(field: Field, value: Value) -> np.ndarray:
    """Indices of the tokens of a column that can stand for one value: one, or none."""
    if value is None:
        return np.arange(field.values, field.size)
    if isinstance(value, str):
        return np.flatnonzero(np.asarray(field.labels, dtype=object) == value)
    if field.spelling is None:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(cells_between(field.spelling, value, value))


def cells_between(spelling: Spelling, low: float | None, high: float | None) -> np.ndarray:
    """Which cells hold a number of the range; (cells,) bool.

    A number here is one that can be spelled: with two decimals there is none from .251 to .259.
    """
    first, last = int(spelling.low[0]), int(spelling.high[-1])
    keys = range(first, last + 1)

    def number(key: int) -> float:
        return spelling.values(np.asarray([key])).item()

    # numbers grow with their keys, so the range is an interval of keys
    least = first if low is None else first + bisect_left(keys, low, key=number)
    most = last if high is None else first + bisect_right(keys, high, key=number) - 1
    return np.maximum(spelling.low, least) <= np.minimum(spelling.high, most)


def impossible(field: Field, wanted: OneOf | Between) -> BenchError:
    return BenchError(f"no record can have {wanted.describe(field.column.name)}: train has no such value")


def token_counts(vocabulary: int, tokens: Tokens) -> torch.Tensor:
    """How often each token occurs in the records; (vocabulary,) int64."""
    return torch.bincount(tokens.ids[tokens.ids != PAD], minlength=vocabulary)


def coarse_tokens(tokenizer: TableTokenizer, tokens: Tokens) -> torch.Tensor:
    """The coarse token of every column, in the order of the schema, whatever the order it is spelled in.

    Returns:
        (records, columns) int64.
    """
    owner = torch.as_tensor(tokenizer.owner)[tokens.ids]
    record, place = torch.nonzero(owner >= 0, as_tuple=True)
    coarse = torch.full((len(tokens), len(tokenizer.fields)), NONE)
    coarse[record, owner[record, place]] = tokens.ids[record, place]
    return coarse


def draw_conditions(
    tokenizer: TableTokenizer, where: Condition, counts: torch.Tensor, n: int, generator: torch.Generator
) -> torch.Tensor:
    """Coarse tokens for the columns of a condition, as frequent as in train among those that fit.

    Columns are drawn independently of each other. A bin that only partly fits is drawn with its whole
    weight: rejecting what falls outside then leaves the right share.

    Args:
        tokenizer: of the table.
        where: a checked condition.
        counts: (vocabulary,) `token_counts` of all records that the tokenizer was learnt from.
        n: how many.
        generator: of the draws.

    Returns:
        (n, columns) int64 in the order of the schema, -1 for columns without a condition.

    Raises:
        BenchError: see `allowed_tokens`.
    """
    weight = counts.double() * allowed_tokens(tokenizer, where)
    drawn = torch.full((n, len(tokenizer.fields)), NONE)
    for place, field in enumerate(tokenizer.fields):
        if n and field.column.name in where:
            own = weight[field.first : field.first + field.size]
            drawn[:, place] = field.first + torch.multinomial(own, n, replacement=True, generator=generator)
    return drawn
