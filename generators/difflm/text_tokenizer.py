"""The tokenizer for records that are text: byte-level byte-pair encoding learnt from the train split.

Every byte string can be spelled, so validation and test text never falls outside the vocabulary.
Ids: 0 beginning of record, 1 end of record, then the byte-pair tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from bench.records import Schema
from generators.difflm.lengths import longest
from generators.difflm.table_tokenizer import BEGIN
from generators.difflm.tokens import PAD, Tokens
from generators.texts.serialise import to_texts

END = 1
SPECIAL = ["<begin>", "<end>"]


class TextTokenizer:
    """Records as text <-> token ids; the counterpart of `TableTokenizer`."""

    begin, end = BEGIN, END
    grammar = None

    def __init__(self, tokenizer: Tokenizer, schema: Schema, length: int) -> None:
        self.tokenizer = tokenizer
        self.tokenizer.encode_special_tokens = True  # <end> inside a record is text
        self.schema = schema
        self.size = tokenizer.get_vocab_size()
        self.length = length

    @classmethod
    def learn(cls, train: pd.DataFrame, schema: Schema, *, vocabulary: int, max_length: int) -> TextTokenizer:
        """Learn merges from the train records.

        Raises:
            BenchError: too many train records are longer than `max_length` tokens, see `lengths.longest`.
        """
        texts = to_texts(train, schema)
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary, special_tokens=SPECIAL, initial_alphabet=sorted(alphabet), show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer)
        lengths = [len(encoding) + 2 for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
        limit = f"max_length = {max_length} tokens"
        return cls(tokenizer, schema, longest(np.asarray(lengths), max_length, limit, "raise max_length"))

    def encode(self, records: pd.DataFrame) -> tuple[Tokens, np.ndarray]:
        """Token ids and which records fit into `length`; see `TableTokenizer.encode`."""
        encodings = self.tokenizer.encode_batch(to_texts(records, self.schema), add_special_tokens=False)
        spelled = np.asarray([len(encoding) + 2 <= self.length for encoding in encodings], dtype=bool)
        rows = [[BEGIN, *encoding.ids, END] for encoding, fits in zip(encodings, spelled, strict=True) if fits]
        ids = np.full((len(rows), self.length), PAD, dtype=np.int64)
        for row, tokens in zip(ids, rows, strict=True):
            row[: len(tokens)] = tokens
        tensor = torch.as_tensor(ids)
        return Tokens(tensor, tensor), spelled

    def texts(self, ids: np.ndarray) -> list[str]:
        """The text of every row of ids; special tokens are left out."""
        return self.tokenizer.decode_batch([row[row != PAD].tolist() for row in ids], skip_special_tokens=True)

    @property
    def backend(self) -> Tokenizer:
        """What spells text."""
        return self.tokenizer

    def quantiles(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Byte-pair tokens have no order."""
        return []

    def state(self) -> dict[str, Any]:
        return {"length": self.length, "tokenizer": self.tokenizer.to_str()}

    @classmethod
    def restore(cls, state: Mapping[str, Any], schema: Schema) -> TextTokenizer:
        return cls(Tokenizer.from_str(state["tokenizer"]), schema, state["length"])
