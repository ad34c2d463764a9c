"""The tokenizer that a schema builds: one token a field, digits only where a number needs them.

A token of a categorical column stands for key and value together (`"sex": "Male"`), a token of a
numeric column for the key and an atom or a quantile bin of its values, so a row of Adult is 18
tokens instead of well over a hundred. The text that the tokens stand for is still exactly the JSON
of `serialise`.

Ids: 0 beginning of record, then the digit groups, then the fields column by column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from bench.frames import DTYPES
from bench.records import Column, Schema
from generators.difflm.grammar import Grammar, GrammarBuilder
from generators.difflm.numbers import GROUP, Spelling, learn_spelling
from generators.difflm.tokens import PAD, Tokens

BEGIN, ZERO = 0, 1
FIRST_FIELD = ZERO + GROUP
LARGEST = 2**63 - 1024  # the largest integer that is an int64 and a float64: rounding may carry one beyond


@dataclass(frozen=True)
class Field:
    """The tokens of one column: `first`, first + 1, ... and, where values are missing, one more at the end.

    Args:
        column: what it spells.
        first: id of its first token.
        labels: the labels of a categorical column in token order; empty for numbers.
        spelling: of a numeric column; None for labels, and where every value is missing.
        missing: whether train has missing values here.
    """

    column: Column
    first: int
    labels: tuple[str, ...]
    spelling: Spelling | None
    missing: bool

    @property
    def values(self) -> int:
        """Tokens that stand for a value."""
        return len(self.spelling.low) if self.spelling is not None else len(self.labels)

    @property
    def size(self) -> int:
        return self.values + self.missing

    @property
    def most_groups(self) -> int:
        """Digit groups of its longest number."""
        return 0 if self.spelling is None else int(self.spelling.groups.max(initial=0))

    def encode(self, values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """Coarse token (n,) and digit groups (n, most groups) as ids; -1 as token where it cannot be spelled."""
        absent = values.isna().to_numpy()
        digits = np.full((len(values), 0), PAD)
        if self.spelling is None:
            index = pd.Index(self.labels).get_indexer(values) if self.labels else np.full(len(values), -1)
        else:
            present = values.where(~absent, 0).to_numpy(dtype="int64" if self.column.kind == "integer" else "float64")
            keys = self.spelling.keys(present)
            index = self.spelling.cell(keys)
            groups = self.spelling.digits(keys, np.maximum(index, 0))
            digits = np.where((groups >= 0) & ~absent[:, None] & (index >= 0)[:, None], groups + ZERO, PAD)
        index = np.where(absent, self.values if self.missing else -1, index)
        return np.where(index < 0, -1, self.first + index), digits

    def decode(self, token: np.ndarray, digits: np.ndarray) -> pd.Series:
        """Values from coarse tokens (n,) and digit group ids (n, groups), PAD where there is none."""
        index = token - self.first
        absent = index == self.values
        index = np.minimum(index, self.values - 1)
        if self.spelling is not None:
            values = pd.Series(self.spelling.values(self.spelling.read(index, digits - ZERO)))
            if self.column.kind == "integer":
                values = values.clip(-LARGEST, LARGEST)
        elif self.labels:
            values = pd.Series(pd.Index(self.labels, dtype="object").take(index).to_numpy(), dtype="str")
        else:
            values = pd.Series(np.full(len(token), np.nan))
        return values.astype(DTYPES[self.column.kind]).where(~absent).rename(self.column.name)


class TableTokenizer:
    """Rows of a table <-> token ids."""

    begin = BEGIN

    def __init__(self, fields: list[Field], order: Sequence[int]) -> None:
        """`fields` in the order of the schema, and the order in which they are spelled."""
        self.fields = fields
        self.order = tuple(order)
        self.size = fields[-1].first + fields[-1].size
        self.length = 1 + sum(1 + field.most_groups for field in fields)
        self.grammar = self.grammar_in(self.order)
        self.owner = np.full(self.size + 1, -1)  # the last one is PAD's
        for number, field in enumerate(fields):
            self.owner[field.first : field.first + field.size] = number

    @classmethod
    def learn(
        cls,
        train: pd.DataFrame,
        schema: Schema,
        *,
        bins: int,
        atom_limit: int,
        atom_share: float,
        target_first: bool = False,
    ) -> TableTokenizer:
        """Build the vocabulary from the train rows; see `learn_spelling` for the options."""
        fields, first = [], FIRST_FIELD
        for column in schema.columns:
            values = train[column.name]
            present = values.dropna()
            labels: tuple[str, ...] = ()
            spelling = None
            if not column.numeric:
                labels = tuple(sorted(present.unique()))
            elif len(present):
                numbers = present.to_numpy(dtype="int64" if column.kind == "integer" else "float64")
                spelling = learn_spelling(numbers, bins, atom_limit, atom_share)
            field = Field(column, first, labels, spelling, bool(values.isna().any()))
            fields.append(field)
            first += field.size
        target = [schema.names.index(schema.target)] if target_first and schema.target else []
        return cls(fields, [*target, *(place for place in range(len(fields)) if place not in target)])

    def grammar_in(self, order: Sequence[int]) -> Grammar:
        """What may follow what where the fields are spelled in that order."""
        builder = GrammarBuilder(ZERO)
        after = np.full(self.size, -1, dtype=np.int64)
        state = end = builder.state(BEGIN, BEGIN)  # what a finished row would say is not looked at
        for field in (self.fields[place] for place in reversed(order)):
            then, free = state, builder.free(field.most_groups, state)
            after[field.first : field.first + field.size] = then
            if field.spelling is not None:
                for index in np.flatnonzero(field.spelling.groups):
                    low, high = int(field.spelling.low[index]), int(field.spelling.high[index])
                    count = int(field.spelling.groups[index])
                    after[field.first + index] = builder.number(low, high, count, free)
            state = builder.state(field.first, field.first + field.size - 1)
        after[BEGIN] = state
        bounds = [BEGIN, ZERO, *(field.first for field in self.fields), self.size]
        return builder.build(after, bounds, state, end)

    def encode(self, records: pd.DataFrame) -> tuple[Tokens, np.ndarray]:
        """Token ids of every record that can be spelled, BEGIN first.

        Returns:
            tokens: of those records.
            spelled: (len(records),) bool; a label or number that train never had cannot be spelled.
        """
        begin = np.full((len(records), 1), BEGIN)
        parts, spelled = [begin], np.ones(len(records), dtype=bool)
        for field in (self.fields[place] for place in self.order):
            token, digits = field.encode(records[field.column.name])
            spelled &= token >= 0
            parts += [token[:, None], digits]
        ids = np.concatenate(parts, axis=1)[spelled]
        # a stable sort by "is padding" moves the gaps behind the record
        ids = torch.as_tensor(np.take_along_axis(ids, np.argsort(ids == PAD, axis=1, kind="stable"), axis=1))
        return Tokens(ids, ids, self.grammar.states(ids)), spelled

    def decode(self, ids: np.ndarray) -> pd.DataFrame:
        """Records of complete rows of ids, as the grammar makes them; BEGIN is not part of `ids`."""
        rows = np.arange(len(ids))
        owner = self.owner[ids]
        columns = {}
        padded = np.pad(ids, ((0, 0), (0, self.length)), constant_values=PAD)
        for number, field in enumerate(self.fields):
            place = (owner == number).argmax(axis=1)
            token = ids[rows, place]
            digits = padded[rows[:, None], place[:, None] + 1 + np.arange(field.most_groups)]
            columns[field.column.name] = field.decode(token, digits)
        return pd.DataFrame(columns)

    def rearranged(self, tokens: Tokens, place: torch.Tensor) -> Tokens:
        """The same records with their columns spelled in another order for the decoder.

        Args:
            tokens: records.
            place: (records, columns) where each column goes: any numbers, smallest first.
        """
        owner = torch.as_tensor(self.owner)[tokens.ids[:, 1:]]
        # a digit group belongs to the field in front of it
        at = torch.where(owner >= 0, torch.arange(owner.shape[1]), 0).cummax(dim=1).values
        key = place.gather(1, owner.gather(1, at))
        key = key.masked_fill(tokens.ids[:, 1:] == PAD, torch.inf)
        order = key.argsort(dim=1, stable=True)
        ids = torch.cat([tokens.ids[:, :1], tokens.ids[:, 1:].gather(1, order)], dim=1)
        states = None if tokens.states is None else tokens.states.gather(1, order)
        return Tokens(ids, tokens.encoder_ids, states)

    def quantiles(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """For every ordered group of tokens: ids, and their place in the order as numbers in 0..1."""
        groups = [(ZERO + np.arange(GROUP), np.arange(GROUP) / GROUP)]
        for field in self.fields:
            if field.spelling is not None:
                groups.append((field.first + np.arange(field.values), (np.arange(field.values) + 0.5) / field.values))
        return groups

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as JSON-able values."""
        return {
            "order": list(self.order),
            "fields": [
                {
                    "labels": list(field.labels),
                    "missing": field.missing,
                    "spelling": None
                    if field.spelling is None
                    else {
                        "decimals": field.spelling.decimals,
                        **{k: getattr(field.spelling, k).tolist() for k in ("low", "high", "groups")},
                    },
                }
                for field in self.fields
            ],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any], schema: Schema) -> TableTokenizer:
        fields, first = [], FIRST_FIELD
        for column, saved in zip(schema.columns, state["fields"], strict=True):
            spelling = saved["spelling"]
            if spelling is not None:
                arrays = {k: np.asarray(spelling[k], dtype=np.int64) for k in ("low", "high", "groups")}
                spelling = Spelling(spelling["decimals"], **arrays)
            field = Field(column, first, tuple(saved["labels"]), spelling, saved["missing"])
            fields.append(field)
            first += field.size
        return cls(fields, state["order"])
