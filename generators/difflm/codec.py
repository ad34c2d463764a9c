"""Records <-> what the networks read and write: tokenizers, the constraint of decoding, the way back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from bench.errors import BenchError
from bench.records import Column, Dataset, Family, Schema
from generators.difflm.build import Tokenizer
from generators.difflm.config import DiffLMConfig
from generators.difflm.decode import Constraint
from generators.difflm.grammar import text_grammar
from generators.difflm.json_grammar import record_grammar
from generators.difflm.json_walk import JsonGrammar
from generators.difflm.pretrained_tokenizer import (
    EncoderTokenizer,
    PretrainedTokenizer,
    length_limits,
    spelled_schema,
)
from generators.difflm.table_tokenizer import TableTokenizer
from generators.difflm.text_tokenizer import END, TextTokenizer
from generators.difflm.tokens import Tokens
from generators.language.hub import COMPACT
from generators.texts.parameters import parameter_columns
from generators.texts.serialise import from_texts, is_text, plain
from generators.training.device import Device

TOO_LONG = "longer than any train record"


class Codec:
    """Spells records for both networks and reads what the decoder wrote.

    Args:
        tokenizer: of the decoder.
        schema, family: of the records.
        config: which networks, and which constraint.
        json_grammar: of records that are written as JSON; None where their text is free.
        parameters: the columns that hold parameters of tools.

    Attributes:
        length: most tokens that a record may be written in, its beginning included.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        schema: Schema,
        family: Family,
        config: DiffLMConfig,
        json_grammar: str | None = None,
        parameters: Sequence[str] = (),
    ) -> None:
        self.tokenizer = tokenizer
        self.schema = schema
        self.family = family
        self.config = config
        self.json_grammar = json_grammar
        self.parameters = list(parameters)
        self.length = tokenizer.length
        if json_grammar is not None and not is_text(schema):
            # the grammar ends such a record, which may take more tokens than the longest one of train
            self.length = min(most for most, _, _ in length_limits(config))
        self.encoder_tokenizer = None if config.encoder == COMPACT else EncoderTokenizer(schema, config)

    @classmethod
    def learn(cls, data: Dataset, config: DiffLMConfig) -> Codec:
        """What the train records need.

        Raises:
            BenchError: they cannot be spelled; the message says which and why.
        """
        train, schema = data.train, data.schema
        kind = tokenizer_kind(schema, config)
        if config.column_order == "random" and kind is not TableTokenizer:
            raise BenchError("column_order = 'random' needs a table and the compact decoder")
        tokenizer: Tokenizer
        if kind is PretrainedTokenizer:
            tokenizer = PretrainedTokenizer.learn(train, schema, config)
        elif kind is TextTokenizer:
            spelled = spelled_schema(schema, config)
            tokenizer = TextTokenizer.learn(train, spelled, vocabulary=config.vocabulary, max_length=config.max_length)
        else:
            tokenizer = TableTokenizer.learn(
                train,
                schema,
                bins=config.bins,
                atom_limit=config.atom_limit,
                atom_share=config.atom_share,
                target_first=config.column_order == "target_first",
            )
        parameters = parameter_columns(train, schema, data.family)
        json_grammar = None
        if kind is not TableTokenizer and config.constraint == "schema" and not plain(schema):
            names = [name for name in schema.names if data.family == "tool" and never_blank(train[name], schema[name])]
            json_grammar = record_grammar(train, spelled_schema(schema, config), parameters, names)
        return cls(tokenizer, schema, data.family, config, json_grammar, parameters)

    @property
    def table(self) -> TableTokenizer | None:
        """The tokenizer, where records are spelled by the schema-built one."""
        return self.tokenizer if isinstance(self.tokenizer, TableTokenizer) else None

    def encode(self, records: pd.DataFrame) -> tuple[Tokens, np.ndarray]:
        """Tokens of the records that can be spelled, and which ones can, (len(records),) bool."""
        tokens, spelled = self.tokenizer.encode(records)
        if self.encoder_tokenizer is not None:
            tokens = self.encoder_tokenizer.read(tokens, records[spelled])
        return tokens, spelled

    def vary(self, tokens: Tokens, generator: torch.Generator) -> Tokens:
        """Train records as one step sees them: with a random order of the columns where the config asks for it."""
        if self.table is None or self.config.column_order != "random":
            return tokens
        return self.table.rearranged(tokens, torch.rand(len(tokens), len(self.table.fields), generator=generator))

    def constraint(self, device: Device, first: Collection[str]) -> Constraint:
        """What may be written, with the columns `first` in front where their order is free."""
        if self.table is not None:
            grammar = self.table.grammar
            if self.config.column_order == "random":
                names = [field.column.name for field in self.table.fields]
                grammar = self.table.grammar_in(sorted(range(len(names)), key=lambda place: names[place] not in first))
            return grammar.to(device.name)
        size, end = self.tokenizer.size, self.tokenizer.end
        if self.json_grammar is None:
            first = END if isinstance(self.tokenizer, TextTokenizer) else 0
            return text_grammar(first, size, end).to(device.name)
        return JsonGrammar(
            self.json_grammar,
            self.tokenizer.backend,
            size=size,
            end=end,
            device=torch.device(device.name),
            parameters=bool(self.parameters),
        )

    def read(self, ids: np.ndarray, complete: np.ndarray) -> tuple[pd.DataFrame, list[str | None]]:
        """Legal records of ids (rows, length), and for every row the reason why there is none, or None."""
        reasons: list[str | None] = [None if whole else TOO_LONG for whole in complete]
        if self.table is not None:
            return self.table.decode(ids[complete]), reasons
        spelled = spelled_schema(self.schema, self.config)
        records, illegal = from_texts(self.tokenizer.texts(ids[complete]), spelled, self.family, self.parameters)
        for place, reason in zip(np.flatnonzero(complete), illegal, strict=True):
            reasons[place] = reason
        return records[self.schema.names], reasons

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as JSON-able values."""
        return {
            "family": self.family,
            "tokenizer": self.tokenizer.state(),
            "json_grammar": self.json_grammar,
            "parameters": self.parameters,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any], schema: Schema, config: DiffLMConfig) -> Codec:
        kind = tokenizer_kind(schema, config)
        saved = state["tokenizer"]
        if kind is PretrainedTokenizer:
            tokenizer = kind.restore(saved, schema, config)
        else:
            tokenizer = kind.restore(saved, spelled_schema(schema, config) if kind is TextTokenizer else schema)
        return cls(tokenizer, schema, state["family"], config, state["json_grammar"], state["parameters"])


def never_blank(values: pd.Series, column: Column) -> bool:
    """Whether a column of names holds one in every record."""
    return column.kind == "text" and column.name.endswith("name") and bool(values.fillna("").str.strip().ne("").all())


def tokenizer_kind(
    schema: Schema, config: DiffLMConfig
) -> type[TableTokenizer] | type[TextTokenizer] | type[PretrainedTokenizer]:
    """Which tokenizer spells records of a schema for the decoder of a config."""
    if config.decoder != COMPACT:
        return PretrainedTokenizer
    return TextTokenizer if is_text(schema) else TableTokenizer
