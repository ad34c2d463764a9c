"""Numbers as short token strings: one coarse token for the quantile bin, then decimal digits inside it.

A value is the integer k = round(x * 10^decimals). Values that occur often (an *atom*: zero income,
round amounts) get a token of their own and need no digits. The other values are cut into quantile
bins; the first digit group counts from the start of the bin, the following groups are the true
decimal digits of k, so that round numbers stay visible. A group is two digits wide.

The coarse token comes first so that a model settles the joint distribution before it spells digits.
The numbering is a bijection between the values of the bins and the strings that `Spelling` allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GROUP = 100  # values of one digit group: two decimal digits
MOST_DIGITS = 12  # a column is spelled with at most this many digits over its range


@dataclass(frozen=True)
class Spelling:
    """How the values of one numeric column are written.

    Cells are the coarse tokens in increasing order: an atom has low == high, a bin low < high.

    Args:
        decimals: k = round(x * 10^decimals); negative where the range needs more than MOST_DIGITS.
        low, high: (cells,) int64, first and last k of every cell.
        groups: (cells,) int64, how many digit groups follow the coarse token (0 for an atom).
    """

    decimals: int
    low: np.ndarray
    high: np.ndarray
    groups: np.ndarray

    def keys(self, values: np.ndarray) -> np.ndarray:
        """The integer k of every value; int64, same shape."""
        if self.decimals == 0 and values.dtype == np.int64:
            return values
        if self.decimals >= 0:
            return np.rint(values.astype(np.float64) * 10.0**self.decimals).astype(np.int64)
        return np.rint(values.astype(np.float64) / 10.0**-self.decimals).astype(np.int64)

    def values(self, keys: np.ndarray) -> np.ndarray:
        """Inverse of `keys`; int64 where decimals is 0, else float64."""
        if self.decimals == 0:
            return keys
        if self.decimals > 0:
            # a division by an exactly representable power of ten gives the float nearest to the decimal text
            return keys / 10.0**self.decimals
        with np.errstate(over="ignore"):
            # rounding may carry the largest float over the edge
            return np.nan_to_num(keys * 10.0**-self.decimals)

    def cell(self, keys: np.ndarray) -> np.ndarray:
        """Index of the cell that holds each k, -1 where no cell does."""
        index = np.searchsorted(self.low, keys, side="right") - 1
        inside = (index >= 0) & (keys <= self.high[np.maximum(index, 0)])
        return np.where(inside, index, -1)

    def digits(self, keys: np.ndarray, cell: np.ndarray) -> np.ndarray:
        """Digit groups of each k inside its cell; (n, most groups), unused places are -1."""
        most = int(self.groups.max(initial=0))
        out = np.full((len(keys), most), -1, dtype=np.int64)
        count = self.groups[cell]
        for place in range(most):
            power = GROUP ** np.maximum(count - 1 - place, 0)
            group = keys // power - (self.low[cell] // power if place == 0 else keys // (power * GROUP) * GROUP)
            out[:, place] = np.where(place < count, group, -1)
        return out

    def read(self, cell: np.ndarray, digits: np.ndarray) -> np.ndarray:
        """Inverse of `digits`: k from its cell and digit groups."""
        count = self.groups[cell]
        keys = self.low[cell].copy()
        for place in range(digits.shape[1]):
            power = GROUP ** np.maximum(count - 1 - place, 0)
            first = self.low[cell] // power + digits[:, place]
            later = keys * GROUP + digits[:, place]
            keys = np.where(place < count, first if place == 0 else later, keys)
        return keys


def learn_spelling(values: np.ndarray, bins: int, atom_limit: int, atom_share: float) -> Spelling:
    """Choose decimals, atoms and bins for the present values of one column.

    Args:
        values: (n,) int64 or float64, finite, n >= 1.
        bins: quantile bins for the values that are no atoms.
        atom_limit: a column with at most this many distinct values is all atoms.
        atom_share: a value with at least this share of the rows is an atom.
    """
    decimals = count_decimals(values)
    everywhere = np.zeros(0, dtype=np.int64)
    keys = Spelling(decimals, everywhere, everywhere, everywhere).keys(values)
    distinct, counts = np.unique(keys, return_counts=True)
    is_atom = counts >= max(2.0, atom_share * len(keys))
    if len(distinct) <= atom_limit:
        is_atom[:] = True
    low, high = list(distinct[is_atom]), list(distinct[is_atom])
    rest, weight = distinct[~is_atom], counts[~is_atom]
    if len(rest):
        rank = np.cumsum(weight) - weight / 2
        number = np.minimum((rank / weight.sum() * bins).astype(int), bins - 1)
        # an atom inside the span of a bin would have two spellings: bins are cut there too
        number = number + (bins + 1) * np.searchsorted(distinct[is_atom], rest)
        starts = np.flatnonzero(np.diff(number, prepend=-1))
        low += list(rest[starts])
        high += list(rest[np.append(starts[1:], len(rest)) - 1])
    order = np.argsort(low)
    lows, highs = np.asarray(low, dtype=np.int64)[order], np.asarray(high, dtype=np.int64)[order]
    return Spelling(decimals, lows, highs, count_groups(lows, highs))


def count_decimals(values: np.ndarray) -> int:
    """Decimals that write every value exactly, fewer where the range would need over MOST_DIGITS digits."""
    span = float(values.max()) - float(values.min())
    largest = max(span, float(np.abs(values).max()) / 1e3, np.finfo(float).tiny)
    most = MOST_DIGITS - 1 - int(np.floor(np.log10(largest))) if np.isfinite(largest) else -296
    if values.dtype == np.int64:
        return min(0, most)
    texts = (np.format_float_positional(v, trim="-") for v in np.unique(values))
    exact = max((len(t.partition(".")[2]) for t in texts), default=0)
    return min(exact, most, 300)


def count_groups(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Digit groups needed to tell the values of each cell apart; 0 for atoms."""
    groups = np.where(low == high, 0, 1)
    while True:
        power = GROUP ** np.maximum(groups - 1, 0)
        wide = (groups > 0) & (high // power - low // power >= GROUP)
        if not wide.any():
            return groups
        groups = groups + wide
