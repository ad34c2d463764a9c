"""Records as the text of `serialise`, spelled with the tokens of pretrained models.

Source: DiffLM (arXiv 2411.03250), section 3.1. The decoder's tokens must give the text back; what the
encoder reads is never turned into text again, so its tokenizer may lose letter case or spaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerBase
from transformers.tokenization_utils_base import VERY_LARGE_INTEGER

from bench.errors import BenchError
from bench.records import Schema
from generators.difflm.config import DiffLMConfig
from generators.difflm.injection import positions_in_front
from generators.difflm.lengths import longest
from generators.difflm.tokens import PAD, Tokens
from generators.language.hub import begin_and_end, context_length, load_tokenizer, read_config, spell
from generators.texts.serialise import field_texts, plain, to_texts


class PretrainedTokenizer:
    """Records <-> token ids of the pretrained decoder; the counterpart of `TableTokenizer`.

    Args:
        tokenizer: of the decoder.
        schema: of the records, its columns in the order in which they are spelled.
        length: most tokens of a record, beginning and end included.
        name: of the decoder, for messages.

    Attributes:
        begin, end: ids around a record; the model's own, and one for the other where it has only one.
        size: number of token ids.
        grammar: None, any token may follow any other.
    """

    grammar = None

    def __init__(self, tokenizer: PreTrainedTokenizerBase, schema: Schema, length: int, name: str) -> None:
        self.tokenizer = tokenizer
        self.schema = schema
        self.length = length
        self.size = len(tokenizer)
        self.begin, self.end = begin_and_end(tokenizer, "decoder", name)

    @classmethod
    def learn(cls, train: pd.DataFrame, schema: Schema, config: DiffLMConfig) -> PretrainedTokenizer:
        """Read the tokenizer and measure the train records.

        Raises:
            BenchError: the tokenizer cannot be read or has neither beginning nor end of text, or a train
                record cannot be spelled, or too many of them are longer than `max_length` or than the
                decoder's context, see `lengths.longest`.
        """
        name = config.decoder
        learnt = cls.restore({"length": config.max_length}, schema, config)
        schema = learnt.schema
        texts = to_texts(train, schema)
        rows = learnt._spell(texts)
        for place, (text, back) in enumerate(zip(texts, learnt._texts(rows), strict=True)):
            if text != back:
                raise BenchError(
                    f"the vocabulary of decoder '{name}' cannot spell {culprit(train, place, schema, back)}"
                )
        lengths = np.asarray([len(row) + 2 for row in rows])
        learnt.length = min(longest(lengths, *limit) for limit in length_limits(config))
        return learnt

    def encode(self, records: pd.DataFrame) -> tuple[Tokens, np.ndarray]:
        """Token ids of every record that can be spelled within `length`, and which ones can; see `TableTokenizer`."""
        texts = to_texts(records, self.schema)
        rows = self._spell(texts)
        spelled = np.asarray(
            [
                len(row) + 2 <= self.length and text == back
                for row, text, back in zip(rows, texts, self._texts(rows), strict=True)
            ],
            dtype=bool,
        )
        kept = [[self.begin, *row, self.end] for row, fits in zip(rows, spelled, strict=True) if fits]
        ids = pad(kept, self.length)
        return Tokens(ids, ids), spelled

    def texts(self, ids: np.ndarray) -> list[str]:
        """The text of every row of ids (records, length); a beginning and an end around it are left out."""
        rows = []
        for padded in ids:
            row = padded[padded != PAD].tolist()
            start = int(row[:1] == [self.begin])
            stop = len(row) - 1 if row[start:][-1:] == [self.end] else len(row)
            rows.append(row[start:stop])
        return self._texts(rows)

    @property
    def backend(self) -> Tokenizer:
        """What spells text."""
        return self.tokenizer.backend_tokenizer

    def quantiles(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Tokens of text have no order."""
        return []

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs beside the config, as JSON-able values."""
        return {"length": self.length}

    @classmethod
    def restore(cls, state: Mapping[str, Any], schema: Schema, config: DiffLMConfig) -> PretrainedTokenizer:
        tokenizer = load_tokenizer("decoder", config.decoder, config.decoder_revision)
        return cls(tokenizer, spelled_schema(schema, config), state["length"], config.decoder)

    def _spell(self, texts: list[str]) -> list[list[int]]:
        return spell(self.tokenizer, texts, add_special_tokens=False)

    def _texts(self, rows: list[list[int]]) -> list[str]:
        return [
            self.tokenizer.decode(row, skip_special_tokens=False, clean_up_tokenization_spaces=False) for row in rows
        ]


class EncoderTokenizer:
    """Records -> token ids of the pretrained encoder.

    A record longer than the encoder's context is read up to there: q(z | x) may look at any part of x
    and the bound stays a bound.
    """

    def __init__(self, schema: Schema, config: DiffLMConfig) -> None:
        """Read the tokenizer of `config.encoder`.

        Raises:
            BenchError: it cannot be read, or marks neither beginning nor end of text.
        """
        name, revision = config.encoder, config.encoder_revision
        self.schema = schema
        self.tokenizer = load_tokenizer("encoder", name, revision)
        limits = (self.tokenizer.model_max_length, context_length(read_config("encoder", name, revision)))
        self.most = min((most for most in limits if most is not None and most < VERY_LARGE_INTEGER), default=None)
        # an encoder that is a causal model sees the whole record where it ends, so there must be an end
        self.ending = [] if self.tokenizer("").input_ids else [begin_and_end(self.tokenizer, "encoder", name)[1]]

    def read(self, tokens: Tokens, records: pd.DataFrame) -> Tokens:
        """The tokens of `records`, with this encoder's ids in them."""
        rows = spell(
            self.tokenizer,
            to_texts(records, self.schema),
            truncation=self.most is not None,
            max_length=None if self.most is None else self.most - len(self.ending),
        )
        rows = [[*row, *self.ending] for row in rows]
        return replace(tokens, encoder_ids=pad(rows, max(map(len, rows), default=0)))


def length_limits(config: DiffLMConfig) -> list[tuple[int, str, str]]:
    """What bounds the tokens of a record: most tokens, the limit in words, and what to do where it is too low."""
    limits = [(config.max_length, f"max_length = {config.max_length} tokens", "raise max_length")]
    context = context_length(read_config("decoder", config.decoder, config.decoder_revision))
    if context is not None:
        in_front = positions_in_front(config.injection, config.soft_tokens)
        where = f"the context of decoder '{config.decoder}' ({context} positions, {in_front} in front)"
        limits.append((context - in_front, where, "choose another decoder"))
    return limits


def spelled_schema(schema: Schema, config: DiffLMConfig) -> Schema:
    """The schema with its columns in the order in which a record spells them."""
    if config.column_order != "target_first":
        return schema
    return replace(schema, columns=tuple(sorted(schema.columns, key=lambda column: column.name != schema.target)))


def culprit(records: pd.DataFrame, place: int, schema: Schema, back: str) -> str:
    """Which value of a record is not in the text that came back."""
    record = records.iloc[[place]]
    if plain(schema):
        return f"record {place}, which comes back as {back[:80]!r}"
    for column in schema.columns:
        (text,) = field_texts(record[column.name], column)
        if text not in back:
            return f"the value {text[:80]} of column '{column.name}' (train record {place}); choose another decoder"
    return f"the text of train record {place}, which comes back as {back[:80]!r}; choose another decoder"


def pad(rows: list[list[int]], length: int) -> torch.Tensor:
    """Rows of ids as one tensor (rows, length), padded with PAD."""
    ids = torch.full((len(rows), length), PAD)
    for row, tokens in zip(ids, rows, strict=True):
        row[: len(tokens)] = torch.as_tensor(tokens)
    return ids
