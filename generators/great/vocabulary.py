"""The tokens of the compact model, learnt from a table's text.

`, Column is ` is one token and so is a frequent label, other labels are spelled in pieces (byte-pair encoding on signs
instead of bytes; Sennrich et al. 2016, arXiv 1508.07909), and numbers sign by sign, so that they are written as they
are read. A row of Default takes less than half of the tokens that GPT-2's vocabulary needs for it.

Ids: 0 beginning of a row, 1 its end, then the columns, then the signs of numbers, `None`, labels and pieces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from generators.great.table import Table
from generators.great.text import IS, MISSING, SEPARATOR, RowText
from generators.great.tokens import PAD, Opening

BEGIN, END, FIRST_COLUMN = 0, 1, 2
SIGNS = "0123456789-.e+"
UNFINISHED = 2  # signs that a number may need before it can end
# words with the space before them, single digits, and what stands between
PIECES = Regex(r" ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+")


class Vocabulary:
    """Token ids <-> texts of the rows of one table.

    Args:
        text: how rows are written.
        tokens: the texts of all ids.
        pieces: what spells the labels that are no token; None where there are none.
        most: tokens of the longest value of every column.
    """

    begin, end = BEGIN, END

    def __init__(
        self, text: RowText, tokens: Sequence[str], pieces: Tokenizer | None, most: Sequence[int] = ()
    ) -> None:
        self.text, self.tokens, self.pieces, self.most = text, list(tokens), pieces, list(most)
        self.columns = range(FIRST_COLUMN, FIRST_COLUMN + len(text.names))
        self._id = {token: number for number, token in enumerate(tokens) if number >= self.columns.stop}

    @classmethod
    def learn(cls, text: RowText, table: Table, *, label_tokens: int, piece_tokens: int) -> Vocabulary:
        """From the train rows: the most frequent labels, and pieces of the others."""
        counts: Counter[str] = Counter()
        for place, column in enumerate(text.schema.columns):
            if not column.numeric:
                counts.update(dict(zip(table.texts[place], table.counts(place).tolist(), strict=True)))
        counts.pop(MISSING, None)
        ranked = sorted(counts, key=lambda label: (-counts[label], label))
        frequent, rare = ranked[:label_tokens], ranked[label_tokens:]
        pieces = learn_pieces(rare, piece_tokens) if rare else None
        spelled = [] if pieces is None else sorted(pieces.get_vocab(), key=pieces.token_to_id)
        columns = [f"{SEPARATOR}{name}{IS}" for name in text.names]
        tokens = ["<begin>", "<end>", *columns, *dict.fromkeys([*SIGNS, MISSING, *frequent, *spelled])]
        learnt = cls(text, tokens, pieces)
        learnt.most = [max(len(learnt.value(place, said)) for said in own) for place, own in enumerate(table.texts)]
        return learnt

    @property
    def size(self) -> int:
        return len(self.tokens)

    @property
    def longest(self) -> int:
        """Most tokens of a row, beginning and end included, whose values are about as long as those of train."""
        return 2 + sum(1 + most + UNFINISHED for most in self.most)

    def token(self, text: str) -> int:
        """The id of a sign, a label or a piece."""
        return self._id[text]

    def value(self, place: int, said: str) -> list[int]:
        """Ids of the text of a value of the column at that place."""
        if self.text.schema.columns[place].numeric and said != MISSING:
            return [self._id[sign] for sign in said]
        if said in self._id or self.pieces is None:
            return [self._id[said]]
        return [self._id[piece] for piece in self.pieces.encode(said).tokens]

    def opening(self, opening: Opening) -> list[int]:
        """Ids that a row begins with: what is given, and the name of the next column."""
        ids = [token for place, said in opening.given for token in (FIRST_COLUMN + place, *self.value(place, said))]
        return [*ids, FIRST_COLUMN + opening.following[0] if opening.following else END]

    def texts(self, ids: torch.Tensor) -> list[str]:
        """The texts of rows of ids (rows, length), padded with PAD."""
        tokens = self.tokens
        spelled = ("".join([tokens[token] for token in row if token != PAD]) for row in ids.tolist())
        return [text.removeprefix(SEPARATOR) for text in spelled]

    def spelled(self, table: Table) -> SpelledTable:
        return SpelledTable(self, table)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs beside the text, as JSON-able values."""
        return {"tokens": self.tokens, "pieces": self.pieces and self.pieces.to_str(), "most": self.most}

    @classmethod
    def restore(cls, state: Mapping[str, Any], text: RowText) -> Vocabulary:
        pieces = state["pieces"]
        return cls(text, state["tokens"], pieces and Tokenizer.from_str(pieces), state["most"])


class SpelledTable:
    """The rows of a table in a vocabulary: every column with every one of its values is spelled once."""

    def __init__(self, vocabulary: Vocabulary, table: Table) -> None:
        parts: list[list[int]] = []
        first = []  # number of the part that is the first value of a column
        for place, texts in enumerate(table.texts):
            first.append(len(parts))
            parts += [[FIRST_COLUMN + place, *vocabulary.value(place, said)] for said in texts]
        self.ids = torch.tensor([token for part in parts for token in part])
        self.size = torch.tensor([len(part) for part in parts])
        self.start = self.size.cumsum(0) - self.size
        self.first, self.codes = torch.tensor(first), torch.from_numpy(table.codes)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of every row, beginning and end included."""
        total = torch.full((len(self.codes),), 2)
        for place, begin in enumerate(self.first.tolist()):
            total += self.size[begin + self.codes[:, place].long()]
        return total.numpy()

    def batch(self, rows: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
        """Ids of rows (batch,) with their columns in an order (batch, columns): (batch, longest), padded with PAD."""
        part = self.first[order] + self.codes[rows].long().gather(1, order)
        size = self.size[part]
        total = size.sum(dim=1)
        flat = size.flatten()
        behind = flat.cumsum(0) - flat
        source = torch.repeat_interleave(self.start[part].flatten() - behind, flat) + torch.arange(int(flat.sum()))
        row = torch.repeat_interleave(torch.arange(len(rows)), total)
        at = torch.arange(len(row)) - torch.repeat_interleave(total.cumsum(0) - total, total) + 1
        ids = torch.full((len(rows), int(total.max()) + 2), PAD)
        ids[:, 0] = BEGIN
        ids[row, at] = self.ids[source]
        ids[torch.arange(len(rows)), total + 1] = END
        return ids


def learn_pieces(labels: Sequence[str], most: int) -> Tokenizer:
    """A tokenizer that spells these labels in their signs and at most so many longer pieces."""
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.Split(PIECES, "isolated")
    signs = sorted({sign for label in labels for sign in label})
    pieces.train_from_iterator(
        labels,
        trainers.BpeTrainer(vocab_size=len(signs) + most, initial_alphabet=signs, show_progress=False),
    )
    return pieces
