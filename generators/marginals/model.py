"""Independent draws: values of a column, and for text the tokens of a value."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

# words, runs of white space, and single signs: together they are the text
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


def draw_values(column: pd.Series, n: int, rng: np.random.Generator) -> pd.Series:
    """`n` values with replacement, missing ones included."""
    return column.iloc[rng.integers(len(column), size=n)].reset_index(drop=True)


def draw_texts(column: pd.Series, n: int, rng: np.random.Generator) -> pd.Series:
    """`n` texts of independent tokens.

    The number of tokens is that of a random text of the column, every token comes from the
    distribution of tokens over the whole column. A missing text stays missing.
    """
    tokens = [TOKEN.findall(text) if isinstance(text, str) else None for text in column]
    vocabulary = Counter(token for text in tokens if text is not None for token in text)
    sizes = np.array([-1 if text is None else len(text) for text in tokens])
    drawn = sizes[rng.integers(len(sizes), size=n)]
    total = int(np.maximum(drawn, 0).sum())
    words = np.array(list(vocabulary), dtype=object)
    share = np.array(list(vocabulary.values()), dtype=np.float64)
    stream = words[rng.choice(len(words), size=total, p=share / share.sum())] if total else words[:0]
    ends = np.cumsum(np.maximum(drawn, 0))
    texts = ["".join(stream[end - size : end]) if size >= 0 else None for size, end in zip(drawn, ends, strict=True)]
    return pd.Series(texts, name=column.name, dtype="str")
