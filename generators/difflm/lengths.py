"""Records that are too long to be learnt: a few are left out and counted, many are refused.

Sets of programs and tool definitions have a tail. The longest of ToolBench's 46,214 definitions has a
hundred times the characters of the median one, and would be cut by any limit that fits a small model.
"""

from __future__ import annotations

import numpy as np

from bench.errors import BenchError

MOST_LEFT_OUT = 0.1  # share of the train records


def longest(lengths: np.ndarray, most: int, limit: str, remedy: str) -> int:
    """Tokens of the longest record of at most `most` tokens.

    Args:
        lengths: tokens of every train record, (records,).
        most: what a record may have.
        limit: the same in words.
        remedy: what to do where it is too low.

    Raises:
        BenchError: more than a tenth of the records are longer.
    """
    long = int((lengths > most).sum())
    if long > MOST_LEFT_OUT * len(lengths):
        raise BenchError(
            f"{long} of {len(lengths)} train records are longer than {limit}; the longest has {lengths.max()} tokens, "
            f"and at most {MOST_LEFT_OUT:.0%} of the records may be left out; {remedy} or shorten the records"
        )
    return int(lengths[lengths <= most].max())
