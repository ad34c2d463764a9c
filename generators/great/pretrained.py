"""Rows in the tokens of a pretrained model; the counterpart of `vocabulary`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from bench.errors import BenchError
from generators.great.table import Table
from generators.great.text import IS, SEPARATOR, RowText
from generators.great.tokens import PAD, Opening
from generators.language.hub import begin_and_end, load_tokenizer, spell

CHUNK = 4096  # texts that are spelled at once


class PretrainedSpeller:
    """Token ids of a model's own tokenizer <-> texts of rows.

    Args:
        text: how rows are written.
        model, revision: whose tokenizer.

    Raises:
        BenchError: it cannot be read, or marks neither beginning nor end of a text.
    """

    def __init__(self, text: RowText, model: str, revision: str) -> None:
        self.text, self.model = text, model
        self.tokenizer: PreTrainedTokenizerBase = load_tokenizer("model", model, revision)
        self.begin, self.end = begin_and_end(self.tokenizer, "model", model)

    def opening(self, opening: Opening) -> list[int]:
        """Ids that a row begins with: what is given with a comma behind it, as in the authors' package; else a name.

        The space before a name belongs to the name in most vocabularies, so a text never ends with one here.
        """
        names = self.text.names
        if not opening.given:
            return self._ids([f"{names[opening.following[0]]}{IS}".rstrip()])[0]
        given = SEPARATOR.join(f"{names[place]}{IS}{said}" for place, said in opening.given)
        if opening.following:
            return self._ids([f"{given}{SEPARATOR}".rstrip()])[0]
        return [*self._ids([given])[0], self.end]

    def texts(self, ids: torch.Tensor) -> list[str]:
        """The texts of rows of ids (rows, length), padded with PAD."""
        rows = [[token for token in row if token != PAD] for row in ids.tolist()]
        return [
            self.tokenizer.decode(row, skip_special_tokens=False, clean_up_tokenization_spaces=False) for row in rows
        ]

    def spelled(self, table: Table) -> SpelledTexts:
        return SpelledTexts(self, table)

    def state(self) -> dict[str, Any]:
        return {}

    def _ids(self, texts: list[str]) -> list[list[int]]:
        return spell(self.tokenizer, texts, add_special_tokens=False)


class SpelledTexts:
    """The rows of a table, spelled when they are needed: a model's tokens depend on what stands beside them.

    Raises:
        BenchError: the tokenizer does not give a row's text back.
    """

    def __init__(self, speller: PretrainedSpeller, table: Table) -> None:
        self.speller = speller
        names = speller.text.names
        self.fields = [[f"{name}{IS}{said}" for said in texts] for name, texts in zip(names, table.texts, strict=True)]
        self.codes = table.codes
        first = self.written(np.arange(min(len(table), CHUNK)), np.arange(len(names))[None])
        for text, ids in zip(first, speller._ids(first), strict=True):
            if (back := speller.texts(torch.tensor([ids]))[0]) != text:
                raise BenchError(
                    f"the vocabulary of model '{speller.model}' cannot spell the row {text[:60]!r}, which comes back "
                    f"as {back[:60]!r}; choose another model"
                )

    def written(self, rows: np.ndarray, order: np.ndarray) -> list[str]:
        """Texts of rows (batch,) with their columns in an order (batch or 1, columns)."""
        orders = np.broadcast_to(order, (len(rows), order.shape[1])).tolist()
        return [
            SEPARATOR.join([self.fields[place][codes[place]] for place in places])
            for codes, places in zip(self.codes[rows].tolist(), orders, strict=True)
        ]

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of every row in the order of the schema, beginning and end included."""
        order = np.arange(len(self.fields))[None]
        chunks = (np.arange(first, min(first + CHUNK, len(self.codes))) for first in range(0, len(self.codes), CHUNK))
        spelled = (self.speller._ids(self.written(rows, order)) for rows in chunks)
        return np.array([len(ids) + 2 for part in spelled for ids in part])

    def batch(self, rows: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
        """Ids of rows (batch,) with their columns in an order (batch, columns): (batch, longest), padded with PAD."""
        spelled = self.speller._ids(self.written(rows.numpy(), order.numpy()))
        ids = torch.full((len(spelled), max(map(len, spelled)) + 2), PAD)
        for row, own in zip(ids, spelled, strict=True):
            row[: len(own) + 2] = torch.tensor([self.speller.begin, *own, self.speller.end])
        return ids
